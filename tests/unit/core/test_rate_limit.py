from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.adapters.local.memory_cache import MemoryCache
from dharma.core.cache import Bucket, Spent, Taken
from dharma.core.clock import Clock, FixedClock
from dharma.core.http import rate_limit_headers
from dharma.core.principal import Principal
from dharma.core.rate_limit import RateLimit


@pytest.mark.parametrize("capacity", [1, 3, 7, 1000, 60_000_000])
def test_a_bucket_is_full_again_within_its_period_and_never_gives_less(capacity: int) -> None:
    bucket = Bucket(capacity, 60)
    assert bucket.depth <= 60_000_000 < bucket.depth + capacity
    assert bucket.interval >= 1
    assert bucket.taken(True, 0) == Taken(True, capacity, 0, 0)
    assert bucket.taken(False, bucket.depth).remaining == 0


def test_who_is_refused_waits_at_least_a_second() -> None:
    bucket = Bucket(1000, 60)
    refused = bucket.taken(False, bucket.depth)
    assert refused.retry_after == 0.06
    assert rate_limit_headers(bucket, refused) == {
        "RateLimit-Policy": '"subject";q=1000;w=60',
        "RateLimit": '"subject";r=0;t=60',
        "Retry-After": "1",
    }
    assert "Retry-After" not in rate_limit_headers(bucket, bucket.taken(True, 60_000))


class Listening(MemoryCache):
    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.asked: list[tuple[str, int]] = []

    def take(self, key: str, bucket: Bucket, spent: Spent | None = None) -> Taken:
        self.asked.append((key, spent.count if spent else 0))
        return super().take(key, bucket, spent)


ADA = Principal("ada@example.com", "acme", frozenset())


def test_no_name_is_readable_in_the_cache() -> None:
    clock = FixedClock()
    cache = Listening(clock)
    limit = RateLimit(cache, 10, clock)
    for principal in (ADA, Principal("meada@example.com", "ac", frozenset())):
        limit.take(principal)
    (first, _), (second, _) = cache.asked
    assert first != second
    assert "ada" not in first + second
    assert " " not in first


def test_the_cache_is_asked_once_in_a_tenth_of_a_second_and_told_of_all() -> None:
    clock = FixedClock()
    cache = Listening(clock)
    limit = RateLimit(cache, 1000, clock)
    left = []
    for _ in range(25):
        taken = limit.take(ADA)
        assert taken is not None
        left.append(taken.remaining)
        clock.advance(timedelta(milliseconds=10))
    assert [count for _, count in cache.asked] == [0, 9, 9]
    # One call in 10 ms, one token back in 60 ms.
    assert left[0] == 999
    assert left[24] == 1000 - 25 + 240 // 60


def test_a_process_that_comes_back_late_pays_for_when_it_called() -> None:
    clock = FixedClock()
    cache = Listening(clock)
    here, there = RateLimit(cache, 6, clock), RateLimit(cache, 6, clock)
    for _ in range(4):
        here.take(ADA)
    clock.advance(timedelta(seconds=20))
    taken = here.take(ADA)
    assert taken is not None
    assert taken.remaining == 6 - 4 + 2 - 1
    clock.advance(timedelta(hours=1))
    assert [t.remaining for limit in (here, there) if (t := limit.take(ADA))] == [5, 4]


def test_without_an_answer_of_the_cache_nothing_is_counted() -> None:
    class Failing(Listening):
        away = False

        def take(self, key: str, bucket: Bucket, spent: Spent | None = None) -> Any:
            return None if self.away else super().take(key, bucket, spent)

    clock = FixedClock()
    cache = Failing(clock)
    limit = RateLimit(cache, 2, clock)
    assert [t.allowed for _ in range(3) if (t := limit.take(ADA))] == [True, True, False]
    cache.away = True
    clock.advance(timedelta(milliseconds=200))
    assert [limit.take(ADA) for _ in range(5)] == [None] * 5
    cache.away = False
    assert limit.take(ADA) is not None


@settings(max_examples=60, deadline=None)
@given(
    calls=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 150)), min_size=1, max_size=300),
    per_minute=st.integers(1, 300),
)
def test_many_processes_together_keep_to_the_limit_but_for_a_moment(
    calls: list[tuple[int, int]], per_minute: int
) -> None:
    """What is allowed is never more than the bucket gave, plus what the two other processes could
    not know of: calls of their last tenth of a second."""
    clock = FixedClock()
    cache = MemoryCache(clock)
    limits = [RateLimit(cache, per_minute, clock) for _ in range(3)]
    start, allowed, recent = clock.now(), 0, []
    most_recent = 0
    for process, pause in calls:
        clock.advance(timedelta(milliseconds=pause))
        taken = limits[process].take(ADA)
        assert taken is not None
        now = clock.now()
        recent = [at for at in recent if now - at < timedelta(milliseconds=200)] + [now]
        most_recent = max(most_recent, len(recent))
        allowed += taken.allowed
        refilled = (now - start).total_seconds() * 1e6 / limits[0].bucket.interval
        assert allowed <= per_minute + refilled + most_recent
