"""The cache on the redis protocol: ElastiCache, redis, valkey, or the embedded one on a laptop.

A cache that does not answer is left alone for a moment, so that its time-outs are not paid by every
request; each attempt that fails writes a log line with the calls that went without (`cacheMissed`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar, cast

from redis import ConnectionError as Disconnected
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from dharma.core.cache import Bucket, Spent, Taken
from dharma.core.clock import Clock, SystemClock, epoch_microseconds
from dharma.core.errors import Misconfigured

_log = logging.getLogger(__name__)
_CONNECT_SECONDS = 0.25
_ANSWER_SECONDS = 0.1
_PAUSE_SECONDS = 1.0
_PREFIX = "dharma:"
T = TypeVar("T")

# KEYS: the bucket. ARGV, in microseconds: now, the interval of one token, the depth, what was spent
# before, and when. The key ends when the bucket is full: who does not call costs no memory.
_TAKE = """
local now, interval, depth = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local spent = tonumber(ARGV[4])
local full_at = tonumber(redis.call('GET', KEYS[1]) or 0)
if spent > 0 then
  full_at = math.max(full_at, tonumber(ARGV[5])) + spent
end
local debt = math.max(full_at - now, 0)
local allowed = debt + interval <= depth
if allowed then
  debt = debt + interval
end
if allowed or (spent > 0 and debt > 0) then
  redis.call('SET', KEYS[1], string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000))
end
return {allowed and 1 or 0, debt}
"""


class RedisCache:
    """`url` is redis:// or rediss:// (TLS). `ticks`: seconds that only go forward."""

    def __init__(
        self, url: str, clock: Clock | None = None, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        try:
            self._redis = Redis.from_url(
                url,
                protocol=2,
                socket_connect_timeout=_CONNECT_SECONDS,
                socket_timeout=_ANSWER_SECONDS,
                # A connection that the other side closed meanwhile is made anew, once.
                retry=Retry(NoBackoff(), 1, supported_errors=(Disconnected,)),
            )
        except ValueError as error:
            raise Misconfigured(f"DHARMA_CACHE_URL: {error}") from error
        self._take = self._redis.register_script(_TAKE)
        self._clock = clock or SystemClock()
        self._ticks = ticks
        self._missed = 0
        self._told = 0
        self._away_until = 0.0

    @property
    def missed(self) -> int:
        return self._missed

    def get(self, key: str) -> bytes | None:
        # Without decode_responses it is bytes; the type of the client allows for both.
        return cast("bytes | None", self._try(lambda: self._redis.get(_PREFIX + key)))

    def set(self, key: str, value: bytes, *, seconds: int) -> None:
        self._try(lambda: self._redis.set(_PREFIX + key, value, ex=seconds))

    def delete(self, key: str) -> None:
        self._try(lambda: self._redis.delete(_PREFIX + key))

    def take(self, key: str, bucket: Bucket, spent: Spent | None = None) -> Taken | None:
        now = epoch_microseconds(self._clock.now())
        before = (spent.count * bucket.interval, spent.at) if spent else (0, 0)
        numbers = (now, bucket.interval, bucket.depth, *before)
        said = self._try(lambda: self._take(keys=[_PREFIX + key], args=numbers))
        return None if said is None else bucket.taken(bool(said[0]), int(said[1]))

    def close(self) -> None:
        self._redis.close()

    def _try(self, call: Callable[[], T]) -> T | None:
        if self._ticks() < self._away_until:
            self._missed += 1
            return None
        try:
            answer = call()
        except (RedisError, OSError) as error:
            self._missed += 1
            self._away_until = self._ticks() + _PAUSE_SECONDS
            self._tell(logging.WARNING, f"the cache does not answer: {error}")
            return None
        if self._told < self._missed:
            self._tell(logging.INFO, "the cache answers again")
        return answer

    def _tell(self, level: int, message: str) -> None:
        _log.log(level, message, extra={"cacheMissed": self._missed - self._told})
        self._told = self._missed
