"""Reading the log files of the stack, their ends or as they grow.

A long log is rotated by copying it to `<name>.log.1` and emptying it
(`dharma_local.processes`): the process goes on writing to the same file.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dharma.core.errors import NotFound
from dharma_cli.screen import harmless
from dharma_local.stack_settings import StackSettings

if TYPE_CHECKING:
    from dharma_cli.output import Output

PAUSE_SECONDS = 0.2
_BLOCK = 64 * 1024
# Functions, gateway and supervisor begin their lines with it, as UTC.
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}")
_HEAD = 64
# Fields that say to what a line belongs, as functions and gateway spell them.
_IDENTIFIERS = (
    "correlation_id",
    "correlationId",
    "request_id",
    "requestId",
    "deployment_id",
    "deploymentId",
)


class LinePrinter:
    """Writes lines of logs: as they are, with `tag` behind the name of their process, or each as a
    JSON document with its process, its time (UTC, null where it has none) and its text, as `entry`
    where the text is JSON itself."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.tag = False

    def print(self, file: Path, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\n")
        if self._output.is_json:
            moment = _MOMENT.search(line, 0, _HEAD)
            entry = _json(line)
            said = {"text": text} if entry is None else {"entry": entry}
            time = None if moment is None else f"{moment[0].decode()}Z"
            self._output.document({"process": file.stem, "time": time, **said})
        else:
            text = harmless(text)
            sys.stdout.write(f"{file.stem:>8} | {text}\n" if self.tag else f"{text}\n")
        sys.stdout.flush()


def show(process: str | None, lines: int, printer: LinePrinter, *, follow: bool) -> None:
    """Print the last lines of one process's log, or of all; then go on while `follow`."""
    folder = StackSettings.from_environment().log_dir
    files = _files(folder, process)
    if not files:
        known = ", ".join(file.stem for file in _files(folder, None)) or "none yet"
        raise NotFound(f"There is no log of {process or 'the stack'}; logs: {known}")
    printer.tag = len(files) > 1 or (follow and process is None)
    tails = {file: _tail(file, lines, whole=follow) for file in files}
    found = [(moment, file, line) for file in files for moment, line in _timed(tails[file][0])]
    # In the order in which it happened; `sorted` keeps that of each file.
    for _, file, line in sorted(found, key=lambda each: each[0]):
        printer.print(file, line)
    positions = {file: end for file, (_, end) in tails.items()}
    while follow:
        time.sleep(PAUSE_SECONDS)
        positions = {
            file: _grown(file, positions.get(file, 0), printer) for file in _files(folder, process)
        }


def show_about(process: str | None, identifier: str, printer: LinePrinter) -> int:
    """Print every line, oldest first, that belongs to the request or deployment of this identifier,
    of one process's log or of all; how many there are."""
    folder = StackSettings.from_environment().log_dir
    printer.tag = process is None or len(_files(folder, process)) > 1
    found: list[tuple[str, Path, bytes]] = []
    for file in _files(folder, process):
        for part in (file.with_suffix(".log.1"), file):
            found += [(time, file, line) for time, line in _lines_about(part, identifier)]
    for _, file, line in sorted(found, key=lambda each: each[0]):
        printer.print(file, line)
    return len(found)


def _lines_about(part: Path, identifier: str) -> Iterator[tuple[str, bytes]]:
    """Time and text of each such line."""
    try:
        stream = part.open("rb")
    except FileNotFoundError:
        return
    sought = identifier.encode()
    with stream:
        for line in stream:
            said = _json(line) if sought in line else None
            if said is not None and identifier in (said.get(name) for name in _IDENTIFIERS):
                yield str(said.get("time", "")), line


def _json(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _files(folder: Path, process: str | None) -> list[Path]:
    """Of all processes, of one, or of all of a name: `gateway` are `gateway-1` and `gateway-2`."""
    files = sorted(folder.glob("*.log"))
    return [
        file
        for file in files
        if process is None or file.stem == process or file.stem.startswith(f"{process}-")
    ]


def _timed(lines: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Lines with their times, to the millisecond; one without has that of the line before."""
    moment = b""
    for line in lines:
        if said := _MOMENT.search(line, 0, _HEAD):
            moment = said[0]
        yield moment, line


def _tail(file: Path, lines: int, *, whole: bool) -> tuple[list[bytes], int]:
    """The last lines, with `whole` without one that is still being written; the place behind."""
    with file.open("rb") as stream:
        end = stream.seek(0, 2)
        start, data = end, b""
        while start > 0 and data.count(b"\n") <= lines:
            block = min(_BLOCK, start)
            start -= block
            stream.seek(start)
            data = stream.read(block) + data
    found = data.splitlines(keepends=True)
    if whole and found and not found[-1].endswith(b"\n"):
        end -= len(found.pop())
    return found[len(found) - min(lines, len(found)) :], end


def _grown(file: Path, position: int, printer: LinePrinter) -> int:
    try:
        if file.stat().st_size < position:
            _rest(file.with_suffix(".log.1"), file, position, printer)
            position = 0
        return _rest(file, file, position, printer)
    except FileNotFoundError:
        return 0


def _rest(part: Path, file: Path, position: int, printer: LinePrinter) -> int:
    """Print the whole lines behind a place in a part of a log; the place behind them."""
    try:
        stream = part.open("rb")
    except FileNotFoundError:
        return 0
    with stream:
        stream.seek(position)
        for line in stream:
            if not line.endswith(b"\n"):
                break
            printer.print(file, line)
            position += len(line)
    return position
