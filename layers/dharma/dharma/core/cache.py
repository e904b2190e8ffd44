"""The port of what may be lost: rate limits, circuit breakers, answers that can be made again.

No method raises for a cache that does not answer: reading gives None, writing does nothing, and
`missed` counts the calls that went without it. Nobody's request fails for want of a cache.

A rate limit is a token bucket, kept as the generic cell rate algorithm (GCRA; ITU-T I.371): one
number per bucket, the moment at which it will be full again. Taking a token moves that moment by
one interval; there is a token as long as the moment is at most one period away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dharma.core.circuit import Admission, Rule


@dataclass(frozen=True, slots=True)
class Taken:
    """An attempt to take a token. Times in seconds from now.

    `retry_after` is when the next token is there, 0 if there is one; `full_after` when all are.
    """

    allowed: bool
    remaining: int
    full_after: float
    retry_after: float


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens that were given out already without asking, the first at `at` (microseconds since
    1970)."""

    count: int
    at: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """`capacity` tokens that refill evenly within `period` seconds, which may be had at once."""

    capacity: int
    period: int

    @property
    def interval(self) -> int:
        """Microseconds until one token is back."""
        return self.period * 1_000_000 // self.capacity

    @property
    def depth(self) -> int:
        """Microseconds until an empty bucket is full."""
        return self.interval * self.capacity

    def take(self, full_at: int, now: int) -> tuple[Taken, int]:
        """Take a token out of a bucket that is full at a moment; and the moment after that."""
        debt = max(full_at - now, 0)
        if debt + self.interval > self.depth:
            return self.taken(False, debt), full_at
        debt += self.interval
        return self.taken(True, debt), now + debt

    def taken(self, allowed: bool, debt: int) -> Taken:
        """What a debt of so many microseconds until the bucket is full says to a caller."""
        short = debt + self.interval - self.depth
        return Taken(
            allowed,
            remaining=max(0, self.depth - debt) // self.interval,
            full_after=debt / 1e6,
            retry_after=max(0, short) / 1e6,
        )


class Cache(Protocol):
    """Keys are text without blanks; values bytes."""

    @property
    def missed(self) -> int:
        """How many calls of this process the cache did not answer."""
        ...

    def get(self, key: str) -> bytes | None: ...

    def set(self, key: str, value: bytes, *, seconds: int) -> None:
        """Keep it for so long at most."""
        ...

    def delete(self, key: str) -> None: ...

    def take(self, key: str, bucket: Bucket, spent: Spent | None = None) -> Taken | None:
        """Take a token, in one step for all who share the cache; a refusal takes nothing.

        `spent` tokens leave the bucket in any case, below empty if need be. None: the cache does
        not answer.
        """
        ...

    def admit(self, key: str, rule: Rule) -> Admission | None:
        """Whether a call may be made (`dharma.core.circuit`), in one step for all who share the
        cache. None: the cache does not answer."""
        ...

    def report(self, key: str, rule: Rule, *, ok: bool, probe: bool) -> tuple[bool, bool] | None:
        """How a call ended; whether its circuit was open before, and is after."""
        ...
