"""Where results go: text for people, JSON for programs.

Results go to standard output, progress and faults to standard error. Colour is used on a terminal
only, and never when `NO_COLOR` is set (https://no-color.org). In JSON every document carries
`schemaVersion` and `command`; its keys only ever grow within a version.
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from dharma.core.errors import DharmaError

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA_VERSION = "1"
# Commands that answer with any number of documents, each on a line.
STREAMS = frozenset({"logs"})


class Format(StrEnum):
    """How a command answers."""

    TEXT = "text"
    JSON = "json"


class Output:
    """The two streams of one command."""

    def __init__(self, command: str, format: Format = Format.TEXT) -> None:
        self.command = command
        self.format = format
        self._console: Console | None = None
        self._notices: Console | None = None

    @property
    def is_json(self) -> bool:
        return self.format is Format.JSON

    @property
    def console(self) -> Console:
        if self._console is None:
            self._console = _console(sys.stdout)
        return self._console

    @property
    def notices(self) -> Console:
        if self._notices is None:
            self._notices = _console(sys.stderr)
        return self._notices

    def document(self, body: dict[str, Any]) -> None:
        """A JSON document on standard output: the only one, but for a command that streams, which
        writes one a line."""
        head = {"schemaVersion": SCHEMA_VERSION, "command": self.command}
        whole = {**head, **body, **head}
        plain = (sys.stdout.encoding or "utf-8").lower() not in ("utf-8", "utf8")
        text = json.dumps(
            whole, indent=None if self.command in STREAMS else 2, ensure_ascii=plain, default=str
        )
        sys.stdout.write(f"{text}\n")

    def failed(self, error: DharmaError) -> None:
        """An expected failure: all its faults, one a line, or one JSON document."""
        if self.is_json:
            self.document({"error": error.to_dict()})
            return
        self.notices.print(f"[bold red]{error.code}[/]: ", end="")
        self.notices.print(error.message, markup=False, highlight=False, soft_wrap=True)
        for fault in error.faults:
            if str(fault) == error.message:
                # The only one, and said already.
                continue
            self.notices.print(f"  {fault}", markup=False, highlight=False, soft_wrap=True)

    def say(self, text: str, style: str | None = None) -> None:
        """A line of progress for people; nothing in JSON."""
        if not self.is_json:
            self.notices.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def heading(console: Console, text: str) -> None:
    """A line that begins a part of a long answer."""
    console.print(f"\n[dim]──[/] [bold]{text}[/] [dim]{'─' * max(2, 74 - len(text))}[/]")


def _console(stream: Any) -> Console:
    from dharma_cli.screen import Screen

    # Away from a terminal a line is as long as it is: logs and pipes must not be wrapped at 80.
    width = None if stream.isatty() else 1000
    return Screen(file=stream, width=width, highlight=False, emoji=False)
