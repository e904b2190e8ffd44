"""Of which type a value evidently is.

Functions of Azure (`concat`, `contains`, `take`, `union`) mean one thing of texts and another of
lists; the model has a function for each.
"""

from __future__ import annotations

from collections.abc import Mapping

from dharma.model.arm_functions import is_text
from dharma.model.expressions.nodes import (
    COUNT_INDEX,
    Binary,
    Call,
    Conditional,
    ForList,
    ForMap,
    ObjectConstructor,
    Value,
    VariableRef,
)

_LISTS = frozenset({"concat", "split", "range", "flatten", "keys", "tolist", "toset", "distinct"})


class ValueTypes:
    """`variables` are the types of the blueprint's variables: string, number, bool, array, object.
    A value of unknown type is of none."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def is_text(self, value: Value) -> bool:
        return is_text(value, lambda name: self._variables.get(name) == "string")

    def is_list(self, value: Value) -> bool:
        return _is_list(value) or self._said(value) == "array"

    def is_object(self, value: Value) -> bool:
        return is_object(value) or self._said(value) == "object"

    def is_number(self, value: Value) -> bool:
        if isinstance(value, Binary):
            return value.operator in ("+", "-", "*", "%")
        return value == COUNT_INDEX or self._said(value) == "number" or type(value) is int

    def _said(self, value: Value) -> str | None:
        if isinstance(value, VariableRef):
            return self._variables.get(value.name)
        if isinstance(value, Call) and value.name == "coalesce":
            return next((t for t in map(self._said, value.arguments) if t is not None), None)
        return "array" if isinstance(value, Call) and value.name in _LISTS else None


def is_object(value: Value) -> bool:
    """Whether it is one by its form: a variable of that type may still be null."""
    if isinstance(value, Conditional):
        return is_object(value.then) and is_object(value.otherwise)
    if isinstance(value, dict | ObjectConstructor | ForMap):
        return True
    return isinstance(value, Call) and value.name == "merge"


def _is_list(value: Value) -> bool:
    if isinstance(value, list | ForList):
        return True
    if isinstance(value, Conditional):
        return _is_list(value.then) or _is_list(value.otherwise)
    return isinstance(value, Call) and value.name in _LISTS
