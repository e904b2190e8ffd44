"""Whole commands, as the operating system accounts them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def command_cpu(*words: str, runs: int = 3) -> tuple[float, float]:
    """CPU seconds (median) and peak MiB of a cold `iac-dharma` command and its children."""
    taken: list[float] = []
    peak = 0.0
    for _ in range(runs + 1):
        process = subprocess.Popen(
            [sys.executable, "-m", "dharma_cli.main", *words],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        taken.append(usage.ru_utime + usage.ru_stime)
        peak = max(peak, usage.ru_maxrss / 1024)
    return statistics.median(taken[1:]), peak
