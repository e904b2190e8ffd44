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
from dharma.core.circuit import Admission, Rule
from dharma.core.clock import Clock, SystemClock, epoch_microseconds
from dharma.core.errors import Misconfigured

_log = logging.getLogger(__name__)
_CONNECT_SECONDS = 0.25
_ANSWER_SECONDS = 0.1
_PAUSE_SECONDS = 1.0
_PREFIX = "dharma:"
_MICROSECONDS = 1_000_000
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

# `dharma.core.circuit.Rule` again, where the state is. KEYS: the circuit, a hash of the fields of
# `Circuit`. ARGV, in microseconds: now and how long a probe may take.
_ADMIT = """
local now, probe = tonumber(ARGV[1]), tonumber(ARGV[2])
local said = redis.call('HMGET', KEYS[1], 'open_until', 'probe_until')
local open_until, probe_until = tonumber(said[1] or 0), tonumber(said[2] or 0)
if open_until == 0 then
  return {1, 0, 0}
end
local till = math.max(open_until, probe_until)
if now < till then
  return {0, 0, till - now}
end
local probing = string.format('%.0f', now + probe)
redis.call('HSET', KEYS[1], 'open_until', ARGV[1], 'probe_until', probing)
redis.call('PEXPIRE', KEYS[1], 3600000)
return {1, 1, 0}
"""
# ARGV: now, window and pause in microseconds, threshold in percent, least calls, ok, probe.
_REPORT = """
local now, window, pause = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local threshold, least = tonumber(ARGV[4]), tonumber(ARGV[5])
local ok, probe = ARGV[6] == '1', ARGV[7] == '1'
local said = redis.call('HMGET', KEYS[1], 'since', 'ok', 'failed', 'open_until')
local since, good, bad = tonumber(said[1] or 0), tonumber(said[2] or 0), tonumber(said[3] or 0)
local open = tonumber(said[4] or 0) > 0
local function keep(began, right, wrong, till)
  redis.call('HSET', KEYS[1], 'since', string.format('%.0f', began), 'ok', right, 'failed', wrong,
    'open_until', string.format('%.0f', till), 'probe_until', 0)
  redis.call('PEXPIRE', KEYS[1], 3600000)
end
if open then
  if not probe then
    return {1, 1}
  end
  if ok then
    keep(now, 0, 0, 0)
    return {1, 0}
  end
  keep(0, 0, 0, now + pause)
  return {1, 1}
end
if now - since >= window then
  since, good, bad = now, 0, 0
end
if ok then
  good = good + 1
else
  bad = bad + 1
end
if not ok and good + bad >= least and bad * 100 >= threshold * (good + bad) then
  keep(0, 0, 0, now + pause)
  return {0, 1}
end
keep(since, good, bad, 0)
return {0, 0}
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
        self._admit = self._redis.register_script(_ADMIT)
        self._report = self._redis.register_script(_REPORT)
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

    def admit(self, key: str, rule: Rule) -> Admission | None:
        numbers = (epoch_microseconds(self._clock.now()), rule.probe * _MICROSECONDS)
        said = self._try(lambda: self._admit(keys=[_PREFIX + key], args=numbers))
        if said is None:
            return None
        return Admission(bool(said[0]), bool(said[1]), int(said[2]) / _MICROSECONDS)

    def report(self, key: str, rule: Rule, *, ok: bool, probe: bool) -> tuple[bool, bool] | None:
        numbers = (
            epoch_microseconds(self._clock.now()),
            rule.window * _MICROSECONDS,
            rule.pause * _MICROSECONDS,
            rule.threshold,
            rule.least_calls,
            int(ok),
            int(probe),
        )
        said = self._try(lambda: self._report(keys=[_PREFIX + key], args=numbers))
        return None if said is None else (bool(said[0]), bool(said[1]))

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
