"""One measured figure, and how to take it."""

from __future__ import annotations

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
    """CPU time of this process for one call: the median of `runs` after one warm-up."""
    work()
    taken = []
    for _ in range(runs):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def percentile(values: list[float], share: float) -> float:
    """Nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
