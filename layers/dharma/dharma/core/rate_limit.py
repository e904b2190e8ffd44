"""How often one subject of a tenant may call.

Without a cache, or while it does not answer, everybody may: in front of it API Gateway throttles.
"""

from __future__ import annotations

import hashlib
import json

from dharma.core.cache import Bucket, Cache, Taken
from dharma.core.principal import Principal

PERIOD_SECONDS = 60


class RateLimit:
    """`per_minute` calls per subject, all of them at once if need be."""

    def __init__(self, cache: Cache, per_minute: int) -> None:
        self._cache = cache
        self.bucket = Bucket(per_minute, PERIOD_SECONDS)

    def take(self, principal: Principal) -> Taken | None:
        """Count one call; None when there is no cache to count with."""
        # A digest, so that any name makes a short key and none is readable in the cache.
        who = json.dumps([principal.tenant, principal.subject]).encode()
        return self._cache.take(f"rate/{hashlib.sha256(who).hexdigest()[:32]}", self.bucket)
