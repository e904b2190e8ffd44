"""What became of each resource on the way to another cloud, as people and programs read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class ResourceReview:
    """One resource of the source. `carried` are pairs of paths; `approximated` such pairs with what
    is only alike; `dropped` paths with the reason; `added` what the target got that the source did
    not say; `needed` variables that have to be given, each with the reason."""

    address: str
    concept: str | None = None
    counterparts: list[str] = field(default_factory=list)
    reason: str | None = None
    carried: list[tuple[str, str]] = field(default_factory=list)
    approximated: list[tuple[str, str, str]] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    added: list[tuple[str, str]] = field(default_factory=list)
    needed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def status(self) -> str:
        """`none` (no counterpart), `partial` (something is alike, left out or needed), `carried`"""
        if not self.counterparts:
            return "none"
        loose = self.approximated or self.dropped or self.needed
        return "partial" if loose else "carried"

    def to_dict(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "concept": self.concept,
            "status": self.status,
            "counterparts": list(self.counterparts),
            "reason": self.reason,
            "carried": [{"from": a, "to": b} for a, b in self.carried],
            "approximated": [{"from": a, "to": b, "why": w} for a, b, w in self.approximated],
            "dropped": [{"path": p, "why": w} for p, w in self.dropped],
            "added": [{"path": p, "why": w} for p, w in self.added],
            "needed": [{"variable": v, "why": w} for v, w in self.needed],
        }


@dataclass(slots=True)
class Review:
    """The whole report. `notes` are about the blueprint itself: its region, variables, outputs."""

    source: str
    target: str
    region: str
    resources: list[ResourceReview]
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def needs_review(self) -> bool:
        """Always where there is anything: clouds are alike, never the same."""
        return bool(self.resources)

    def counts(self) -> dict[str, int]:
        found = {"carried": 0, "partial": 0, "none": 0}
        for resource in self.resources:
            found[resource.status] += 1
        return found

    def to_dict(self) -> dict[str, Any]:
        return {
            "from": self.source,
            "to": self.target,
            "region": self.region,
            "needsReview": self.needs_review,
            "counts": self.counts(),
            "resources": [resource.to_dict() for resource in self.resources],
            "notes": [{"subject": subject, "message": said} for subject, said in self.notes],
        }
