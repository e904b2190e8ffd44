"""One measured figure, and how to take it."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A figure in `unit`; `budget` is the design's, where it has one."""

    name: str
    value: float
    unit: str
    budget: float | None = None


def cpu_seconds(work: Callable[[], Any], runs: int = 3) -> float:
    """CPU time of one call, in this process and in those that it started and waited for: the median
    of `runs` after one warm-up."""
    work()
    taken = []
    for _ in range(runs):
        start = _spent()
        work()
        taken.append(_spent() - start)
    return statistics.median(taken)


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def percentile(values: list[float], share: float) -> float:
    """Nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
