"""Functions of ARM that the model has a counterpart for.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions.
"""

from __future__ import annotations

import json
import re

from dharma.blueprint.readers.arm.access import indexed, perhaps
from dharma.blueprint.readers.arm.joining import elements, formatted, joined
from dharma.blueprint.readers.arm.names import Names
from dharma.blueprint.readers.arm.surroundings import Surroundings
from dharma.blueprint.readers.arm.value_types import ValueTypes, is_object
from dharma.model.arm_functions import OPERATORS, SAME_ARGUMENTS
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    Expression,
    Index,
    ObjectConstructor,
    Unary,
    Value,
    VariableRef,
)

_LEADING_POINT = re.compile(r"\A\s*\.(?=\d+\s*\Z)")  # Azure takes `.5` for a number.
_OPERATORS = {name.lower(): operator for operator, name in OPERATORS.items()}
_SAME = {native.lower(): name for name, native in SAME_ARGUMENTS.items()}


class Functions:
    """Calls of functions as values of the model; arguments are values already."""

    def __init__(self, names: Names, around: Surroundings) -> None:
        self._names = names
        self._around = around
        self._types = ValueTypes(names.types)

    def counterpart(self, name: str, arguments: list[Value]) -> tuple[Value] | None:
        """What the model has for a function, by its name in small letters; None for any other."""
        match name, arguments:
            case "concat", _:
                return (self._concat(arguments),)
            case "format", [str(text), *rest]:
                return self._format(text, rest)
            case (("null" | "true" | "false"), []):
                return ({"null": None, "true": True, "false": False}[name],)
            case "createarray", _:
                return (arguments,)
            case "createobject", _ if len(arguments) % 2 == 0:
                pairs = tuple(zip(arguments[::2], arguments[1::2], strict=True))
                if all(isinstance(key, str) for key, _ in pairs):
                    return ({str(k): v for k, v in pairs},)
                return (ObjectConstructor(pairs),)
            case "if", [condition, then, otherwise]:
                return (self._if(condition, then, otherwise),)
            case "not", [Binary("==", left, right)]:
                return (Binary("!=", left, right),)
            case "not", [operand]:
                return (Unary("!", operand),)
            case (("and" | "or"), [first, second, *rest]):
                operator = "&&" if name == "and" else "||"
                value: Value = Binary(operator, first, second)
                for other in rest:
                    value = Binary(operator, value, other)
                return (value,)
            case "sub", [0, operand]:
                return (Unary("-", operand),)
            case "empty", [operand]:
                return (self._empty(operand),)
            case "json", [str(text)]:
                return _json(text)
            case "string", [(dict() | list() | ObjectConstructor()) as document]:
                return (Call("jsonencode", (document,)),)
            case "string", [operand]:
                return (Call("tostring", (operand,)),)
            case (("split" | "join"), [first, second]):
                return (Call(name, (second, first)),)
            case "contains", [container, item]:
                return (self._contains(container, item),)
            case "range", [0, count]:
                return (Call("range", (count,)),)
            case "div", [first, second]:
                return (Call("floor", (Binary("/", first, second),)),)
            case "padleft", [number, int(width), "0"] if self._types.is_number(number):
                return (Call("format", (f"%0{width}d", number)),)
            case "tryget", [owner, *steps] if steps:
                return (perhaps(owner, steps),)
            case "array", [operand]:
                return (
                    None
                    if isinstance(operand, Expression)
                    else (operand if isinstance(operand, list) else [operand],)
                )
        if name in _OPERATORS and len(arguments) == 2:
            return (Binary(_OPERATORS[name], *arguments),)
        if name == "union" and all(map(self._types.is_list, arguments)):
            return (Call("distinct", (self._united(arguments),)),)
        if name == "union" and not all(map(is_object, arguments)):
            return None
        if name == "coalesce" and len(arguments) == 1:
            return (arguments[0],)
        if name == "length" and isinstance(arguments[0], Call) and arguments[0].name == "range":
            return (arguments[0].arguments[-1],) if len(arguments[0].arguments) == 1 else None
        portion = self._portion(name, arguments)
        if portion is not None:
            return portion
        if name in _SAME and arguments:
            return (Call(_SAME[name], tuple(arguments)),)
        return None

    def _contains(self, container: Value, item: Value) -> Value:
        """An element of a list, a part of a text, or a member of an object."""
        if self._types.is_text(container):
            return Call("strcontains", (container, item))
        if self._types.is_object(container):
            return Call("contains", (Call("keys", (container,)), item))
        return Call("contains", (container, item))

    def _portion(self, name: str, arguments: list[Value]) -> tuple[Value] | None:
        """The beginning, the end or the middle of a text or a list. Which of them it is has to be
        known: the model has other functions for the one than for the other."""
        if name == "substring" and len(arguments) in (2, 3):
            text, start, *length = arguments
            return (Call("substr", (text, start, *(length or [-1]))),)
        if name not in ("first", "last", "skip", "take") or not arguments:
            return None
        whole = arguments[0]
        texts = self._types.is_text(whole)
        lists = self._types.is_list(whole)
        match name, arguments:
            case "first", [_]:
                return (Call("substr", (whole, 0, 1)) if texts else indexed(whole, 0),)
            case "last", [_] if isinstance(whole, list) and whole:
                return (whole[-1],)
            case "last", [_] if lists:
                return (Index(whole, Binary("-", Call("length", (whole,)), 1)),)
            case "take", [_, count] if texts:
                return (Call("substr", (whole, 0, count)),)
            case "skip", [_, count] if texts:
                return (Call("substr", (whole, count, -1)),)
            case "take", [list(), int(count)]:
                return (whole[: max(count, 0)],)  # type: ignore[index]
            case "skip", [list(), int(count)]:
                return (whole[max(count, 0) :],)  # type: ignore[index]
        return None

    def _united(self, lists: list[Value]) -> Value:
        """What is in several lists; an empty one adds nothing."""
        some = [found for found in lists if found != []]
        return some[0] if len(some) == 1 else self._concat(some or lists)

    def _concat(self, arguments: list[Value]) -> Value:
        if any(map(self._types.is_list, arguments)):
            flat = [elements(a) for a in arguments]
            if all(found is not None for found in flat):
                return [element for found in flat for element in found or ()]
            return Call("concat", tuple(arguments))
        return self._around.as_id(joined(arguments))

    def _format(self, text: str, arguments: list[Value]) -> tuple[Value] | None:
        found = formatted(text, arguments)
        return None if found is None else (self._around.as_id(found[0]),)

    def _if(self, condition: Value, then: Value, otherwise: Value) -> Value:
        if isinstance(condition, bool):
            return then if condition else otherwise
        empty = Binary("==", otherwise, "")
        optional = isinstance(otherwise, VariableRef) and otherwise.name in self._names.optional
        if optional and then is None and condition == empty:
            return otherwise  # How an empty parameter stands for null: `if(empty(p), null(), p)`.
        if then is True and otherwise is False:
            return condition
        return Conditional(condition, then, otherwise)

    def _empty(self, operand: Value) -> Value:
        if isinstance(operand, str | list | dict):
            return not operand
        if self._types.is_text(operand):
            return Binary("==", operand, "")
        return Binary("==", Call("length", (operand,)), 0)


def _json(text: str) -> tuple[Value]:
    try:
        found = json.loads(_LEADING_POINT.sub("0.", text))
    except (ValueError, RecursionError):
        return (Call("jsondecode", (text,)),)
    return (found,)
