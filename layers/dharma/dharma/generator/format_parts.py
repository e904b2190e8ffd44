"""`format("%s-%d", a, b)` as the parts of a template."""

from __future__ import annotations

import re

from dharma.model.expressions.nodes import Value

_VERB = re.compile(r"(%%|%[sdv])")
_VERBS = ("%s", "%d", "%v")


def format_parts(pattern: str, arguments: list[Value]) -> tuple[Value, ...] | None:
    """None for a verb with a width, or where verbs and arguments are not as many."""
    pieces = _VERB.split(pattern)
    wanted = sum(piece in _VERBS for piece in pieces)
    if any("%" in piece for piece in pieces[::2]) or wanted != len(arguments):
        return None
    left = iter(arguments)
    parts = (next(left) if p in _VERBS else p.replace("%%", "%") for p in pieces)
    return tuple(part for part in parts if part != "")
