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
# The last identifier of each of the latest milliseconds; several, as there may be several clocks.
_latest: dict[int, int] = {}
_REMEMBERED = 16


def new_id(clock: Clock | None = None) -> str:
    """A new identifier; `clock` is the machine's unless told otherwise."""
    milliseconds = int((clock or SystemClock()).now().timestamp() * 1000)
    with _lock:
        before = _latest.pop(milliseconds, None)
        random = secrets.randbits(_RANDOM_BITS)
        value = milliseconds << _RANDOM_BITS | random if before is None else before + 1
        _latest[milliseconds] = value
        while len(_latest) > _REMEMBERED:
            del _latest[next(iter(_latest))]
    return _encode(value)


def is_id(text: str) -> bool:
    """Whether a text is an identifier of this form."""
    return bool(_PATTERN.fullmatch(text))


def _encode(value: int) -> str:
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -5, -5))
