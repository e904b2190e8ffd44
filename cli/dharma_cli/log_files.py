"""Reading the log files of the stack, whole or as they grow."""

from __future__ import annotations

import sys
import time
from collections import deque
from pathlib import Path

from dharma.core.errors import NotFound
from dharma_local.stack_settings import StackSettings

PAUSE_SECONDS = 0.2


def show(process: str | None, lines: int, *, follow: bool) -> None:
    """Print the last lines of one process's log, or of all; then go on while `follow`."""
    folder = StackSettings.from_environment().log_dir
    files = sorted(folder.glob("*.log"))
    if process is not None:
        files = [file for file in files if file.stem == process]
    if not files:
        known = ", ".join(file.stem for file in sorted(folder.glob("*.log"))) or "none yet"
        raise NotFound(f"There is no log of {process or 'the stack'}; logs: {known}")
    tag = len(files) > 1
    positions = {file: _tail(file, lines, tag) for file in files}
    while follow:
        time.sleep(PAUSE_SECONDS)
        for file, position in positions.items():
            positions[file] = _grown(file, position, tag)


def _tail(file: Path, lines: int, tag: bool) -> int:
    with file.open("rb") as stream:
        for line in deque(stream, maxlen=lines):
            _print(file, line, tag)
        return stream.tell()


def _grown(file: Path, position: int, tag: bool) -> int:
    # A file that is shorter than before was rotated: start over.
    size = file.stat().st_size if file.exists() else 0
    if size < position:
        position = 0
    if size == position:
        return position
    with file.open("rb") as stream:
        stream.seek(position)
        for line in stream:
            if not line.endswith(b"\n"):
                return stream.tell() - len(line)
            _print(file, line, tag)
        return stream.tell()


def _print(file: Path, line: bytes, tag: bool) -> None:
    text = line.decode("utf-8", "replace").rstrip("\n")
    sys.stdout.write(f"{file.stem:>8} | {text}\n" if tag else f"{text}\n")
    sys.stdout.flush()
