"""`ItemStore` and `Outbox` in memory: the fake for tests, under the same contract as the others."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dharma.core.clock import Clock, SystemClock, epoch_seconds
from dharma.core.cursors import Cursors, Position, Query
from dharma.core.errors import VersionConflict
from dharma.core.events import Event
from dharma.core.store import Check, Delete, Emit, Index, Item, Operation, Page, Put
from dharma.core.store_limits import (
    check_key,
    check_page_limit,
    encode_transaction,
    item_bytes,
    version_conflict,
)

_CURSOR_KEY = b"cursors of the memory store"


class MemoryStore:
    """Safe between threads. Keeps JSON text, so that nobody shares a mutable record with it."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._cursors = Cursors(_CURSOR_KEY)
        self._rows: dict[tuple[str, str], tuple[Item, str]] = {}
        self._outbox: dict[str, str] = {}
        self._events: set[str] = set()
        self._lock = threading.RLock()

    def get(self, pk: str, sk: str) -> Item | None:
        check_key(pk, sk)
        with self._lock:
            row = self._live(pk, sk)
            return None if row is None else _thaw(row)

    def put(self, item: Item, *, expect_version: int | None = None) -> Item:
        with self._lock:
            self.transact([Put(item, expect_version)])
            return replace(item, version=self._rows[item.pk, item.sk][0].version)

    def delete(self, pk: str, sk: str, *, expect_version: int | None = None) -> None:
        self.transact([Delete(pk, sk, expect_version)])

    def transact(self, operations: Sequence[Operation]) -> None:
        encoded = encode_transaction(operations)
        with self._lock:
            for operation in operations:
                self._check(operation)
            for operation, text in zip(operations, encoded, strict=True):
                self._apply(operation, text)

    def query(
        self,
        pk: str,
        sk_prefix: str = "",
        *,
        limit: int = 50,
        cursor: str | None = None,
        reverse: bool = False,
        index: Index | None = None,
    ) -> Page:
        check_page_limit(limit)
        query = Query(pk, sk_prefix, reverse, index)
        start = None if cursor is None else self._cursors.read(query, cursor)
        with self._lock:
            return self._cursors.page(query, start, limit, self._scan(query, start))

    def pending(self, limit: int = 100) -> list[Event]:
        with self._lock:
            texts = list(self._outbox.values())[:limit]
        return [Event.from_dict(json.loads(text)) for text in texts]

    def mark_delivered(self, ids: Sequence[str]) -> None:
        with self._lock:
            for identifier in ids:
                self._outbox.pop(identifier, None)

    def _live(self, pk: str, sk: str) -> tuple[Item, str] | None:
        row = self._rows.get((pk, sk))
        return row if row is not None and self._is_live(row[0]) else None

    def _is_live(self, item: Item) -> bool:
        return item.expires_at is None or item.expires_at > epoch_seconds(self._clock.now())

    def _check(self, operation: Operation) -> None:
        match operation:
            case Put(item=item, expect_version=expected):
                key, any_version_will_do = (item.pk, item.sk), expected is None
            case Delete(pk=pk, sk=sk, expect_version=expected):
                key, any_version_will_do = (pk, sk), expected is None
            case Check(pk=pk, sk=sk, expect_version=expected):
                key, any_version_will_do = (pk, sk), False
            case Emit(event=event):
                if event.id in self._events:
                    raise VersionConflict(f"the event {event.id} was stored before")
                return
        found = self._version(*key)
        fits = found > 0 if expected is None else found == expected
        if not (any_version_will_do or fits):
            raise version_conflict(*key, expected, found)

    def _version(self, pk: str, sk: str) -> int:
        row = self._live(pk, sk)
        return 0 if row is None else row[0].version

    def _apply(self, operation: Operation, text: str) -> None:
        match operation:
            case Put(item=item):
                version = self._version(item.pk, item.sk) + 1
                self._rows[item.pk, item.sk] = (replace(item, version=version, data={}), text)
            case Delete(pk=pk, sk=sk):
                self._rows.pop((pk, sk), None)
            case Emit(event=event):
                self._outbox[event.id] = text
                self._events.add(event.id)
            case Check():
                pass

    def _scan(self, query: Query, start: Position | None) -> Iterator[tuple[Position, Item, int]]:
        places: list[tuple[tuple[str, str, str], tuple[Item, str]]] = []
        for row in self._rows.values():
            item = row[0]
            partition, sort = (
                (item.pk, item.sk) if query.index is None else (item.gsi1pk, item.gsi1sk)
            )
            if partition != query.pk or sort is None or not sort.startswith(query.sk_prefix):
                continue
            if self._is_live(item):
                places.append(((sort, item.pk, item.sk), row))
        backward = start is not None and start.backward
        descending = query.reverse != backward
        places.sort(key=lambda place: place[0], reverse=descending)
        for key, row in places:
            if start is not None:
                here = (start.sort, start.pk, start.sk)
                if (key >= here) if descending else (key <= here):
                    continue
            yield Position(*key), _thaw(row), item_bytes(*row)


def _thaw(row: tuple[Item, str]) -> Item:
    return replace(row[0], data=json.loads(row[1]))
