"""Bring a value to the type that its property declares, as the formats' readers would.

CloudFormation takes `"80"` for 80 and `"true"` for true; JSON documents come as text. Expressions
keep their form, apart from conditionals, whose outcomes are brought to the type, and which become
their own condition where they only spell out true and false.
"""

from __future__ import annotations

from dharma.catalog.documents import document
from dharma.catalog.kinds import Property
from dharma.catalog.literals import scalar, simplified
from dharma.model.expressions.nodes import Conditional, Expression, Value


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
