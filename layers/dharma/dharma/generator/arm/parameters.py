"""Variables as parameters of an ARM template. An empty parameter stands for null."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dharma.catalog.document import Note
from dharma.catalog.naming import Names, pascal
from dharma.core.errors import NotExpressible
from dharma.generator.arm.values import ArmValues, Scope
from dharma.generator.inexpressible import Inexpressible
from dharma.model.blueprint import Blueprint, Variable
from dharma.model.expressions.nodes import Value


def camel(name: str) -> str:
    """`admin_password` as `adminPassword`."""
    word = pascal(name)
    return word[:1].lower() + word[1:]


def parameter_names(bp: Blueprint) -> dict[str, str]:
    """Variable to the name of its parameter."""
    names = Names()
    return {v.name: names.take(camel(v.name) or "value", v.name) for v in bp.variables}


def arm_type(said: str, *, sensitive: bool = False) -> str:
    """The type of a parameter or output for a type of a variable."""
    plain = "".join(said.split()).partition("(")[0]
    if plain == "string":
        return "securestring" if sensitive else "string"
    if plain in ("number", "bool"):
        return "int" if plain == "number" else "bool"
    if plain in ("list", "set", "tuple"):
        return "array"
    return "secureObject" if sensitive else "object"


def parameter(variable: Variable) -> dict[str, Any]:
    """The declaration of one parameter."""
    kind = arm_type(variable.type, sensitive=variable.sensitive)
    body: dict[str, Any] = {"type": kind}
    if not variable.required:
        body["defaultValue"] = _default(variable, kind)
    if variable.allowed:
        allowed = [_plain(v, variable) for v in variable.allowed]
        body["allowedValues"] = [*allowed, ""] if variable.is_optional else allowed
    low, high = ("minValue", "maxValue") if kind == "int" else ("minLength", "maxLength")
    for word, limit in ((low, variable.min), (high, variable.max)):
        if limit is not None:
            if kind in ("bool", "object", "secureObject") or not float(limit).is_integer():
                raise NotExpressible(f"variables.{variable.name}: ARM cannot limit it by {limit}")
            body[word] = int(limit)
    if variable.description:
        body["metadata"] = {"description": variable.description}
    return body


def _default(variable: Variable, kind: str) -> Any:
    if variable.default is None:
        if kind not in ("string", "securestring"):
            raise NotExpressible(
                f"variables.{variable.name}.default: a parameter of type {kind} cannot be null"
            )
        return ""
    return _plain(variable.default, variable)


def _plain(value: Value, variable: Variable) -> Any:
    if isinstance(value, float) and not value.is_integer():
        raise NotExpressible(
            f"variables.{variable.name}: ARM's parameters are whole numbers, not {value}"
        )
    try:
        return ArmValues(Scope({}, _no_reference)).json(value)
    except Inexpressible as error:
        raise error.at(f"variables.{variable.name}.default") from None


def _no_reference(_: Any) -> Any:
    raise Inexpressible("a default refers to nothing")


def lost_patterns(variables: Iterable[Variable]) -> list[Note]:
    """ARM's parameters have lengths and lists of values, but no patterns."""
    return [
        Note(
            "no_counterpart",
            f"variables.{v.name}",
            "pattern",
            "ARM checks no pattern of a parameter",
            v.origin,
        )
        for v in variables
        if v.pattern is not None
    ]
