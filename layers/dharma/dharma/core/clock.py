"""Time, injected. Everything is UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock for tests that stands still until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> None:
        self._at += by


def epoch_seconds(moment: datetime) -> int:
    """Whole seconds since 1970, rounded down: the unit of `Item.expires_at` and of JWT claims."""
    return int(moment.timestamp())


def epoch_microseconds(moment: datetime) -> int:
    """Exact, where `timestamp()` rounds."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def isoformat(moment: datetime) -> str:
    """RFC 3339 with milliseconds and `Z`, the one spelling of a time in JSON; it sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """The inverse of `isoformat` (to the millisecond)."""
    return datetime.fromisoformat(text).astimezone(UTC)
