"""Parameters of a CloudFormation template as variables."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dharma.blueprint.tree import Members, plain
from dharma.catalog.document import Note
from dharma.model.blueprint import Variable
from dharma.model.expressions.nodes import Symbol, Value, VariableRef
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

    @property
    def reference(self) -> Value:
        """What `Ref` of it gives."""
        if self.ssm:
            return Symbol(("data", "aws_ssm_parameter", self.variable.name, "value"))
        return VariableRef(self.variable.name)


class Parameters:
    """The parameters of a template, by logical name. `optional` are those whose empty text means
    null, as the writer of this project marks them."""

    def __init__(self, found: Mapping[str, Parameter], optional: Iterable[str] = ()) -> None:
        self._found = found
        self._variables = {p.variable.name: p.variable for p in found.values()}
        self._optional = {found[name].variable.name for name in optional if name in found}

    @property
    def variables(self) -> list[Variable]:
        return list(self._variables.values())

    def get(self, logical: str) -> Parameter | None:
        return self._found.get(logical)

    def variable(self, name: str) -> Variable | None:
        return self._variables.get(name)

    def is_optional(self, variable: str) -> bool:
        return variable in self._optional


def read_parameter(
    logical: str, name: str, body: Members, origin: Origin, *, optional: bool
) -> tuple[Parameter, list[Note]]:
    """One parameter; `optional`: empty means null, as the writer of this project marks it."""
    declared = {key: plain(node) for key, (_, node) in body.items()}
    said = str(declared.get("Type", "String"))
    ssm = _SSM.match(said)
    native = ssm[1] if ssm else said
    kind = _type(native, declared)
    of_type = "string" if ssm else kind
    notes = [
        Note("no_counterpart", origin.address or logical, key, f"{key} is not kept", origin)
        for key in declared
        if key not in _SAID
    ]
    if native not in ("String", "Number", "CommaDelimitedList", "List<Number>"):
        message = f"the type {said} became {of_type}"
        notes.append(Note("approximated", origin.address or logical, "Type", message, origin))
    required = "Default" not in declared
    empty = optional and declared.get("Default") == ""
    allowed = declared.get("AllowedValues")
    pattern = declared.get("AllowedPattern")
    variable = Variable(
        name=name,
        type="string" if ssm else kind,
        default=None
        if required or empty
        else _typed(declared["Default"], "string" if ssm else kind),
        required=required,
        description=_optional_text(declared.get("Description")),
        sensitive=str(declared.get("NoEcho", "")).lower() == "true",
        allowed=_allowed(allowed, kind, optional) if not ssm else (),
        pattern=_pattern(pattern, optional) if isinstance(pattern, str) else None,
        min=_number(declared.get("MinValue", declared.get("MinLength"))),
        max=_number(declared.get("MaxValue", declared.get("MaxLength"))),
        origin=origin,
    )
    return Parameter(variable, ssm is not None), notes


def _type(native: str, declared: dict[str, Any]) -> str:
    if native == "Number":
        return "number"
    if native == "CommaDelimitedList":
        return "list(string)"
    if inner := _LIST.match(native):
        return "list(number)" if inner[1] == "Number" else "list(string)"
    words = declared.get("AllowedValues")
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
