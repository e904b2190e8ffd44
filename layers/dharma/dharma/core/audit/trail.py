"""The audit trail in the store.

    partition                sort key             index (gsi1)
    T#<tenant>#AUDIT         <day>                                      the head of a day's chain
    T#<tenant>#AUDIT#<day>   RECORD#<sequence>    T#<tenant>#AUDIT-DAYS, <day> (first record only)
    AUDIT-TENANTS            <tenant>                                   who has a trail

A record is written together with the head that counts it, on condition that the head is still the
one that was read: of two writers one goes first and the other tries again behind it, so a chain
cannot fork. The first record of a day closes the chain before in the same transaction and carries
its head; from then on no writer, however late its clock, can add to a closed day. A closed day's
head is kept as an artifact as well (`AuditDayClosed` tells who writes it), and so is the running
head of the open day, on a schedule: what was changed in the store, hashes and heads and all,
differs from what lies there.

    audit/<tenant>/<day>.json                     the head of a closed day
    audit/<tenant>/<day>/<sequence>-<hash>.json   the head as it ran; the key says all, so that
                                                  a listing is enough to check a chain
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dharma.core.artifacts import ArtifactStore
from dharma.core.audit.records import NOTHING_BEFORE, Entry, digest
from dharma.core.clock import Clock, isoformat
from dharma.core.errors import Conflict, NotFound, Unavailable, VersionConflict
from dharma.core.events import happened
from dharma.core.store import Emit, Item, ItemStore, Operation, Page, Put, all_items

SOURCE = "dharma.monitoring"
DAY_CLOSED = "AuditDayClosed"
_ATTEMPTS = 40
_LONGEST_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of a day's chain. `version` is the store's, 0 for none."""

    day: str
    sequence: int
    hash: str
    closed: bool = False
    version: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "day": self.day,
            "sequence": self.sequence,
            "hash": self.hash,
            "closed": self.closed,
        }


@dataclass(frozen=True, slots=True)
class Day:
    """A day that left a trace: a head, a first record or an anchor; usually all of them, and each
    as it lies there. `running`: the heads that were kept while the day went on, in their order."""

    day: str
    head: dict[str, Any] | None
    anchor: dict[str, Any] | None
    running: tuple[dict[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "day": self.day,
            "head": self.head,
            "anchor": self.anchor,
            "running": list(self.running),
        }


class AuditTrail:
    """Appends and reads; nothing here changes or removes a record. `anchors`: where heads are kept,
    out of reach for whoever can write the store."""

    def __init__(self, store: ItemStore, anchors: ArtifactStore, clock: Clock) -> None:
        self._store = store
        self._anchors = anchors
        self._clock = clock

    def append(self, entry: Entry, operations: Sequence[Operation] = ()) -> dict[str, Any]:
        """Write a record, and what it tells of, in one transaction; return the record.

        Raises what `operations` raise by themselves, and `Unavailable` when too many write at once.
        """
        for attempt in range(_ATTEMPTS):
            head = self._newest(entry.tenant)
            record, chained = self._next(entry, head)
            try:
                self._store.transact([*operations, *chained])
            except VersionConflict:
                if self._newest(entry.tenant) == head:
                    # Nobody was faster here: it is one of the operations that does not fit.
                    raise
                # Apart from one another the next time.
                time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.001 * 2**attempt)))
                continue
            return record
        raise Unavailable("the audit trail is being written by many at once")

    def page(
        self, tenant: str, day: str, *, limit: int, cursor: str | None, reverse: bool = False
    ) -> tuple[list[dict[str, Any]], Page]:
        """Records of a day in their order, or the newest first."""
        page = self._store.query(
            _chain(tenant, day), _RECORD, limit=limit, cursor=cursor, reverse=reverse
        )
        return [dict(item.data) for item in page.items], page

    def newest_day(self, tenant: str) -> str | None:
        head = self._newest(tenant)
        return None if head is None else head.day

    def days(self, tenant: str) -> list[Day]:
        """All days, oldest first, whichever of their traces is left."""
        heads = {item.sk: dict(item.data) for item in all_items(self._store, _heads(tenant))}
        begun = all_items(self._store, _days(tenant), index="gsi1")
        closed, running = self._anchored(tenant)
        found = heads.keys() | {str(item.gsi1sk) for item in begun} | closed | running.keys()
        return [
            Day(
                day,
                heads.get(day),
                self._anchor(tenant, day) if day in closed else None,
                tuple(running.get(day, ())),
            )
            for day in sorted(found)
        ]

    def tenants(self) -> Iterator[str]:
        """Whose trails there are."""
        return (item.sk for item in all_items(self._store, _TENANTS))

    def anchor_running(self, tenant: str) -> bool:
        """Keep the newest head as it is now; False where it is kept already, or there is none."""
        head = self._newest(tenant)
        if head is None:
            return False
        key = _running_artifact(tenant, head)
        if head.closed or self._anchors.list(key):
            return False
        said = {"tenant": tenant, "day": head.day, "sequence": head.sequence, "hash": head.hash}
        said["keptAt"] = isoformat(self._clock.now())
        self._anchors.put(key, json.dumps(said, sort_keys=True, indent=2).encode())
        return True

    def anchor(self, tenant: str, day: str) -> None:
        """Keep the head of a closed day as an artifact. Again changes nothing; what was kept is
        never replaced: `Conflict` when it says something else."""
        item = self._store.get(_heads(tenant), day)
        head = None if item is None else _head(item)
        if head is None or not head.closed:
            raise Conflict(f"the audit chain of {day} is not closed")
        said = {"tenant": tenant, "day": day, "sequence": head.sequence, "hash": head.hash}
        kept = self._anchor(tenant, day)
        if kept is None:
            text = json.dumps(said, sort_keys=True, indent=2)
            self._anchors.put(_artifact(tenant, day), text.encode())
        elif kept != said:
            raise Conflict(f"the audit chain of {day} differs from what was kept of it")

    def _anchor(self, tenant: str, day: str) -> dict[str, Any] | None:
        try:
            kept: dict[str, Any] = json.loads(self._anchors.get(_artifact(tenant, day)))
        except NotFound:
            return None
        except ValueError:
            # Whatever it is now, it is not what was written: it equals no head.
            return {}
        return kept

    def _anchored(self, tenant: str) -> tuple[set[str], dict[str, list[dict[str, Any]]]]:
        """Days with an anchor of their end, and the running ones by day, out of one listing."""
        closed: set[str] = set()
        running: dict[str, list[dict[str, Any]]] = {}
        for key in self._anchors.list(f"audit/{tenant}/"):
            day, _, kept = key.split("/", 2)[2].removesuffix(".json").partition("/")
            if not kept:
                closed.add(day)
                continue
            sequence, _, said = kept.partition("-")
            number = int(sequence) if sequence.isascii() and sequence.isdigit() else 0
            running.setdefault(day, []).append({"sequence": number, "hash": said})
        return closed, running

    def _newest(self, tenant: str) -> Head | None:
        page = self._store.query(_heads(tenant), limit=1, reverse=True)
        return _head(page.items[0]) if page.items else None

    def _next(self, entry: Entry, head: Head | None) -> tuple[dict[str, Any], list[Operation]]:
        now = isoformat(self._clock.now())
        # A clock behind the others does not reopen a day.
        day = now[:10] if head is None else max(now[:10], head.day)
        begins = head is None or head.day != day
        record: dict[str, Any] = {
            **entry.to_dict(),
            "day": day,
            "sequence": 1 if head is None or begins else head.sequence + 1,
            "time": now,
            "previous": NOTHING_BEFORE if head is None else head.hash,
        }
        if begins:
            record["previousDay"] = None if head is None else head.day
        record["hash"] = digest(record)
        new = Head(day, record["sequence"], record["hash"])
        operations: list[Operation] = [
            Put(_record_item(record, begins), expect_version=0),
            Put(
                _head_item(entry.tenant, new),
                expect_version=0 if head is None or begins else head.version,
            ),
        ]
        if begins:
            operations.append(Put(Item(_TENANTS, entry.tenant, {"day": day}, type="audit-tenant")))
        if head is not None and begins:
            closed = Head(head.day, head.sequence, head.hash, closed=True)
            told = happened(
                self._clock,
                DAY_CLOSED,
                source=SOURCE,
                subject=head.day,
                data={"tenant": entry.tenant, "day": head.day},
                correlation_id=entry.correlation_id,
            )
            operations += [
                Put(_head_item(entry.tenant, closed), expect_version=head.version),
                Emit(told),
            ]
        return record, operations


_RECORD = "RECORD#"
_TENANTS = "AUDIT-TENANTS"


def _record_item(record: dict[str, Any], begins: bool) -> Item:
    tenant, day = record["tenant"], record["day"]
    return Item(
        _chain(tenant, day),
        f"{_RECORD}{record['sequence']:010d}",
        record,
        type="audit-record",
        gsi1pk=_days(tenant) if begins else None,
        gsi1sk=day if begins else None,
    )


def _head_item(tenant: str, head: Head) -> Item:
    return Item(_heads(tenant), head.day, head.to_dict(), type="audit-head")


def _head(item: Item) -> Head:
    data = item.data
    return Head(item.sk, data["sequence"], data["hash"], data["closed"], item.version)


def _heads(tenant: str) -> str:
    return f"T#{tenant}#AUDIT"


def _chain(tenant: str, day: str) -> str:
    return f"T#{tenant}#AUDIT#{day}"


def _days(tenant: str) -> str:
    return f"T#{tenant}#AUDIT-DAYS"


def _artifact(tenant: str, day: str) -> str:
    return f"audit/{tenant}/{day}.json"


def _running_artifact(tenant: str, head: Head) -> str:
    return f"audit/{tenant}/{head.day}/{head.sequence:010d}-{head.hash}.json"
