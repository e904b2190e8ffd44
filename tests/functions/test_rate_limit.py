"""How often a subject may call, seen through routes of environments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dharma import bootstrap
from dharma.adapters.local.memory_cache import MemoryCache
from dharma.bootstrap import Application
from dharma.core.cache import Bucket, Spent
from dharma.core.clock import FixedClock


class Away(MemoryCache):
    """A cache that does not answer."""

    def get(self, key: str) -> None:
        self.missed += 1

    def take(self, key: str, bucket: Bucket, spent: Spent | None = None) -> None:  # type: ignore[override]  # the port allows None
        self.missed += 1


@pytest.fixture
def three_a_minute(
    make_application: Callable[..., Application], api: Any, clock: FixedClock
) -> Any:
    bootstrap.use(make_application({"DHARMA_RATE_LIMIT": "3"}, cache=MemoryCache(clock)))
    return api


def statuses(api: Any, count: int, **of: Any) -> list[int]:
    return [api.call("GET", "/environments", **of).status for _ in range(count)]


def test_every_answer_says_what_is_left(three_a_minute: Any) -> None:
    reply = three_a_minute.call("GET", "/environments")
    assert reply.status == 200
    assert reply.headers["ratelimit-policy"] == '"subject";q=3;w=60'
    assert reply.headers["ratelimit"] == '"subject";r=2;t=20'
    missing = three_a_minute.call("GET", "/environments/none")
    assert (missing.status, missing.headers["ratelimit"]) == (404, '"subject";r=1;t=40')


def test_above_the_limit_it_is_a_problem_that_says_when_to_come_again(
    three_a_minute: Any, clock: FixedClock
) -> None:
    assert statuses(three_a_minute, 3) == [200, 200, 200]
    clock.advance(timedelta(seconds=5))
    reply = three_a_minute.call("GET", "/environments")
    assert (reply.status, reply.code) == (429, "TooManyRequests")
    assert reply.body["detail"] == "more than 3 requests in 60 seconds"
    assert reply.headers["retry-after"] == "15"
    assert reply.headers["ratelimit"] == '"subject";r=0;t=55'
    assert reply.headers["x-correlation-id"]
    clock.advance(timedelta(seconds=15))
    assert statuses(three_a_minute, 2) == [200, 429]


def test_nothing_is_done_for_a_refused_request(three_a_minute: Any, clock: FixedClock) -> None:
    statuses(three_a_minute, 3)
    assert three_a_minute.call("POST", "/environments", {"name": "dev"}).status == 429
    clock.advance(timedelta(seconds=20))
    assert three_a_minute.call("GET", "/environments").body["items"] == []


def test_the_limit_is_of_one_subject_in_one_tenant(three_a_minute: Any) -> None:
    assert statuses(three_a_minute, 4)[-1] == 429
    assert statuses(three_a_minute, 1, subject="bob") == [200]
    assert statuses(three_a_minute, 1, tenant="globex") == [200]
    # Names that could be mistaken for one another when they are put together.
    assert statuses(three_a_minute, 4, tenant="a/b", subject="c")[-1] == 429
    assert statuses(three_a_minute, 1, tenant="a", subject="b/c") == [200]


def test_refused_for_another_reason_counts_too(three_a_minute: Any) -> None:
    assert statuses(three_a_minute, 3, roles="") == [403, 403, 403]
    assert statuses(three_a_minute, 1) == [429]


def test_health_and_the_description_are_for_everybody(three_a_minute: Any) -> None:
    statuses(three_a_minute, 4)
    for path in ("/health", "/openapi.json"):
        replies = [three_a_minute.call("GET", path) for _ in range(4)]
        assert [reply.status for reply in replies] == [200] * 4
        assert not any("ratelimit" in reply.headers for reply in replies)


def test_a_thousand_a_minute_is_usual(
    make_application: Callable[..., Application], api: Any, clock: FixedClock
) -> None:
    bootstrap.use(make_application(cache=MemoryCache(clock)))
    reply = api.call("GET", "/environments")
    assert reply.headers["ratelimit-policy"] == '"subject";q=1000;w=60'


def test_without_a_cache_or_with_one_that_is_away_everybody_is_served(
    make_application: Callable[..., Application], api: Any, clock: FixedClock
) -> None:
    away = Away(clock)
    for parts in ({}, {"cache": away}):
        bootstrap.use(make_application({"DHARMA_RATE_LIMIT": "1"}, **parts))
        assert statuses(api, 3) == [200, 200, 200]
        assert "ratelimit" not in api.call("GET", "/environments").headers
        assert api.call("GET", "/blueprints/schema").status == 200
    assert away.missed >= 4
