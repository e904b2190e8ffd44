"""Literals in another type, and conditionals over literals in their shortest form."""

from __future__ import annotations

import re

from dharma.model.expressions.negation import negated
from dharma.model.expressions.nodes import Conditional, Value

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?$")


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
            return negated(value.condition)
    return value


def _number(value: bool | int | float | str) -> Value:
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER.match(text):
            return float(text) if "." in text else int(text)
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
