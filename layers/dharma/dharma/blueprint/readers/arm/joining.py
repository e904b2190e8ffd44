"""Texts and lists put together: `concat` and `format` of ARM."""

from __future__ import annotations

import re

from dharma.model.expressions.nodes import Conditional, Value
from dharma.model.expressions.templates import join_parts

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d+)\}")
_NUMBER_FORMAT = re.compile(r"\{\d+[:,]")


def joined(values: list[Value]) -> Value:
    """The text of all of them."""
    return join_parts(piece(value) for value in values)


def formatted(text: str, arguments: list[Value]) -> tuple[Value] | None:
    """`format('{0}-app', x)` as a text; None for a format of numbers, or one that lacks an
    argument."""
    parts: list[Value] = []
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        parts.append(text[position : match.start()])
        position = match.end()
        if match.group(1) is None:
            parts.append(match.group()[0])
        elif int(match.group(1)) < len(arguments):
            parts.append(piece(arguments[int(match.group(1))]))
        else:
            return None
    parts.append(text[position:])
    if any(isinstance(p, str) and _NUMBER_FORMAT.search(p) for p in parts):
        return None
    return (join_parts(parts),)


def piece(value: Value) -> Value:
    """A value as it stands inside text."""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, Conditional) and (value.then, value.otherwise) == ("true", "false"):
        return value.condition  # How a flag is written inside text.
    return str(value) if isinstance(value, int | float) else value


def elements(value: Value) -> list[Value] | None:
    """A list whose elements are spelled out; one that is there only under a condition becomes
    conditional elements."""
    if isinstance(value, list):
        return value
    if isinstance(value, Conditional):
        then, otherwise = elements(value.then), elements(value.otherwise)
        if then is None or otherwise is None or max(len(then), len(otherwise)) > 1:
            return None
        return [
            Conditional(
                value.condition, then[0] if then else None, otherwise[0] if otherwise else None
            )
        ]
    return None
