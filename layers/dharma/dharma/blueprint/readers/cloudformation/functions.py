"""How a template of CloudFormation says a function, and how it compares and joins scalars."""

from __future__ import annotations

from dharma.blueprint.yaml_source import Node
from dharma.model.expressions.nodes import Value


class NotUnderstood(Exception):
    """Why a function was not understood; caught where the function's value would stand."""


def sole_key(node: Node) -> str | None:
    if isinstance(node.value, dict) and len(node.value) == 1:
        return next(iter(node.value))
    return None


def sole_argument(node: Node) -> Node:
    assert isinstance(node.value, dict)
    return next(iter(node.value.values()))[1]


def as_text(value: Value) -> Value:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value


def as_number(value: Value) -> Value:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    return value
