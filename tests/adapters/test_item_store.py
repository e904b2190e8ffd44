"""The contract of `ItemStore`, the same tests for every adapter. Milliseconds each, no network."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dharma.adapters.aws.clients import Clients
from dharma.adapters.aws.dynamodb_store import DynamoStore
from dharma.adapters.local.memory_store import MemoryStore
from dharma.adapters.local.sqlite_store import SqliteStore
from dharma.core.clock import FixedClock, epoch_seconds
from dharma.core.errors import InvalidInput, LimitExceeded, VersionConflict
from dharma.core.events import Event, happened
from dharma.core.ids import new_id
from dharma.core.store import Check, Delete, Emit, Item, Put, all_items

Store = MemoryStore | SqliteStore | DynamoStore
KEY = b"0123456789abcdef"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="module")
def emulated(emulator: object) -> Clients:
    """Clients that find the emulator by `AWS_ENDPOINT_URL` alone."""
    return Clients()


@pytest.fixture(
    params=[
        "memory",
        "sqlite",
        "dynamodb",
        # The same adapter, on an emulator that speaks over the network.
        pytest.param("emulator", marks=pytest.mark.stack),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Store:
    if request.param == "memory":
        return MemoryStore(clock)
    if request.param == "dynamodb":
        client = request.getfixturevalue("aws")["dynamodb"]
        return DynamoStore(client, request.getfixturevalue("table"), lambda: KEY, clock)
    if request.param == "emulator":
        client = request.getfixturevalue("emulated")["dynamodb"]
        table = f"dharma-{new_id()}"
        client.create_table(TableName=table, **request.getfixturevalue("table_of_template"))
        return DynamoStore(client, table, lambda: KEY, clock)
    return SqliteStore(tmp_path / "store.sqlite3", KEY, clock)


def item(sk: str = "a", pk: str = "p", **fields: Any) -> Item:
    return Item(pk, sk, fields.pop("data", {"n": 1}), **fields)


# --- one item


def test_what_was_put_is_read_back_whole(store: Store) -> None:
    written = Item(
        "t#1",
        "blueprint#1",
        {"text": "Füße 😀", "list": [1, None, True, 2.5], "map": {"": {"x": []}}, "big": 2**53 + 1},
        type="blueprint",
        gsi1pk="names",
        gsi1sk="web",
        expires_at=4_000_000_000,
    )
    stored = store.put(written)
    assert stored.version == 1
    assert store.get("t#1", "blueprint#1") == stored


def test_an_absent_item_is_none(store: Store) -> None:
    assert store.get("p", "nothing") is None


def test_every_write_counts_the_version_up(store: Store) -> None:
    assert [store.put(item(data={"n": n})).version for n in range(3)] == [1, 2, 3]


def test_a_reader_cannot_change_what_is_stored(store: Store) -> None:
    store.put(item(data={"list": [1]}))
    read = store.get("p", "a")
    assert read is not None
    read.data["list"].append(2)
    again = store.get("p", "a")
    assert again is not None
    assert again.data == {"list": [1]}


def test_a_put_replaces_the_whole_item(store: Store) -> None:
    store.put(item(gsi1pk="i", gsi1sk="1", expires_at=4_000_000_000, type="x"))
    store.put(item(data={}))
    read = store.get("p", "a")
    assert read is not None
    assert (read.data, read.gsi1pk, read.expires_at, read.type) == ({}, None, None, "")
    assert store.query("i", index="gsi1").items == ()


# --- conditions


def test_create_only_refuses_an_item_that_is_there(store: Store) -> None:
    store.put(item(data={"n": 1}), expect_version=0)
    with pytest.raises(VersionConflict, match="p a was expected not to exist but is at version 1"):
        store.put(item(data={"n": 2}), expect_version=0)
    read = store.get("p", "a")
    assert read is not None
    assert read.data == {"n": 1}


def test_an_update_needs_the_version_that_was_read(store: Store) -> None:
    store.put(item())
    store.put(item(), expect_version=1)
    with pytest.raises(VersionConflict, match="at version 1 but is at version 2"):
        store.put(item(), expect_version=1)


def test_an_update_of_what_is_gone_is_a_conflict(store: Store) -> None:
    with pytest.raises(VersionConflict, match="at version 3 but does not exist"):
        store.put(item(), expect_version=3)


def test_delete_is_idempotent_without_a_version_and_strict_with_one(store: Store) -> None:
    store.delete("p", "a")
    store.put(item())
    with pytest.raises(VersionConflict):
        store.delete("p", "a", expect_version=2)
    store.delete("p", "a", expect_version=1)
    assert store.get("p", "a") is None
    with pytest.raises(VersionConflict):
        store.delete("p", "a", expect_version=1)


# --- transactions


def test_a_transaction_writes_all(store: Store, clock: FixedClock) -> None:
    store.put(item("old"))
    event = happened(clock, "Tried", source="dharma.test", subject="s", data={"n": 1})
    store.transact(
        [
            Put(item("new"), 0),
            Delete("p", "old", 1),
            Check("p", "other", 0),
            Emit(event),
        ]
    )
    assert [i.sk for i in store.query("p").items] == ["new"]
    assert store.pending() == [event]


@pytest.mark.parametrize(
    "refused",
    [
        Put(item("there"), 0),
        Put(item("there"), 2),
        Delete("p", "absent", 1),
        Check("p", "absent"),
        Check("p", "there", 0),
        Check("p", "there", 7),
    ],
    ids=str,
)
def test_one_refused_operation_leaves_everything_as_it_was(
    store: Store, clock: FixedClock, refused: Any
) -> None:
    store.put(item("there"))
    event = happened(clock, "Tried", source="dharma.test", subject="s")
    with pytest.raises(VersionConflict):
        store.transact([Put(item("first")), Emit(event), refused, Put(item("last"))])
    assert [i.sk for i in store.query("p").items] == ["there"]
    assert store.pending() == []


def test_a_check_that_holds_lets_the_rest_through(store: Store) -> None:
    store.put(item("there"))
    store.transact([Check("p", "there"), Put(item("one"))])
    store.transact([Check("p", "there", 1), Put(item("two"))])
    assert [i.sk for i in store.query("p").items] == ["one", "there", "two"]


def test_a_transaction_touches_an_item_once(store: Store) -> None:
    with pytest.raises(ValueError, match="once"):
        store.transact([Put(item()), Delete("p", "a")])
    assert store.get("p", "a") is None


def test_an_event_is_stored_once(store: Store, clock: FixedClock) -> None:
    event = happened(clock, "Tried", source="dharma.test", subject="s")
    store.transact([Emit(event)])
    store.mark_delivered([event.id])
    with pytest.raises(VersionConflict, match=event.id):
        store.transact([Put(item()), Emit(event)])
    assert store.get("p", "a") is None


def test_events_wait_in_order_until_they_are_marked(store: Store, clock: FixedClock) -> None:
    events = [happened(clock, "Tried", source="dharma.test", subject=str(n)) for n in range(5)]
    for event in events:
        store.transact([Emit(event)])
    assert [e.subject for e in store.pending(2)] == ["0", "1"]
    store.mark_delivered([events[0].id, events[3].id])
    store.mark_delivered([events[0].id])
    assert [e.subject for e in store.pending()] == ["1", "2", "4"]


def test_events_are_delivered_in_the_order_in_which_they_were_stored(
    store: Store, clock: FixedClock
) -> None:
    """Which need not be that of their ids: a slower writer may have made its own before."""
    if isinstance(store, DynamoStore):
        pytest.skip("a table knows no order of storing; its stream, which delivers, does")
    early, late = (happened(clock, "Tried", source="dharma.test", subject=s) for s in "el")
    assert early.id < late.id
    store.transact([Emit(late)])
    store.transact([Emit(early)])
    assert [e.subject for e in store.pending()] == ["l", "e"]


# --- limits


def test_an_item_beyond_400_kb_is_refused(store: Store) -> None:
    store.put(item(data={"text": "x" * (399 * 1024)}))
    with pytest.raises(LimitExceeded, match="409,600"):
        store.put(item("big", data={"text": "ü" * (200 * 1024)}))
    assert store.get("p", "big") is None


def test_a_transaction_has_at_most_100_operations_and_4_mb(store: Store) -> None:
    store.transact([Put(item(f"{n:03}")) for n in range(100)])
    with pytest.raises(LimitExceeded, match="100"):
        store.transact([Put(item(f"x{n:03}")) for n in range(101)])
    with pytest.raises(LimitExceeded, match="1 to 100"):
        store.transact([])
    with pytest.raises(LimitExceeded, match="4,194,304"):
        store.transact([Put(item(f"y{n:02}", data={"t": "x" * 390_000})) for n in range(11)])
    assert len(list(all_items(store, "p"))) == 100


def test_an_event_is_no_larger_than_the_bus_takes(store: Store, clock: FixedClock) -> None:
    def event(size: int) -> Event:
        data = {"text": "x" * size}
        return happened(clock, "Tried", source="dharma.test", subject="s", data=data)

    with pytest.raises(LimitExceeded, match="245,760"):
        store.transact([Put(item()), Emit(event(240 * 1024))])
    assert store.get("p", "a") is None
    store.transact([Put(item()), Emit(event(239 * 1024))])
    assert len(store.pending()) == 1


@pytest.mark.parametrize(
    "data",
    [{"n": float("nan")}, {"t": "\ud800"}, pytest.param({"o": object()}, id="object")],
    ids=repr,
)
def test_what_json_cannot_hold_is_refused(store: Store, data: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        store.put(item(data=data))


@pytest.mark.parametrize(
    ("pk", "sk", "error"),
    [
        ("", "a", InvalidInput),
        ("p", "", InvalidInput),
        ("p", "a\0b", InvalidInput),
        ("p" * 2049, "a", LimitExceeded),
        ("p", "ä" * 513, LimitExceeded),
    ],
)
def test_keys_have_limits(store: Store, pk: str, sk: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        store.put(item(sk, pk))
    with pytest.raises(error):
        store.get(pk, sk)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_1_to_1000_items(store: Store, limit: int) -> None:
    with pytest.raises(InvalidInput, match="limit"):
        store.query("p", limit=limit)
    assert store.query("p", limit=1).items == store.query("p", limit=1000).items == ()


def test_a_page_ends_at_one_megabyte_and_goes_on(store: Store) -> None:
    for n in range(8):
        store.put(item(str(n), data={"t": "x" * 300_000}))
    page = store.query("p", limit=100)
    assert [i.sk for i in page.items] == ["0", "1", "2"]
    assert page.next_cursor
    assert [i.sk for i in all_items(store, "p")] == list("01234567")


# --- queries


def test_a_query_sees_its_partition_and_prefix_in_byte_order(store: Store) -> None:
    for sk in ["b#1", "a#2", "a#10", "a#\uffff", "a#😀", "a#1", "a", "a$"]:
        store.put(item(sk))
    store.put(item("a#1", "other"))
    expected = ["a#1", "a#10", "a#2", "a#\uffff", "a#😀"]
    assert [i.sk for i in store.query("p", "a#").items] == expected
    assert [i.sk for i in store.query("p", "a#", reverse=True).items] == expected[::-1]
    assert len(store.query("p").items) == 8


def test_a_prefix_is_literal(store: Store) -> None:
    for sk in ["a%b", "axb", "a_b"]:
        store.put(item(sk))
    assert [i.sk for i in store.query("p", "a%").items] == ["a%b"]
    assert [i.sk for i in store.query("p", "a_").items] == ["a_b"]


def test_a_prefix_at_the_end_of_unicode_has_no_upper_end(store: Store) -> None:
    for sk in ["\U0010ffff", "\U0010ffffz", "z"]:
        store.put(item(sk))
    found = store.query("p", "\U0010ffff").items
    assert [i.sk for i in found] == ["\U0010ffff", "\U0010ffffz"]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("index", [None, "gsi1"])
def test_cursors_lead_through_a_list_and_back(store: Store, reverse: bool, index: Any) -> None:
    for n in range(10):
        # Equal sort keys in the index: the cursor must not skip or repeat them.
        store.put(item(f"{n}", gsi1pk="p", gsi1sk=f"s{n // 4}"))
    order = [str(n) for n in range(10)]
    if reverse:
        order.reverse()

    def page(cursor: str | None) -> Any:
        return store.query("p", limit=3, cursor=cursor, reverse=reverse, index=index)

    pages = [page(None)]
    while pages[-1].next_cursor:
        pages.append(page(pages[-1].next_cursor))
    assert [[i.sk for i in p.items] for p in pages] == [
        order[0:3],
        order[3:6],
        order[6:9],
        order[9:],
    ]
    assert pages[0].previous_cursor is None
    back = pages[-1]
    for expected in (order[6:9], order[3:6], order[0:3]):
        back = page(back.previous_cursor)
        assert [i.sk for i in back.items] == expected
    assert back.previous_cursor is None
    assert [i.sk for i in page(back.next_cursor).items] == order[3:6]


def test_a_full_last_page_has_no_next(store: Store) -> None:
    for n in range(4):
        store.put(item(str(n)))
    first = store.query("p", limit=2)
    assert store.query("p", limit=2, cursor=first.next_cursor).next_cursor is None


def test_items_written_behind_a_cursor_are_seen_and_deleted_ones_not(store: Store) -> None:
    for sk in "bdf":
        store.put(item(sk))
    page = store.query("p", limit=1)
    store.put(item("a"))
    store.put(item("c"))
    store.delete("p", "b")
    store.delete("p", "d")
    rest = store.query("p", cursor=page.next_cursor)
    assert [i.sk for i in rest.items] == ["c", "f"]


def test_a_cursor_belongs_to_its_query(store: Store) -> None:
    for n in range(4):
        store.put(item(f"a{n}", gsi1pk="p", gsi1sk=f"a{n}"))
    cursor = store.query("p", "a", limit=2).next_cursor
    assert cursor
    others: list[Callable[[], Any]] = [
        lambda: store.query("q", "a", cursor=cursor),
        lambda: store.query("p", "", cursor=cursor),
        lambda: store.query("p", "a", cursor=cursor, reverse=True),
        lambda: store.query("p", "a", cursor=cursor, index="gsi1"),
    ]
    for other in others:
        with pytest.raises(InvalidInput, match="cursor"):
            other()


@pytest.mark.parametrize("forged", ["", "x", "AAAA", "ä", "💥", "=" * 8, "A" * 9000, "A B"])
def test_a_made_up_cursor_is_refused(store: Store, forged: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        store.query("p", cursor=forged)


def test_a_bent_cursor_is_refused(store: Store) -> None:
    for n in range(4):
        store.put(item(f"a{n}"))
    cursor = store.query("p", limit=2).next_cursor
    assert cursor
    for i in range(len(cursor) - 1):
        bent = cursor[:i] + ("A" if cursor[i] != "A" else "B") + cursor[i + 1 :]
        with pytest.raises(InvalidInput, match="cursor"):
            store.query("p", cursor=bent)


def test_the_index_follows_its_items(store: Store) -> None:
    store.put(item("1", gsi1pk="state#running", gsi1sk="2026-01-02"))
    store.put(item("2", gsi1pk="state#running", gsi1sk="2026-01-01"))
    store.put(item("3", "elsewhere", gsi1pk="state#running", gsi1sk="2025-12-31"))
    store.put(item("4"))

    def running(prefix: str = "") -> list[str]:
        return [i.sk for i in store.query("state#running", prefix, index="gsi1").items]

    assert running() == ["3", "2", "1"]
    assert running("2026") == ["2", "1"]
    store.put(item("2", gsi1pk="state#done", gsi1sk="2026-01-01"))
    store.delete("p", "1")
    assert running() == ["3"]


def test_an_item_moves_within_its_partition_of_the_index(store: Store) -> None:
    store.put(item("1", gsi1pk="state#running", gsi1sk="2026-01-01"))
    store.put(item("2", gsi1pk="state#running", gsi1sk="2026-01-02"))
    store.put(item("1", gsi1pk="state#running", gsi1sk="2026-01-03"))
    assert [i.sk for i in store.query("state#running", index="gsi1").items] == ["2", "1"]
    found = store.query("state#running", "2026-01-03", index="gsi1").items
    assert [(i.sk, i.gsi1sk) for i in found] == [("1", "2026-01-03")]


def test_an_index_key_is_whole_or_absent(store: Store) -> None:
    with pytest.raises(ValueError, match="both"):
        store.put(item(gsi1pk="x"))


# --- expiry


def test_an_expired_item_is_absent_for_everyone(store: Store, clock: FixedClock) -> None:
    at = epoch_seconds(clock.now()) + 60
    store.put(item("a", expires_at=at, gsi1pk="i", gsi1sk="1"))
    store.put(item("b"))
    clock.advance(timedelta(seconds=59))
    assert store.get("p", "a") is not None
    clock.advance(timedelta(seconds=1))
    assert store.get("p", "a") is None
    assert [i.sk for i in store.query("p").items] == ["b"]
    assert store.query("i", index="gsi1").items == ()
    with pytest.raises(VersionConflict):
        store.transact([Check("p", "a")])
    with pytest.raises(VersionConflict, match="does not exist"):
        store.put(item("a"), expect_version=1)
    assert store.put(item("a"), expect_version=0).version == 1


# --- many at once


def test_eight_writers_lose_no_increment(store: Store) -> None:
    store.put(item("counter", data={"n": 0}))
    conflicts = []
    # The emulated DynamoDB copies the whole table for every transaction.
    rounds = 4 if isinstance(store, DynamoStore) else 25

    def work(name: int) -> None:
        for n in range(rounds):
            while True:
                now = store.get("p", "counter")
                assert now is not None
                changed = item("counter", data={"n": now.data["n"] + 1})
                try:
                    store.transact([Put(changed, now.version), Put(item(f"w{name}#{n}"), 0)])
                    break
                except VersionConflict:
                    conflicts.append(name)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    final = store.get("p", "counter")
    assert final is not None
    assert (final.data["n"], final.version) == (8 * rounds, 8 * rounds + 1)
    assert len(list(all_items(store, "p", "w"))) == 8 * rounds


# --- any sequence of operations behaves like a dictionary

_keys = st.sampled_from(["a", "a#1", "b", "ä", "😀"])
_steps = st.lists(
    st.tuples(st.sampled_from(["put", "delete"]), _keys, st.sampled_from([None, 0, 1, 2])),
    max_size=12,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=_steps)
def test_the_store_behaves_like_a_dictionary_of_versions(
    store: Store, steps: list[tuple[str, str, int | None]]
) -> None:
    for old in list(all_items(store, "m")):
        store.delete("m", old.sk)
    model: dict[str, int] = {}
    for number, (what, key, expected) in enumerate(steps):
        fits = expected is None or model.get(key, 0) == expected
        try:
            if what == "put":
                store.put(Item("m", key, {"n": number}), expect_version=expected)
            else:
                store.delete("m", key, expect_version=expected)
        except VersionConflict:
            assert not fits
            continue
        assert fits
        if what == "put":
            model[key] = model.get(key, 0) + 1
        else:
            model.pop(key, None)
    found = {i.sk: i.version for i in store.query("m").items}
    assert found == model
    assert list(found) == sorted(model, key=lambda key: key.encode())
