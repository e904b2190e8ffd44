"""Parameters of a CloudFormation template as variables."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from dharma.blueprint.yaml_source import Node
from dharma.catalog.document import Note
from dharma.catalog.naming import snake
from dharma.model.blueprint import Variable
from dharma.model.expressions.nodes import Value
from dharma.model.origin import Origin
from dharma.model.patterns import found_anywhere

_SSM = re.compile(r"AWS::SSM::Parameter::Value<(.+)>\Z")
_LIST = re.compile(r"List<(.+)>\Z")
_SAID = frozenset(
    {
        "AllowedPattern",
        "AllowedValues",
        "Default",
        "Description",
        "MaxLength",
        "MaxValue",
        "MinLength",
        "MinValue",
        "NoEcho",
        "Type",
    }
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as a variable. `ssm`: its value names an entry of the parameter store, references
    mean what the entry holds."""

    variable: Variable
    ssm: bool


def read_parameter(
    logical: str, name: str, body: dict[str, tuple[Node, Node]], origin: Origin, *, optional: bool
) -> tuple[Parameter, list[Note]]:
    """One parameter; `optional`: empty means null, as the writer of this project marks it."""
    plain = {key: _plain(node) for key, (_, node) in body.items()}
    said = str(plain.get("Type", "String"))
    ssm = _SSM.match(said)
    native = ssm[1] if ssm else said
    kind = _type(native, plain)
    notes = [
        Note("no_counterpart", origin.address or logical, key, f"{key} is not kept", origin)
        for key in plain
        if key not in _SAID
    ]
    if native not in ("String", "Number", "CommaDelimitedList", "List<Number>"):
        message = f"the type {said} became {'string' if ssm else kind}"
        notes.append(Note("approximated", origin.address or logical, "Type", message, origin))
    required = "Default" not in plain
    empty = optional and plain.get("Default") == ""
    allowed = plain.get("AllowedValues")
    pattern = plain.get("AllowedPattern")
    variable = Variable(
        name=name,
        type="string" if ssm else kind,
        default=None if required or empty else _typed(plain["Default"], "string" if ssm else kind),
        required=required,
        description=_optional_text(plain.get("Description")),
        sensitive=str(plain.get("NoEcho", "")).lower() == "true",
        allowed=_allowed(allowed, kind, optional) if not ssm else (),
        pattern=_pattern(pattern, optional) if isinstance(pattern, str) else None,
        min=_number(plain.get("MinValue", plain.get("MinLength"))),
        max=_number(plain.get("MaxValue", plain.get("MaxLength"))),
        origin=origin,
    )
    return Parameter(variable, ssm is not None), notes


def variable_name(logical: str) -> str:
    """The name of the variable for a parameter's logical name."""
    name = snake(logical)
    return name if name[:1].isalpha() or name[:1] == "_" else f"p_{name}"


def _plain(node: Node) -> Any:
    """Plain data; an intrinsic in a declaration (no template may have one) stays a mapping."""
    if isinstance(node.value, dict):
        return {k: _plain(v) for k, (_, v) in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(v) for v in node.value]
    return node.value


def _type(native: str, plain: dict[str, Any]) -> str:
    if native == "Number":
        return "number"
    if native == "CommaDelimitedList":
        return "list(string)"
    if inner := _LIST.match(native):
        return "list(number)" if inner[1] == "Number" else "list(string)"
    words = plain.get("AllowedValues")
    if native == "String" and isinstance(words, list) and {_word(w) for w in words} == _BOOLEAN:
        # `True` and `False` are other words: they are compared and used as they are written.
        return "bool"
    return "string"


_BOOLEAN = {"true", "false"}


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _typed(value: Any, kind: str) -> Value:
    if isinstance(value, list | dict) or value is None:
        return str(value) if value is not None else ""
    if kind == "bool":
        return _word(value) == "true"
    if kind == "number":
        number = _number(value)
        return value if number is None else number
    if kind.startswith("list("):
        items = [item.strip() for item in _word(value).split(",")] if _word(value) else []
        if kind == "list(number)":
            return [_typed(item, "number") for item in items]
        return list(items)
    return _word(value)


def _allowed(values: Any, kind: str, optional: bool) -> tuple[Any, ...]:
    if not isinstance(values, list) or kind == "bool":
        return ()
    element = kind.removeprefix("list(").removesuffix(")")
    typed = (_typed(v, element) for v in values)
    return tuple(v for v in typed if not (optional and v == ""))


def _pattern(pattern: str, optional: bool) -> str:
    if optional and pattern.startswith("(?:") and pattern.endswith(")?"):
        pattern = pattern[3:-2]
    return found_anywhere(pattern)


def _optional_text(value: Any) -> str | None:
    return str(value) if value not in (None, "") else None


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return value
    try:
        number = float(str(value))
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number
