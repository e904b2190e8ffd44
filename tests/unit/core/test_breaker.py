"""The circuit breaker: it opens, tries again with one call, and stands in nobody's way when the
cache is away."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from dharma.adapters.local.memory_cache import MemoryCache
from dharma.adapters.redis_cache import RedisCache
from dharma.core.breaker import CircuitBreaker
from dharma.core.circuit import Rule
from dharma.core.clock import FixedClock
from dharma.core.errors import NotFound, Unavailable

RULE = Rule(threshold=50, least_calls=4, window=60, pause=30, probe=10)


class Callee:
    """Answers with what it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.failure: Exception | None = None

    def __call__(self) -> str:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return "answer"


class Place:
    def __init__(self) -> None:
        self.clock = FixedClock()
        self.breaker = CircuitBreaker(MemoryCache(self.clock), "test", RULE)
        self.callee = Callee()

    def call(self) -> str:
        with self.breaker.calling("callee"):
            return self.callee()

    def fail(self, times: int) -> None:
        self.callee.failure = Unavailable("it does not answer")
        for _ in range(times):
            with pytest.raises(Unavailable):
                self.call()


def test_who_fails_is_not_called_for_a_while() -> None:
    place = Place()
    place.fail(4)
    place.callee.failure = None
    with pytest.raises(Unavailable, match="callee is not called for another 30 s: 50 % or more"):
        place.call()
    assert place.callee.asked == 4
    # Others are none of its business.
    with place.breaker.calling("another"):
        pass


def test_after_the_pause_one_call_tries_and_closes_it() -> None:
    place = Place()
    place.fail(4)
    place.clock.advance(timedelta(seconds=30))
    place.callee.failure = None
    with place.breaker.calling("callee"):
        # A second one does not go along with the probe.
        with pytest.raises(Unavailable):
            place.call()
        place.callee()
    assert place.call() == "answer"
    # What failed before is forgotten.
    place.fail(1)
    place.callee.failure = None
    assert place.call() == "answer"


def test_a_probe_that_fails_opens_it_again() -> None:
    place = Place()
    place.fail(4)
    place.clock.advance(timedelta(seconds=30))
    place.fail(1)
    asked = place.callee.asked
    place.clock.advance(timedelta(seconds=29))
    with pytest.raises(Unavailable):
        place.call()
    assert place.callee.asked == asked


def test_a_probe_that_never_ends_gives_its_place_to_another() -> None:
    place = Place()
    place.fail(4)
    place.clock.advance(timedelta(seconds=30))
    assert place.breaker.admit("callee").probe
    place.clock.advance(timedelta(seconds=10))
    place.callee.failure = None
    assert place.call() == "answer"


def test_windows_are_counted_apart() -> None:
    place = Place()
    place.fail(3)
    place.clock.advance(timedelta(seconds=60))
    place.fail(3)
    place.callee.failure = None
    assert place.call() == "answer"


def test_a_refusal_is_an_answer() -> None:
    place = Place()
    place.callee.failure = NotFound("there is none")
    for _ in range(10):
        with pytest.raises(NotFound):
            place.call()
    assert place.callee.asked == 10


def test_opening_and_closing_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    place = Place()
    place.fail(4)
    place.clock.advance(timedelta(seconds=30))
    place.fail(1)
    place.clock.advance(timedelta(seconds=30))
    place.callee.failure = None
    place.call()
    told = [(r.levelname, r.getMessage(), vars(r)["circuit"]) for r in caplog.records]
    assert told == [
        ("WARNING", "circuit opened", "test/callee"),
        ("WARNING", "circuit opened", "test/callee"),
        ("INFO", "circuit closed", "test/callee"),
    ]


def test_a_cache_that_is_away_lets_every_call_through() -> None:
    # Nothing listens on the port of a closed socket.
    breaker = CircuitBreaker(RedisCache("redis://127.0.0.1:1/0"), "test", RULE)
    callee = Callee()
    callee.failure = Unavailable("it does not answer")
    for _ in range(20):
        with pytest.raises(Unavailable, match="does not answer"), breaker.calling("callee"):
            callee()
    assert callee.asked == 20
