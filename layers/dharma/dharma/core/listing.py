"""Lists with filters over a store that only knows keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from dharma.core.errors import InvalidInput
from dharma.core.store import Page

T = TypeVar("T")
MOST_OFFSET = 10_000
# One request reads no more than this many records; a page may then be short and still go on.
_MOST_READ = MOST_OFFSET + 5_000
_MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A page of what passed the filter."""

    items: list[T]
    next_cursor: str | None = None
    previous_cursor: str | None = None


Fetch = Callable[[int, str | None], tuple[Sequence[T], Page]]


def listed(
    fetch: Fetch[T],
    keep: Callable[[T], bool] | None = None,
    *,
    limit: int,
    cursor: str | None = None,
    offset: int = 0,
) -> Listed[T]:
    """A page of at most `limit` records out of `fetch(limit, cursor)`.

    With a filter it reads on until the page is full, and only leads forward. `offset` skips so many
    records first, and goes without a cursor only. The cursors are those of `fetch`: nothing is read
    beyond the last record that is given back.
    """
    if offset and cursor is not None:
        raise InvalidInput("offset and cursor exclude one another")
    if not 0 <= offset <= MOST_OFFSET:
        raise InvalidInput(f"offset is 0 to {MOST_OFFSET}; beyond, follow the cursors")
    if keep is None and not offset:
        records, page = fetch(limit, cursor)
        return Listed(list(records), page.next_cursor, page.previous_cursor)
    found: list[T] = []
    read, skip = 0, offset
    while True:
        records, page = fetch(min(limit - len(found) + skip, _MOST_AT_ONCE), cursor)
        wanted = [record for record in records if keep is None or keep(record)]
        found += wanted[skip:]
        skip -= min(skip, len(wanted))
        read += len(records)
        cursor = page.next_cursor
        if cursor is None or len(found) >= limit or read >= _MOST_READ:
            return Listed(found, cursor)
