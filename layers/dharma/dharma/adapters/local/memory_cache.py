"""The cache of one process: for tests, and for circuit breakers where none is shared."""

from __future__ import annotations

from threading import Lock

from dharma.core.cache import Bucket, Spent, Taken
from dharma.core.circuit import Admission, Circuit, Rule
from dharma.core.clock import Clock, epoch_microseconds


class MemoryCache:
    missed = 0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._values: dict[str, tuple[bytes, int]] = {}
        self._full_at: dict[str, int] = {}
        self._circuits: dict[str, Circuit] = {}
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        value, until = self._values.get(key, (None, 0))
        return value if until > self._now() else None

    def set(self, key: str, value: bytes, *, seconds: int) -> None:
        self._values[key] = (value, self._now() + seconds * 1_000_000)

    def delete(self, key: str) -> None:
        self._values.pop(key, None)

    def take(self, key: str, bucket: Bucket, spent: Spent | None = None) -> Taken:
        with self._lock:
            full_at = self._full_at.get(key, 0)
            if spent:
                full_at = max(full_at, spent.at) + spent.count * bucket.interval
            taken, self._full_at[key] = bucket.take(full_at, self._now())
        return taken

    def admit(self, key: str, rule: Rule) -> Admission:
        with self._lock:
            circuit = self._circuits.get(key, Circuit())
            admission, self._circuits[key] = rule.admit(circuit, self._now())
        return admission

    def report(self, key: str, rule: Rule, *, ok: bool, probe: bool) -> tuple[bool, bool]:
        with self._lock:
            before = self._circuits.get(key, Circuit())
            after = rule.report(before, self._now(), ok=ok, probe=probe)
            self._circuits[key] = after
        return before.open_until > 0, after.open_until > 0

    def _now(self) -> int:
        return epoch_microseconds(self._clock.now())
