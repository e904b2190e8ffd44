from __future__ import annotations

import pytest

from dharma.adapters.local.memory_cache import MemoryCache
from dharma.core.cache import Bucket, Taken
from dharma.core.clock import FixedClock
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


def test_no_name_is_readable_in_the_cache() -> None:
    class Listening(MemoryCache):
        def __init__(self) -> None:
            super().__init__(FixedClock())
            self.keys: list[str] = []

        def take(self, key: str, bucket: Bucket) -> Taken:
            self.keys.append(key)
            return super().take(key, bucket)

    cache = Listening()
    limit = RateLimit(cache, 10)
    for tenant, subject in (("acme", "ada@example.com"), ("ac", "meada@example.com")):
        limit.take(Principal(subject, tenant, frozenset()))
    first, second = cache.keys
    assert first != second
    assert "ada" not in first + second
    assert " " not in first
