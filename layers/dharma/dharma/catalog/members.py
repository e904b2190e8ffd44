"""The model's side of a table: values at the paths of a resource's properties.

Properties may be absent, unknown, expressions, or conditional at any depth; what is symbolic on the
way is carried to the value.
"""

from __future__ import annotations

from collections.abc import Mapping

from dharma.catalog.kinds import Property
from dharma.catalog.paths import branch, common_condition, conditional
from dharma.model.expressions.nodes import (
    Conditional,
    Expression,
    GetAttr,
    Symbol,
    Unknown,
    Value,
)


def holds(when: Mapping[str, tuple[Value, ...]], properties: Mapping[str, Value]) -> bool:
    """Whether each named property has one of the values."""
    return all(member(properties, tuple(key.split("."))) in wanted for key, wanted in when.items())


def member(properties: Value | Mapping[str, Value], path: tuple[str, ...]) -> Value:
    """The value at a model path; through conditionals, unknowns and expressions of objects."""
    value: Value = properties  # type: ignore[assignment]  # a mapping is only read
    for position, key in enumerate(path):
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, Conditional):
            rest = path[position:]
            return conditional(
                value.condition, member(value.then, rest), member(value.otherwise, rest)
            )
        elif isinstance(value, Unknown) or value is None:
            return value
        elif isinstance(value, Symbol):
            value = Symbol((*value.path, key))
        elif isinstance(value, Expression):
            value = GetAttr(value, key)
        else:
            return None
    return value


def or_else(value: Value, stand_in: Value) -> Value:
    """The value with `stand_in` in place of absence, in the branches of a conditional too."""
    if value is None:
        return stand_in
    if isinstance(value, Conditional):
        return Conditional(
            value.condition, or_else(value.then, stand_in), or_else(value.otherwise, stand_in)
        )
    return value


def instead_of_absent(
    properties: Value | Mapping[str, Value], path: tuple[str, ...], stand_in: Value
) -> Value:
    """The value at the path with `stand_in` wherever it is absent inside an object that exists."""
    if isinstance(properties, Conditional):
        return conditional(
            properties.condition,
            instead_of_absent(properties.then, path, stand_in),
            instead_of_absent(properties.otherwise, path, stand_in),
        )
    if not isinstance(properties, dict):
        return member(properties, path)
    inner = properties.get(path[0])
    if len(path) == 1:
        return or_else(inner, stand_in)
    if len(path) == 2 and isinstance(inner, dict) and inner:
        return completed(inner, path[1], stand_in)
    return instead_of_absent(inner, path[1:], stand_in)


def completed(parent: dict[str, Value], key: str, stand_in: Value) -> Value:
    """A member with `stand_in` for its absence, but only where its object exists: when the other
    members are there under one condition, the object is."""
    value = parent.get(key)
    others = [v for k, v in parent.items() if k != key and v is not None]
    if not others and value is not None:
        return value
    exists = common_condition(iter(others))
    if exists is None:
        return or_else(value, stand_in)
    condition, outcome = exists
    if isinstance(value, Conditional) and common_condition(iter([value])) == exists:
        value = branch(value, outcome)
    elif value is not None:
        return or_else(value, stand_in)
    inner = or_else(value, stand_in)
    return Conditional(condition, inner, None) if outcome else Conditional(condition, None, inner)


def merge(into: dict[str, Value], more: Mapping[str, Value]) -> None:
    """Add the members of one object to another, objects inside them too; what is there stays."""
    for key, value in more.items():
        here = into.get(key)
        if here is None:
            into[key] = value
        elif isinstance(here, dict) and isinstance(value, dict):
            merge(here, value)


def set_member(properties: dict[str, Value], path: tuple[str, ...], value: Value) -> None:
    """Set the value at a model path, making the objects on the way."""
    for key in path[:-1]:
        inner = properties.setdefault(key, {})
        assert isinstance(inner, dict)
        properties = inner
    properties[path[-1]] = value


def meaningful(element: dict[str, Value], declared: Property) -> dict[str, Value]:
    """The element without the members that mean nothing beside its other values."""
    for when, members in declared.meaningless:
        if all(element.get(key) == wanted for key, wanted in when.items()):
            element = {k: v for k, v in element.items() if k not in members}
    return element
