"""How often one subject of a tenant may call.

Without a cache, or while it does not answer, everybody may: in front of it API Gateway throttles.

A process asks the cache for a subject once in a tenth of a second, and counts by itself in between;
what it counted is taken out of the shared bucket with the next question. So no token is given away
twice for good: who gets ahead by calling many processes within that moment waits for it afterwards.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from dharma.core.cache import Bucket, Cache, Spent, Taken
from dharma.core.clock import Clock, epoch_microseconds
from dharma.core.principal import Principal

PERIOD_SECONDS = 60
# Microseconds. A question to the cache costs more than all the rest of a read does.
_OWN_COUNT = 100_000
_MOST_SUBJECTS = 10_000


@dataclass(slots=True)
class _Known:
    """What this process knows of a bucket. Moments in microseconds since 1970."""

    asked_at: int
    full_at: int
    spent: int = 0
    spent_at: int = 0


class RateLimit:
    """`per_minute` calls per subject, all of them at once if need be."""

    def __init__(self, cache: Cache, per_minute: int, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self.bucket = Bucket(per_minute, PERIOD_SECONDS)

    def take(self, principal: Principal) -> Taken | None:
        """Count one call; None when there is no cache to count with."""
        # A digest, so that any name makes a short key and none is readable in the cache.
        who = json.dumps([principal.tenant, principal.subject]).encode()
        key = f"rate/{hashlib.sha256(who).hexdigest()[:32]}"
        now = epoch_microseconds(self._clock.now())
        known = self._known.get(key)
        if known is not None and 0 <= now - known.asked_at < _OWN_COUNT:
            return self._count(known, now)
        return self._ask(key, now)

    def _count(self, known: _Known, now: int) -> Taken:
        taken, known.full_at = self.bucket.take(known.full_at, now)
        if taken.allowed:
            known.spent_at = known.spent_at or now
            known.spent += 1
        return taken

    def _ask(self, key: str, now: int) -> Taken | None:
        known = self._known.pop(key, None)
        spent = Spent(known.spent, known.spent_at) if known and known.spent else None
        taken = self._cache.take(key, self.bucket, spent)
        if taken is not None:
            if len(self._known) >= _MOST_SUBJECTS:
                del self._known[next(iter(self._known))]  # who was asked for the longest ago
            self._known[key] = _Known(now, now + round(taken.full_after * 1e6))
        return taken
