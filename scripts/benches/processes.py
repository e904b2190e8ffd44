"""Whole commands, as the operating system accounts them."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A process begins with the peak of the one that started it: so a small one does.
_LAUNCHER = """
import json, resource, subprocess, sys
quiet = subprocess.DEVNULL
code = subprocess.run(sys.argv[1:], stdout=quiet, stderr=quiet).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


def command_cpu(*words: str, runs: int = 3) -> tuple[float, float]:
    """CPU seconds (median) and peak MiB of a cold `iac-dharma` command and its children, of which
    the largest counts.

    Raises `RuntimeError` for a command that failed; findings (exit code 2) are no failure."""
    command = (sys.executable, "-m", "dharma_cli.main", *words)
    taken: list[float] = []
    peak = 0.0
    for _ in range(runs + 1):
        told = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        code, cpu, most = json.loads(told.stdout)
        if code not in (0, 2):
            # A command that gave up early would look fast.
            raise RuntimeError(f"iac-dharma {' '.join(words)} ended with {code}")
        taken.append(cpu)
        peak = max(peak, most / (1024 * 1024 if sys.platform == "darwin" else 1024))
    return statistics.median(taken[1:]), peak
