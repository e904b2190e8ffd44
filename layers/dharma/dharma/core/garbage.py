"""Python's collector of cyclic garbage, while something large is built that stays.

The collector looks through all young objects whenever 700 more were made than freed, and now and
then through all that there are. Where a document of 10,000 resources is read or written, nearly all
objects stay, so it looks in vain, and the more there are, the longer it takes: a third of the time.
It is not switched off, because failed evaluations are cyclic garbage (an exception holds its frame,
the frame the exception), and an input may bring forth millions of them.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Objects made and not freed, before the young ones are looked through: some 5 MB.
YOUNG = 50_000
# Times that they are, before those that are left of them are looked through once more. That costs
# as much as all the times before, since they are no longer in the processor's cache, and it frees
# next to nothing: what fails is garbage while it is young.
OLDER = 100
_lock = threading.Lock()
_inside = 0
_usual = gc.get_threshold()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let the collector run more seldom inside; also a decorator. Threads may be inside at the same
    time: the last one to leave puts things back."""
    global _inside, _usual  # noqa: PLW0603 - the thresholds are the process's, too
    with _lock:
        if _inside == 0:
            _usual = gc.get_threshold()
            young, older, rest = _usual
            gc.set_threshold(max(YOUNG, young) if young else 0, max(OLDER, older), rest)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                gc.set_threshold(*_usual)
