"""The tokens of a Rego module: just enough of its grammar to edit a rule at the right place.

regorus gives positions with its tree, but some of them are off (an object literal starts at its
first key, a string without its quotes), so edits go by tokens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"""(?P<comment>\#[^\n]*)
       | (?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
       | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
       | (?P<number>[0-9][0-9A-Za-z_.+]*)
       | (?P<open>[\[({])
       | (?P<close>[\])}])
       | (?P<operator>:=|==|!=|<=|>=|[^\s\w])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`depth` counts the brackets around; a bracket itself has the depth outside of it. A name
    behind a dot (`input.if`) has the kind `field`."""

    kind: str
    text: bytes
    start: int
    end: int
    depth: int


def tokens(source: bytes, start: int = 0, end: int | None = None) -> list[Token]:
    """All tokens but the comments, depths counted from `start`."""
    found: list[Token] = []
    depth = 0
    for match in _TOKEN.finditer(source, start, len(source) if end is None else end):
        kind = match.lastgroup or ""
        if kind == "comment":
            continue
        if kind == "close":
            depth -= 1
        if kind == "name" and found and found[-1].text == b"." and found[-1].end == match.start():
            kind = "field"
        found.append(Token(kind, match.group(), match.start(), match.end(), depth))
        if kind == "open":
            depth += 1
    return found


def closing(found: Sequence[Token], opening: int) -> int:
    """The index of the bracket that closes the one at `opening`."""
    depth = found[opening].depth
    return next(
        i
        for i in range(opening + 1, len(found))
        if found[i].kind == "close" and found[i].depth == depth
    )


def opening(found: Sequence[Token], closed: int) -> int:
    """The index of the bracket that the one at `closed` closes."""
    depth = found[closed].depth
    return next(
        i for i in range(closed - 1, -1, -1) if found[i].kind == "open" and found[i].depth == depth
    )
