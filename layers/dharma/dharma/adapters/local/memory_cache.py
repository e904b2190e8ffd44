"""The cache of one process, for tests."""

from __future__ import annotations

from threading import Lock

from dharma.core.cache import Bucket, Taken
from dharma.core.clock import Clock, epoch_microseconds


class MemoryCache:
    missed = 0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._values: dict[str, tuple[bytes, int]] = {}
        self._full_at: dict[str, int] = {}
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        value, until = self._values.get(key, (None, 0))
        return value if until > self._now() else None

    def set(self, key: str, value: bytes, *, seconds: int) -> None:
        self._values[key] = (value, self._now() + seconds * 1_000_000)

    def delete(self, key: str) -> None:
        self._values.pop(key, None)

    def take(self, key: str, bucket: Bucket) -> Taken:
        with self._lock:
            now = self._now()
            debt = max(self._full_at.get(key, now) - now, 0)
            allowed = debt + bucket.interval <= bucket.depth
            if allowed:
                debt += bucket.interval
                self._full_at[key] = now + debt
        return bucket.taken(allowed, debt)

    def _now(self) -> int:
        return epoch_microseconds(self._clock.now())
