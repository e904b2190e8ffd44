"""A store in which the first thing that an act changes carries the act's record.

One transaction holds both, so that there is no change without its record and no record of a change
that was not made. Services write as they always do; no service can forget it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dharma.core.audit.acting import present_act
from dharma.core.audit.trail import AuditTrail
from dharma.core.store import Delete, Index, Item, ItemStore, Operation, Page, Put


class AuditedStore:
    """`ItemStore` over another one. Outside of an act it only passes on."""

    def __init__(self, store: ItemStore, trail: AuditTrail) -> None:
        self._store = store
        self._trail = trail

    def get(self, pk: str, sk: str) -> Item | None:
        return self._store.get(pk, sk)

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
        return self._store.query(
            pk, sk_prefix, limit=limit, cursor=cursor, reverse=reverse, index=index
        )

    def put(self, item: Item, *, expect_version: int | None = None) -> Item:
        if not _pending():
            return self._store.put(item, expect_version=expect_version)
        self.transact([Put(item, expect_version)])
        if expect_version is not None:
            return replace(item, version=expect_version + 1)
        written = self._store.get(item.pk, item.sk)
        return item if written is None else replace(item, version=written.version)

    def delete(self, pk: str, sk: str, *, expect_version: int | None = None) -> None:
        if _pending():
            self.transact([Delete(pk, sk, expect_version)])
        else:
            self._store.delete(pk, sk, expect_version=expect_version)

    def transact(self, operations: Sequence[Operation]) -> None:
        act = present_act()
        if act is None or act.recorded:
            self._store.transact(operations)
            return
        self._trail.append(act.entry("succeeded"), operations)
        act.recorded = True


def _pending() -> bool:
    act = present_act()
    return act is not None and not act.recorded
