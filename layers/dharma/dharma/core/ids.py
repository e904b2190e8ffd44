"""Identifiers that sort by the time of their making (the ULID layout).

26 characters of Crockford's base 32: 48 bits of milliseconds, then 80 bits that are random, or one
more than those of the identifier before when both fall into the same millisecond. So identifiers
of one process increase as long as its clock does, and those of several never meet.
Source: https://github.com/ulid/spec
"""

from __future__ import annotations

import re
import secrets
import threading

from dharma.core.clock import Clock, SystemClock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80
_PATTERN = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_lock = threading.Lock()
_last = 0


def new_id(clock: Clock | None = None) -> str:
    """A new identifier; `clock` is the machine's unless told otherwise."""
    global _last  # noqa: PLW0603 - the one counter that makes identifiers of a process increase
    moment = (clock or SystemClock()).now()
    fresh = (int(moment.timestamp() * 1000) << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    with _lock:
        same_millisecond = fresh >> _RANDOM_BITS == _last >> _RANDOM_BITS
        _last = _last + 1 if same_millisecond else fresh
        return _encode(_last)


def is_id(text: str) -> bool:
    """Whether a text is an identifier of this form."""
    return bool(_PATTERN.fullmatch(text))


def _encode(value: int) -> str:
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -5, -5))
