"""The audit trail: one chain a day, written with the change, and every edit of it is found."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.adapters.local.artifacts import MemoryArtifacts
from dharma.adapters.local.memory_store import MemoryStore
from dharma.adapters.local.sqlite_store import SqliteStore
from dharma.core.audit.acting import Act, about, acting
from dharma.core.audit.audited_store import AuditedStore
from dharma.core.audit.records import NOTHING_BEFORE, Entry, canonical, digest
from dharma.core.audit.trail import AuditTrail
from dharma.core.audit.verification import Anchored, Verified, verify
from dharma.core.clock import Clock, FixedClock
from dharma.core.errors import Conflict, VersionConflict
from dharma.core.principal import Principal
from dharma.core.store import Item, ItemStore, Put, all_items

ADA = Principal("ada", "acme", frozenset({"admin", "editor"}))


def entry(number: int = 1, tenant: str = "acme") -> Entry:
    return Entry(
        tenant=tenant,
        actor="ada",
        roles=("editor", "admin"),
        source_ip="192.0.2.1",
        user_agent="tests",
        action="blueprint.create",
        subject=f"blueprint/{number}",
        outcome="succeeded",
        correlation_id="c-1",
        details={"number": number},
    )


@dataclass
class Place:
    """An installation in memory with `counts[n]` records on its n-th day, anchored as delivered."""

    store: MemoryStore
    artifacts: MemoryArtifacts
    clock: FixedClock
    trail: AuditTrail

    @classmethod
    def empty(cls) -> Place:
        clock = FixedClock()
        store, artifacts = MemoryStore(clock), MemoryArtifacts()
        return cls(store, artifacts, clock, AuditTrail(store, artifacts, clock))

    @classmethod
    def with_days(cls, *counts: int) -> Place:
        place = cls.empty()
        for count in counts:
            for number in range(count):
                place.trail.append(entry(number))
                place.clock.advance(timedelta(minutes=7))
            place.deliver()
            place.clock.advance(timedelta(days=1))
        return place

    def deliver(self) -> None:
        for event in self.store.pending():
            assert event.type == "AuditDayClosed"
            self.trail.anchor(event.data["tenant"], event.data["day"])
            self.store.mark_delivered([event.id])

    def verify(self) -> Verified:
        return verified(self.trail, self.clock)

    def items(self) -> list[Item]:
        """Everything that the trail has in the store."""
        found = list(all_items(self.store, "T#acme#AUDIT"))
        for day in self.trail.days("acme"):
            found += all_items(self.store, f"T#acme#AUDIT#{day.day}")
        return found


def verified(trail: AuditTrail, clock: Clock, tenant: str = "acme") -> Verified:
    def records(day: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            part, page = trail.page(tenant, day, limit=3, cursor=cursor)
            found += part
            cursor = page.next_cursor
            if cursor is None:
                return found

    return verify(lambda: [d.to_dict() for d in trail.days(tenant)], records, clock.now())


def walked(said: Verified) -> tuple[int, int]:
    assert said.finding is None
    return said.days, said.records


def test_records_of_a_day_follow_one_another() -> None:
    place = Place.with_days(3)
    records, page = place.trail.page("acme", "2026-01-01", limit=10, cursor=None)
    assert [r["sequence"] for r in records] == [1, 2, 3]
    assert [r["previous"] for r in records] == [NOTHING_BEFORE, *(r["hash"] for r in records[:2])]
    assert all(r["hash"] == digest(r) for r in records)
    assert page.next_cursor is None
    assert records[0]["roles"] == ["admin", "editor"]
    newest, _ = place.trail.page("acme", "2026-01-01", limit=1, cursor=None, reverse=True)
    assert newest == records[2:]


def test_the_hash_is_over_sorted_keys_without_spaces() -> None:
    record = {"b": 1, "a": "ä", "hash": "x"}
    assert canonical(record) == b'{"a":"\\u00e4","b":1}'
    # What sha256sum says of these very bytes.
    assert digest(record) == "78892fb919682f85e08161f2cd8e0e904520a093cd75421077a1c865e59e90c6"


def test_a_new_day_begins_with_the_head_of_the_day_before() -> None:
    place = Place.with_days(2, 1)
    [first], _ = place.trail.page("acme", "2026-01-02", limit=10, cursor=None)
    last = place.trail.page("acme", "2026-01-01", limit=1, cursor=None, reverse=True)[0][0]
    assert (first["previousDay"], first["previous"]) == ("2026-01-01", last["hash"])
    closed, present = place.trail.days("acme")
    assert closed.head is not None
    assert closed.head["closed"] is True
    assert closed.anchor == {
        "tenant": "acme",
        "day": "2026-01-01",
        "sequence": 2,
        "hash": last["hash"],
    }
    assert (present.head or {})["closed"] is False
    assert present.anchor is None


def test_tenants_have_chains_of_their_own() -> None:
    place = Place.with_days(2)
    record = place.trail.append(entry(1, "other"))
    assert (record["sequence"], record["previous"]) == (1, NOTHING_BEFORE)
    assert walked(place.verify()) == (1, 2)


def test_a_clock_that_is_behind_adds_to_the_present_day() -> None:
    place = Place.with_days(1, 1)
    late = AuditTrail(place.store, place.artifacts, FixedClock())
    record = late.append(entry())
    assert (record["day"], record["sequence"]) == ("2026-01-02", 2)
    assert walked(place.verify()) == (2, 3)


def test_what_is_kept_of_a_closed_day_is_never_replaced() -> None:
    place = Place.with_days(2, 1)
    place.trail.anchor("acme", "2026-01-01")
    with pytest.raises(Conflict, match="not closed"):
        place.trail.anchor("acme", "2026-01-02")
    place.artifacts.put("audit/acme/2026-01-01.json", b'{"hash": "x"}')
    with pytest.raises(Conflict, match="differs"):
        place.trail.anchor("acme", "2026-01-01")


def test_the_running_head_is_kept_once_and_verified_up_to_it() -> None:
    place = Place.empty()
    assert place.trail.anchor_running("acme") is False
    place.trail.append(entry(1))
    assert place.verify().anchored is None
    assert list(place.trail.tenants()) == ["acme"]
    assert place.trail.anchor_running("acme") is True
    assert place.trail.anchor_running("acme") is False
    place.clock.advance(timedelta(minutes=7))
    place.trail.append(entry(2))
    assert place.verify().anchored == Anchored("2026-01-01", 1, "2026-01-01T00:00:00.000Z")
    assert place.trail.anchor_running("acme") is True
    kept = place.artifacts.list("audit/acme/2026-01-01/")
    assert [key.split("/")[3].split("-")[0] for key in kept] == ["0000000001", "0000000002"]
    [day] = place.trail.days("acme")
    assert [a["sequence"] for a in day.running] == [1, 2]
    assert day.running[1]["hash"] == (day.head or {})["hash"]


@pytest.mark.parametrize("closed", [False, True])
def test_a_rewriting_behind_a_running_anchor_is_found(closed: bool) -> None:
    place, forger = Place.with_days(), Place.with_days()
    for own, actor in ((place, "ada"), (forger, "mallory")):
        for number in range(4):
            own.trail.append(replace(entry(number), actor=actor if number == 1 else "ada"))
            own.clock.advance(timedelta(minutes=7))
            if number == 2:
                place.trail.anchor_running("acme")
    if closed:
        for own in (place, forger):
            own.clock.advance(timedelta(days=1))
            own.trail.append(entry(9))
        # The forger's day is closed and anchored after the rewriting: only the running one tells.
        forger.deliver()
        text = forger.artifacts.get("audit/acme/2026-01-01.json")
        place.artifacts.put("audit/acme/2026-01-01.json", text)
    for item in forger.items():
        place.store.put(item)
    assert str(place.verify().finding) == (
        "2026-01-01 record 3: differs from its anchor: the chain was written anew"
    )


def test_records_cut_off_behind_the_running_anchor_are_missed() -> None:
    place = Place.with_days(3)
    place.trail.anchor_running("acme")
    short = Place.with_days(2)
    place.store.delete("T#acme#AUDIT#2026-01-01", "RECORD#0000000003")
    for item in short.items():
        place.store.put(item)
    assert str(place.verify().finding) == (
        "2026-01-01: an anchor counts a record that is not there"
    )


def test_writers_of_several_processes_make_one_chain(tmp_path: Path) -> None:
    def trail() -> AuditTrail:
        store = SqliteStore(tmp_path / "s.sqlite3", b"k" * 32)
        return AuditTrail(store, MemoryArtifacts(), FixedClock())

    def write() -> None:
        own = trail()
        for number in range(12):
            own.append(entry(number))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert walked(verified(trail(), FixedClock())) == (1, 48)


def act() -> Act:
    return Act(ADA, "environment.create", "environment", "192.0.2.1")


def test_the_first_change_of_an_act_carries_its_record() -> None:
    place = Place.empty()
    store: ItemStore = AuditedStore(place.store, place.trail)
    with acting(act()) as _:
        about(made="environment/dev", region="eu-west-1")
        assert store.put(Item("p", "s", {"a": 1}), expect_version=0).version == 1
        store.put(Item("p", "t", {"a": 1}))
    records, _page = place.trail.page("acme", "2026-01-01", limit=10, cursor=None)
    assert [(r["subject"], r["outcome"], r["details"]) for r in records] == [
        ("environment/dev", "succeeded", {"region": "eu-west-1"})
    ]
    store.put(Item("p", "s", {"a": 2}))
    assert walked(place.verify()) == (1, 1)


def test_a_change_that_does_not_fit_leaves_neither_change_nor_record() -> None:
    place = Place.empty()
    store = AuditedStore(place.store, place.trail)
    doing = act()
    with acting(doing), pytest.raises(VersionConflict, match="p s was expected at version 7"):
        store.transact([Put(Item("p", "s", {}), expect_version=7)])
    assert doing.recorded is False
    assert place.store.get("p", "s") is None
    assert place.trail.days("acme") == []


class Interrupting:
    """Somebody else writes a record right before each of the first `times` transactions."""

    def __init__(self, place: Place, times: int) -> None:
        self._place, self._times = place, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._place.store, name)

    def transact(self, operations: Any) -> None:
        if self._times:
            self._times -= 1
            self._place.trail.append(entry(99))
        self._place.store.transact(operations)


def test_an_act_that_was_overtaken_goes_behind() -> None:
    place = Place.with_days()
    slow: Any = Interrupting(place, 3)
    trail = AuditTrail(slow, place.artifacts, place.clock)
    with acting(act()):
        AuditedStore(slow, trail).transact([Put(Item("p", "s", {}), expect_version=0)])
    assert place.store.get("p", "s") is not None
    assert walked(place.verify()) == (1, 4)


def test_texts_of_callers_are_cut_and_storable() -> None:
    place = Place.empty()
    place.trail.append(replace(entry(), user_agent="\ud800" + "x" * 5000))
    [record], _ = place.trail.page("acme", "2026-01-01", limit=10, cursor=None)
    assert record["userAgent"] == "?" + "x" * 255
    assert walked(place.verify()) == (1, 1)


def test_reading_while_others_write_finds_nothing_wrong() -> None:
    place = Place.with_days(2, 2)

    def records(day: str) -> list[dict[str, Any]]:
        place.trail.append(entry(7))
        found, _ = place.trail.page("acme", day, limit=100, cursor=None)
        place.trail.append(entry(8))
        return found

    days = lambda: [d.to_dict() for d in place.trail.days("acme")]  # noqa: E731 - a source of days
    assert verify(days, records, place.clock.now()).finding is None


# --- every single mutation


def test_an_untouched_trail_has_nothing_wrong() -> None:
    assert walked(Place.with_days(3, 1, 4).verify()) == (3, 8)


_counts = st.lists(st.integers(1, 4), min_size=1, max_size=3)
Mutation = Callable[[Place, st.DataObject], None]


def edit_a_value(place: Place, data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(place.items()))
    name = data.draw(st.sampled_from(sorted(item.data)))
    value = item.data[name]
    others = st.none() | st.booleans() | st.integers(-1, 5) | st.text(max_size=5)
    # In JSON true is not 1.
    new = data.draw(others.filter(lambda new: json.dumps(new) != json.dumps(value)))
    place.store.put(replace(item, data={**item.data, name: new}))


def edit_and_hash_anew(place: Place, data: st.DataObject) -> None:
    item = data.draw(st.sampled_from([i for i in place.items() if i.type == "audit-record"]))
    name = data.draw(st.sampled_from(["actor", "outcome", "time", "subject", "details"]))
    changed = {**item.data, name: "2026-01-01T00:00:01.000Z"}
    place.store.put(replace(item, data={**changed, "hash": digest(changed)}))


def add_a_field(place: Place, data: st.DataObject) -> None:
    item = data.draw(st.sampled_from([i for i in place.items() if i.type == "audit-record"]))
    place.store.put(replace(item, data={**item.data, "note": "x"}))


def remove_a_field(place: Place, data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(place.items()))
    name = data.draw(st.sampled_from(sorted(item.data)))
    place.store.put(replace(item, data={k: v for k, v in item.data.items() if k != name}))


def delete(place: Place, data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(place.items()))
    # Of the only record of the only day nothing but the head is left, which is found; of the only
    # head the record.
    place.store.delete(item.pk, item.sk)


def insert(place: Place, data: st.DataObject) -> None:
    records = [i for i in place.items() if i.type == "audit-record"]
    like = data.draw(st.sampled_from(records))
    forged = {**like.data, "actor": "mallory", "previous": like.data["hash"]}
    forged["sequence"] = data.draw(st.sampled_from([0, like.data["sequence"] + 1, 99]))
    forged["hash"] = digest(forged)
    sk = data.draw(st.sampled_from([f"{like.sk}a", "RECORD#0000000000", "RECORD#9999999999"]))
    place.store.put(Item(like.pk, sk, forged, type="audit-record"))


def swap(place: Place, data: st.DataObject) -> None:
    records = [i for i in place.items() if i.type == "audit-record"]
    if len(records) < 2:
        edit_a_value(place, data)
        return
    one, two = data.draw(st.permutations(records))[:2]
    place.store.put(replace(one, data=two.data))
    place.store.put(replace(two, data=one.data))


def cut_off_the_end_with_its_head(place: Place, data: st.DataObject) -> None:
    """All of a closed day's traces in the store."""
    closed = [d.day for d in place.trail.days("acme") if (d.head or {}).get("closed")]
    if not closed:
        edit_a_value(place, data)
        return
    day = data.draw(st.sampled_from(closed))
    for item in place.items():
        if item.pk == f"T#acme#AUDIT#{day}" or (item.pk, item.sk) == ("T#acme#AUDIT", day):
            place.store.delete(item.pk, item.sk)


def change_an_anchor(place: Place, data: st.DataObject) -> None:
    keys = place.artifacts.list("audit/acme/")
    if not keys:
        place.artifacts.put("audit/acme/2025-12-31.json", b"{}")
    elif data.draw(st.booleans()):
        place.artifacts.delete(data.draw(st.sampled_from(keys)))
    else:
        text = data.draw(st.sampled_from([b"{}", b"nothing", b'{"day": "2026-01-01"}']))
        place.artifacts.put(data.draw(st.sampled_from(keys)), text)


@pytest.mark.parametrize(
    "mutate",
    [
        edit_a_value,
        edit_and_hash_anew,
        add_a_field,
        remove_a_field,
        delete,
        insert,
        swap,
        cut_off_the_end_with_its_head,
        change_an_anchor,
    ],
    ids=lambda mutate: str(mutate.__name__),
)
@settings(max_examples=60, deadline=None)
@given(counts=_counts, data=st.data())
def test_any_single_mutation_is_found(mutate: Mutation, counts: list[int], data: Any) -> None:
    place = Place.with_days(*counts)
    assert place.verify().finding is None
    mutate(place, data)
    place.clock.advance(timedelta(days=2))
    assert place.verify().finding is not None


def test_a_chain_that_was_written_anew_differs_from_its_anchor() -> None:
    place = Place.with_days(2, 1)
    forger = Place.empty()
    for number, actor in enumerate(["mallory", "ada"]):
        forger.trail.append(replace(entry(number), actor=actor))
        forger.clock.advance(timedelta(minutes=7))
    forger.clock.advance(timedelta(days=1))
    forger.trail.append(entry(0))
    for item in forger.items():
        place.store.put(item)
    found = place.verify().finding
    assert found is not None
    assert str(found) == "2026-01-01: differs from its anchor: the chain was written anew"


def test_the_first_bad_record_is_named() -> None:
    place = Place.with_days(3, 2)
    item = place.store.get("T#acme#AUDIT#2026-01-01", "RECORD#0000000002")
    assert item is not None
    place.store.put(replace(item, data={**item.data, "actor": "nobody"}))
    found = place.verify().finding
    assert str(found) == "2026-01-01 record 2: was changed: its hash is another"
