"""Finding what was done to an audit trail afterwards.

Walks the chains as anybody can who may read them, with nothing but the records, the heads and the
anchors: every record states its own hash and the hash of the one before, the first of a day the
last of the day before, a head the last of its day, an anchor the head of a closed day. So one
record, head or anchor that was edited, removed, added or moved does not fit its neighbours.
Whoever rewrites everything behind an edit, heads too, is found by the anchors, which lie elsewhere:
those of closed days, and those of the head as it ran. Only of what came after the latest one this
can say nothing; it says up to when the chain is anchored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dharma.core.audit.records import NOTHING_BEFORE, digest
from dharma.core.clock import parse_time

# An anchor is written by an event's delivery; not having one is suspicious only after a while.
ANCHOR_PATIENCE = timedelta(hours=1)
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong. `sequence` is None when it is about the day as a whole."""

    day: str
    sequence: int | None
    problem: str

    def __str__(self) -> str:
        place = self.day if self.sequence is None else f"{self.day} record {self.sequence}"
        return f"{place}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Anchored:
    """The last record that an anchor vouches for, with its time."""

    day: str
    sequence: int
    time: str

    def to_dict(self) -> dict[str, Any]:
        return {"day": self.day, "sequence": self.sequence, "time": self.time}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was walked, and the first bad record if there is one. `anchored` is None as long as
    nothing is, or where something is wrong."""

    days: int
    records: int
    finding: Finding | None = None
    anchored: Anchored | None = None

    def to_dict(self) -> dict[str, Any]:
        finding = self.finding
        return {
            "anchored": None if self.anchored is None else self.anchored.to_dict(),
            "valid": finding is None,
            "days": self.days,
            "records": self.records,
            "finding": None
            if finding is None
            else {"day": finding.day, "sequence": finding.sequence, "problem": finding.problem},
        }


def verify(
    days: Callable[[], Sequence[Json]],
    records: Callable[[str], Iterable[Json]],
    now: datetime,
) -> Verified:
    """`days` gives `{"day", "head", "anchor"}`, oldest first; `records` those of a day in order.

    Records may be added meanwhile: the days are read again at the end, and what was read between
    must lie between both.
    """
    before = days()
    read = {str(day["day"]): list(records(str(day["day"]))) for day in before}
    after = {str(day["day"]): day for day in days()}
    total = sum(len(chain) for chain in read.values())
    last: tuple[str | None, str] = (None, NOTHING_BEFORE)
    anchored: Anchored | None = None
    for number, day in enumerate(before):
        name = str(day["day"])
        follower = before[number + 1]["day"] if number + 1 < len(before) else None
        finding = (
            _chain(name, read[name], last)
            or _head(name, day.get("head"), read[name], at_least=True)
            or _head(name, after.get(name, {}).get("head"), read[name], at_least=False)
            or _closed(day, follows=follower is not None)
            or _closed(after[name], follows=name != max(after))
            or _running(day, read[name])
            or _anchor(day, read[str(follower)][:1] if follower is not None else (), now)
        )
        if finding is not None:
            return Verified(len(before), total, finding)
        last = (name, str(read[name][-1]["hash"]))
        anchored = _anchored(day, read[name]) or anchored
    return Verified(len(before), total, anchored=anchored)


def _head(name: str, head: Json | None, chain: Sequence[Json], *, at_least: bool) -> Finding | None:
    """`at_least`: the head was read before the records, so these are as many or more."""
    if head is None:
        return Finding(name, None, "the head of the chain is missing")
    counted = head.get("sequence")
    if type(counted) is not int or counted < 1 or head.get("day") != name:
        return Finding(name, None, "the head of the chain was changed")
    if counted <= len(chain):
        if chain[counted - 1]["hash"] != head.get("hash"):
            return Finding(name, counted, "is not the record that the head of the chain names")
        if counted < len(chain) and not at_least:
            return Finding(name, counted + 1, "stands behind the head of the chain")
    elif at_least:
        return Finding(name, len(chain) + 1, "is missing; the head of the chain counts it")
    return None


def _closed(day: Json, *, follows: bool) -> Finding | None:
    closed = day["head"].get("closed")
    if closed is follows:
        return None
    problem = "the chain is not closed" if follows else "the chain is closed, but no day follows"
    return Finding(str(day["day"]), None, problem)


def _chain(name: str, chain: Sequence[Json], last: tuple[str | None, str]) -> Finding | None:
    previous_day, previous = last
    tenant = chain[0].get("tenant") if chain else None
    for sequence, record in enumerate(chain, start=1):
        stated = record.get("sequence")
        if type(stated) is not int or stated != sequence:
            return Finding(name, sequence, f"is missing or out of order: here stands {stated!r}")
        if record.get("hash") != digest(record):
            return Finding(name, sequence, "was changed: its hash is another")
        if record.get("previous") != previous:
            return Finding(name, sequence, "does not follow the record before it")
        if record.get("day") != name or record.get("tenant") != tenant:
            return Finding(name, sequence, "belongs to another chain")
        if sequence == 1 and record.get("previousDay", name) != previous_day:
            return Finding(name, 1, f"follows {record.get('previousDay')}, which is not there")
        previous = str(record["hash"])
    return None


def _anchor(day: Json, begun: Sequence[Json], now: datetime) -> Finding | None:
    """`begun`: the first record of the day that follows, which closed this one."""
    name, head, anchor = str(day["day"]), day["head"], day.get("anchor")
    if anchor is None:
        missing = begun and now - parse_time(str(begun[0]["time"])) > ANCHOR_PATIENCE
        return Finding(name, None, "the anchor of the closed day is missing") if missing else None
    said = (anchor.get("day"), anchor.get("sequence"), anchor.get("hash"))
    if not begun or said != (name, head["sequence"], head["hash"]):
        return Finding(name, None, "differs from its anchor: the chain was written anew")
    return None


def _running(day: Json, chain: Sequence[Json]) -> Finding | None:
    """Every head that was kept while the day went on is the record that it counts."""
    name = str(day["day"])
    for kept in day.get("running", ()):
        sequence = kept.get("sequence")
        if type(sequence) is not int or not 1 <= sequence <= len(chain):
            return Finding(name, None, "an anchor counts a record that is not there")
        if chain[sequence - 1]["hash"] != kept.get("hash"):
            return Finding(name, sequence, "differs from its anchor: the chain was written anew")
    return None


def _anchored(day: Json, chain: Sequence[Json]) -> Anchored | None:
    sequences = [int(kept["sequence"]) for kept in day.get("running", ())]
    if day.get("anchor") is not None:
        sequences.append(len(chain))
    if not sequences:
        return None
    sequence = max(sequences)
    return Anchored(str(day["day"]), sequence, str(chain[sequence - 1]["time"]))
