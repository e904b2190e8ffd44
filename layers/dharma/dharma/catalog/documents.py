"""JSON documents as structures."""

from __future__ import annotations

import json
import re
from typing import Any

from dharma.model.expressions.nodes import Call, Template, Value

_HOLE = "\ue000{}\ue001"
_HOLES = re.compile("\ue000([0-9]+)\ue001")


def document(value: Value) -> Value:
    """A JSON document as a structure: out of JSON text, `jsonencode(...)`, or a template of JSON
    text with references in it. What is none of these stays as it is."""
    if isinstance(value, Call) and value.name == "jsonencode" and len(value.arguments) == 1:
        return value.arguments[0]
    if isinstance(value, str):
        parsed = _parsed(value)
        return value if parsed is None else parsed
    if isinstance(value, Template):
        holes: list[Value] = [part for part in value.parts if not isinstance(part, str)]
        numbers = iter(range(len(holes)))
        text = "".join(
            part if isinstance(part, str) else _HOLE.format(next(numbers)) for part in value.parts
        )
        parsed = _parsed(text)
        return value if parsed is None else _filled(parsed, holes)
    return value


def _parsed(text: str) -> Any:
    """The JSON structure in a text; None when the text is no JSON object or array."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None


def _filled(value: Value, holes: list[Value]) -> Value:
    if isinstance(value, dict):
        return {k: _filled(v, holes) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, holes) for v in value]
    if not isinstance(value, str) or not _HOLES.search(value):
        return value
    parts: list[Value] = []
    for index, piece in enumerate(_HOLES.split(value)):
        if index % 2:
            parts.append(holes[int(piece)])
        elif piece:
            parts.append(piece)
    return parts[0] if len(parts) == 1 else Template(tuple(parts))
