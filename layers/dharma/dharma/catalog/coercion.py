"""Bring a value to the type that its property declares, as the formats' readers would.

CloudFormation takes `"80"` for 80 and `"true"` for true; JSON documents come as text. Expressions
keep their form, apart from conditionals, whose outcomes are brought to the type, and which become
their own condition where they only spell out true and false.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from dharma.model.expressions.nodes import Call, Conditional, Expression, Template, Unary, Value

if TYPE_CHECKING:
    from dharma.catalog.kinds import Property

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?$")
_HOLE = "\ue000{}\ue001"
_HOLES = re.compile("\ue000([0-9]+)\ue001")


def coerce(value: Value, declared: Property) -> Value:
    """The value in the declared type, or unchanged where it cannot be brought there."""
    if value is None:
        return None
    if isinstance(value, Conditional):
        return simplified(
            Conditional(
                value.condition,
                coerce(value.then, declared),
                coerce(value.otherwise, declared),
            ),
            declared.type,
        )
    kind = declared.type
    if kind == "document":
        return document(value)
    if isinstance(value, Expression):
        return value
    if isinstance(value, list):
        return _coerced_list(value, declared)
    if isinstance(value, dict):
        return _coerced_dict(value, declared)
    if kind in _ELEMENT:
        return value
    return scalar(value, kind, declared.aliases)


_ELEMENT = {
    "list(string)": "string",
    "set(string)": "string",
    "list(number)": "number",
    "map(string)": "string",
    "map(number)": "number",
    "map(bool)": "bool",
}


def _coerced_list(value: list[Value], declared: Property) -> Value:
    element = _ELEMENT.get(declared.type)
    if element is not None:
        return [_scalar_deep(v, element) for v in value]
    if declared.properties:
        return [_members(v, declared) for v in value]
    return value


def _coerced_dict(value: dict[str, Value], declared: Property) -> Value:
    if declared.type.startswith("map("):
        return {k: _scalar_deep(v, _ELEMENT[declared.type]) for k, v in value.items()}
    if declared.properties:
        return _members(value, declared)
    return value


def _members(value: Value, declared: Property) -> Value:
    if isinstance(value, Conditional):
        return Conditional(
            value.condition,
            _members(value.then, declared),
            _members(value.otherwise, declared),
        )
    if not isinstance(value, dict):
        return value
    known = declared.properties
    return {k: coerce(v, known[k]) if k in known else v for k, v in value.items()}


def _scalar_deep(value: Value, kind: str) -> Value:
    if isinstance(value, Conditional):
        return Conditional(
            value.condition, _scalar_deep(value.then, kind), _scalar_deep(value.otherwise, kind)
        )
    if isinstance(value, bool | int | float | str):
        return scalar(value, kind, {})
    return value


def scalar(value: bool | int | float | str, kind: str, aliases: dict[str, Value]) -> Value:
    """One literal as a string, number or bool; other kinds leave it alone."""
    result: Value = value
    if kind == "string" and not isinstance(value, str):
        result = text_of(value)
    elif kind == "bool" and isinstance(value, str) and value.lower() in ("true", "false"):
        result = value.lower() == "true"
    elif kind == "number":
        result = _number(value)
    if aliases and isinstance(result, str):
        return aliases.get(result, result)
    return result


def _number(value: bool | int | float | str) -> Value:
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER.match(text):
            return float(text) if "." in text else int(text)
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def text_of(value: bool | int | float) -> str:
    """A literal as both languages turn it into text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def simplified(value: Conditional, kind: str) -> Value:
    """`c ? true : false` is `c`, `c ? false : true` is `!c`, equal outcomes are the outcome."""
    if value.then == value.otherwise and type(value.then) is type(value.otherwise):
        return value.then
    if kind == "bool":
        if value.then is True and value.otherwise is False:
            return value.condition
        if value.then is False and value.otherwise is True:
            return negation(value.condition)
    return value


def negation(value: Value) -> Value:
    """`!value`, without a double one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, Unary) and value.operator == "!":
        return value.operand
    return Unary("!", value)


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
