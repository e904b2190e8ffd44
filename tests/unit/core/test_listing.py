from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.adapters.local.memory_store import MemoryStore
from dharma.core.errors import InvalidInput
from dharma.core.listing import listed
from dharma.core.store import Item, Page


def fetcher(count: int):  # type: ignore[no-untyped-def]  # a local fake
    store = MemoryStore()
    for n in range(count):
        store.put(Item("p", f"{n:05}", {"n": n}))

    def fetch(limit: int, cursor: str | None) -> tuple[list[int], Page]:
        page = store.query("p", limit=limit, cursor=cursor)
        return [item.data["n"] for item in page.items], page

    return fetch


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 60),
    limit=st.integers(1, 20),
    offset=st.integers(0, 70),
    divisor=st.integers(1, 7),
)
def test_pages_together_are_the_filtered_list(
    count: int, limit: int, offset: int, divisor: int
) -> None:
    fetch = fetcher(count)
    expected = [n for n in range(count) if n % divisor == 0][offset:]
    found: list[int] = []
    page = listed(fetch, lambda n: n % divisor == 0, limit=limit, offset=offset)
    while True:
        assert len(page.items) <= limit
        found += page.items
        if page.next_cursor is None:
            break
        page = listed(fetch, lambda n: n % divisor == 0, limit=limit, cursor=page.next_cursor)
    assert found == expected


def test_without_a_filter_the_cursors_lead_both_ways() -> None:
    fetch = fetcher(5)
    first = listed(fetch, limit=2)
    second = listed(fetch, limit=2, cursor=first.next_cursor)
    back = listed(fetch, limit=2, cursor=second.previous_cursor)
    assert (first.items, second.items, back.items) == ([0, 1], [2, 3], [0, 1])


def test_a_filter_that_nothing_passes_reads_the_list_once() -> None:
    fetch, calls = fetcher(450), []

    def counting(limit: int, cursor: str | None) -> tuple[list[int], Page]:
        calls.append(limit)
        records, page = fetch(limit, cursor)
        return records, page

    assert listed(counting, lambda _: False, limit=200).items == []
    assert calls == [200, 200, 200]


def test_offset_and_cursor_exclude_one_another() -> None:
    fetch = fetcher(5)
    cursor = listed(fetch, limit=2).next_cursor
    with pytest.raises(InvalidInput, match="exclude"):
        listed(fetch, limit=2, cursor=cursor, offset=1)
    with pytest.raises(InvalidInput, match="offset"):
        listed(fetch, limit=2, offset=10_001)
