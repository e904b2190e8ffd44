"""How much is done, without a clock: calls of functions, Python's own included."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


class TooMuchWork(BaseException):
    """No Exception, so that nothing on the way takes it for a failure of its own."""


def calls_of(work: Callable[[], Any], most: int = 50_000_000) -> int:
    """The calls that `work` makes; it is stopped beyond `most`, so that an endless one ends."""
    count = 0

    def called(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1
            if count > most:
                sys.setprofile(None)
                raise TooMuchWork(f"more than {most:,} calls")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
