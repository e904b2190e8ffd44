"""Counting deployments by environment and status, from what their histories say.

Two entries of a history matter: that it was asked for, and how it ended. What is known of a
deployment is the union of such facts, so the order in which they arrive and how often does not
matter; what it adds to the counters follows from what is known, so a new fact changes them by the
difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from dharma.core.clock import isoformat, parse_time

ASKED = "DeploymentRequested"
ENDED = frozenset({"DeploymentSucceeded", "DeploymentFailed"})
IN_PROGRESS = "in_progress"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A fact: that a deployment was asked for (no `status`), or how it ended."""

    environment: str
    at: datetime
    status: str | None = None

    @classmethod
    def of(
        cls, type: str, environment: str, at: datetime, data: Mapping[str, Any]
    ) -> Milestone | None:
        """From an entry of a history or an event of the bus; None for those that do not count."""
        if type == ASKED:
            return cls(environment, at)
        if type in ENDED:
            return cls(environment, at, data.get("status", "succeeded"))
        return None


@dataclass(frozen=True, slots=True)
class Known:
    """All facts about one deployment so far."""

    environment: str
    requested_at: datetime | None = None
    finished_at: datetime | None = None
    status: str | None = None

    def with_(self, milestones: Iterable[Milestone]) -> Known:
        known = self
        for said in milestones:
            if said.status is None:
                known = replace(known, requested_at=said.at)
            elif known._end < (isoformat(said.at), said.status):
                # A deployment ends once. Should two ends be told, all readers take the same.
                known = replace(known, finished_at=said.at, status=said.status)
        return known

    @property
    def _end(self) -> tuple[str, str]:
        return "" if self.finished_at is None else isoformat(self.finished_at), self.status or ""

    def counted(self) -> Counts:
        """What this deployment adds to the counters of its environment."""
        if self.status is None or self.finished_at is None:
            return Counts({IN_PROGRESS: Tally(1)})
        if self.requested_at is None:
            return Counts({self.status: Tally(1)})
        took = self.finished_at - self.requested_at
        milliseconds = took.days * 86_400_000 + took.seconds * 1000 + took.microseconds // 1000
        return Counts({self.status: Tally(1, 1, milliseconds)})

    def to_data(self) -> dict[str, Any]:
        times = {"requestedAt": self.requested_at, "finishedAt": self.finished_at}
        shown = {k: None if v is None else isoformat(v) for k, v in times.items()}
        return {"environment": self.environment, **shown, "status": self.status}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Known:
        asked, ended = data["requestedAt"], data["finishedAt"]
        return cls(
            data["environment"],
            None if asked is None else parse_time(asked),
            None if ended is None else parse_time(ended),
            data["status"],
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """`timed` of the `count` deployments have a known duration; they took `milliseconds`."""

    count: int = 0
    timed: int = 0
    milliseconds: int = 0

    def plus(self, other: Tally, sign: int = 1) -> Tally:
        return Tally(
            self.count + sign * other.count,
            self.timed + sign * other.timed,
            self.milliseconds + sign * other.milliseconds,
        )

    @property
    def mean_seconds(self) -> float | None:
        return round(self.milliseconds / self.timed / 1000, 3) if self.timed else None


@dataclass(frozen=True, slots=True)
class Counts:
    """Tallies by status; a status that nobody has is not there."""

    tallies: Mapping[str, Tally] = field(default_factory=dict)

    def plus(self, other: Counts, sign: int = 1) -> Counts:
        none = Tally()
        sums = {
            status: self.tallies.get(status, none).plus(other.tallies.get(status, none), sign)
            for status in sorted(self.tallies.keys() | other.tallies.keys())
        }
        return Counts({status: tally for status, tally in sums.items() if tally != none})

    def to_data(self) -> dict[str, Any]:
        return {s: [t.count, t.timed, t.milliseconds] for s, t in self.tallies.items()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Counts:
        return cls({status: Tally(*numbers) for status, numbers in data.items()})

    def to_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "total": sum(tally.count for tally in self.tallies.values()),
            "byStatus": {
                status: {"count": tally.count, "meanSeconds": tally.mean_seconds}
                for status, tally in sorted(self.tallies.items())
            },
        }
