"""The one store of records: items by partition and sort key, with a secondary index.

The port is what DynamoDB's single-table design needs and no more, and DynamoDB's limits hold behind
every adapter, so that nothing works on one machine and fails on AWS:

- an item has at most 400 KB, a transaction at most 100 operations and 4 MB, a page at most 1 MB;
- a transaction touches each item once;
- reads by key are consistent, reads by the index are not: what was just written may be missing.

An item whose `expires_at` has passed is absent for every operation, removed or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, Union

from dharma.core.events import Event

Index = Literal["gsi1"]


@dataclass(frozen=True, slots=True)
class Item:
    """A record. `data` is JSON with string keys; `type` names its shape (`blueprint`).

    `version` counts the writes; the store sets it, what a caller puts there is ignored.
    `gsi1pk` and `gsi1sk` place the item in the index (both or neither).
    `expires_at`: seconds since 1970.
    """

    pk: str
    sk: str
    data: Mapping[str, Any]
    type: str = ""
    version: int = 0
    gsi1pk: str | None = None
    gsi1sk: str | None = None
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a query's answer, in the order that was asked for.

    `next_cursor` is None at the end, `previous_cursor` at the beginning; either continues the same
    query and no other. A page may be shorter than the limit and still have a next one.
    """

    items: tuple[Item, ...]
    next_cursor: str | None = None
    previous_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """Write an item whole. `expect_version`: None whatever is there, 0 nothing, n exactly that."""

    item: Item
    expect_version: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an item; without `expect_version` its absence is no error."""

    pk: str
    sk: str
    expect_version: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Refuse the transaction unless the item is as said.

    `expect_version`: None that it exists, 0 that it does not, n exactly that.
    """

    pk: str
    sk: str
    expect_version: int | None = None


@dataclass(frozen=True, slots=True)
class Emit:
    """Store an event for delivery together with the rest of the transaction."""

    event: Event


Operation: TypeAlias = Union[Put, Delete, Check, Emit]


class ItemStore(Protocol):
    """Implementations: SQLite and memory here, DynamoDB on AWS; one contract suite for all.

    Every method may raise `Unavailable` (trying again may help). Items beyond the limits raise
    `LimitExceeded` before anything is written, a cursor of another query `InvalidInput`.
    """

    def get(self, pk: str, sk: str) -> Item | None: ...

    def put(self, item: Item, *, expect_version: int | None = None) -> Item:
        """Write and return the item with its new version; `VersionConflict` if not as expected."""
        ...

    def delete(self, pk: str, sk: str, *, expect_version: int | None = None) -> None: ...

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
        """Items of one partition in the order of their sort keys (as UTF-8 bytes).

        With `index`, partition and sort key are `gsi1pk` and `gsi1sk`. `limit` is 1 to 1000.
        """
        ...

    def transact(self, operations: Sequence[Operation]) -> None:
        """All or nothing; `VersionConflict` names the first operation that did not fit."""
        ...


def all_items(
    store: ItemStore,
    pk: str,
    sk_prefix: str = "",
    *,
    reverse: bool = False,
    index: Index | None = None,
) -> Iterator[Item]:
    """Every item of a query, page by page."""
    cursor: str | None = None
    while True:
        page = store.query(pk, sk_prefix, limit=200, cursor=cursor, reverse=reverse, index=index)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return
