from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.core.clock import FixedClock, epoch_seconds, isoformat, parse_time
from dharma.core.ids import is_id, new_id


@settings(max_examples=100)
@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))
def test_a_time_survives_its_spelling_to_the_millisecond(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    back = parse_time(isoformat(moment))
    assert timedelta(0) <= moment - back < timedelta(milliseconds=1)


def test_times_are_spelled_in_utc() -> None:
    moment = datetime(2026, 3, 1, 12, 0, 0, 5000, tzinfo=timezone(timedelta(hours=2)))
    assert isoformat(moment) == "2026-03-01T10:00:00.005Z"
    assert epoch_seconds(moment) == 1772359200


def test_ids_increase_within_a_process() -> None:
    made = [new_id() for _ in range(5000)]
    assert made == sorted(set(made))
    assert all(is_id(identifier) for identifier in made)


def test_ids_increase_within_one_millisecond() -> None:
    clock = FixedClock()
    made = [new_id(clock) for _ in range(100)]
    assert made == sorted(set(made))
    assert {identifier[:10] for identifier in made} == {made[0][:10]}


def test_two_clocks_do_not_disturb_each_other() -> None:
    clock = FixedClock()
    made = [(new_id(clock), new_id())[0] for _ in range(100)]
    assert made == sorted(set(made))


def test_ids_sort_by_the_time_of_their_clock() -> None:
    clock = FixedClock()
    earlier = new_id(clock)
    clock.advance(timedelta(milliseconds=1))
    assert earlier < new_id(clock)


def test_the_time_of_an_id_is_as_the_layout_says() -> None:
    # The layout's own example: 1469918176385 milliseconds are 01ARYZ6S41.
    clock = FixedClock(datetime(2016, 7, 30, 22, 36, 16, 385000, tzinfo=UTC))
    assert new_id(clock).startswith("01ARYZ6S41")


def test_other_texts_are_no_ids() -> None:
    for text in ("", "x", "8" * 26, "0" * 25, "0" * 27, "0" * 25 + "I", new_id().lower()):
        assert not is_id(text)
    assert not is_id(new_id() + "\n")
