"""What a process of the stack says of itself goes to a file, and a full disk must not end it.

Its answers and its records fail by themselves where there is no room, and say so to whoever waits
for them. A line of its log that is lost is nobody's failure.
"""

from __future__ import annotations

import io
import sys
from typing import Any


def survive_a_full_disk() -> None:
    """From here on what is printed is written where that is possible."""
    sys.stdout = _lossy(sys.stdout.fileno())
    sys.stderr = _lossy(sys.stderr.fileno())


class _Lossy(io.FileIO):
    def write(self, data: Any) -> int:
        try:
            written = super().write(data)
        except OSError:
            return len(data)
        return written


def _lossy(descriptor: int) -> io.TextIOWrapper:
    raw = _Lossy(descriptor, "w", closefd=False)
    # Without a buffer, like Python's own with -u.
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)
