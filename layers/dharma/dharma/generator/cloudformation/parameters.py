"""Variables as CloudFormation's parameters, and values as it takes them. An empty parameter stands
for null."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from dharma.catalog.naming import Names, pascal
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Blueprint, Output, Variable
from dharma.model.expressions.nodes import Value, is_known
from dharma.model.patterns import matching_whole

_TYPES = {
    "string": "String",
    "number": "Number",
    "bool": "String",
    "list(string)": "CommaDelimitedList",
    "set(string)": "CommaDelimitedList",
    "list(number)": "List<Number>",
    "set(number)": "List<Number>",
}
BOOLEAN_WORDS = ["true", "false"]


def parameter_names(bp: Blueprint) -> dict[str, str]:
    """Variable to the logical name of its parameter, for all that can be parameters."""
    names = Names()
    able = (v for v in bp.variables if _type(v) in _TYPES)
    return {v.name: names.take(pascal(v.name) or "Variable", v.name) for v in able}


def output_names(outputs: Iterable[Output]) -> dict[str, str]:
    """The logical name of every output, by the output's name."""
    names = Names()
    return {o.name: names.take(pascal(o.name) or "Output", o.name) for o in outputs}


def parameter_value(value: Value) -> str:
    """A known value as the text that CloudFormation takes for a parameter; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        texts = [parameter_value(v) for v in value]
        if any("," in t for t in texts):
            raise NotExpressible("an element of a CommaDelimitedList may hold no comma")
        return ",".join(texts)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return json.dumps(value)
    raise NotExpressible("CloudFormation has no parameters of maps")


def stack_parameters(bp: Blueprint, values: Mapping[str, Value]) -> list[dict[str, str]]:
    """The `Parameters` of a change set: what `values` gives for the blueprint's parameters."""
    names = parameter_names(bp)
    return [
        {"ParameterKey": names[name], "ParameterValue": parameter_value(value)}
        for name, value in values.items()
        if name in names and is_known(value)
    ]


def parameter(variable: Variable, *, ssm: bool = False) -> dict[str, Any]:
    """The declaration of one parameter. `ssm`: the value names an entry of the parameter store and
    references give what that entry holds."""
    kind = _type(variable)
    body: dict[str, Any] = {"Type": _TYPES[kind]}
    if ssm:
        body["Type"] = "AWS::SSM::Parameter::Value<String>"
    if variable.description:
        body["Description"] = variable.description
    if not variable.required:
        body["Default"] = _default(variable)
    if kind == "bool":
        body["AllowedValues"] = list(BOOLEAN_WORDS)
    elif variable.allowed:
        body["AllowedValues"] = _allowed(variable)
    if variable.pattern is not None:
        body["AllowedPattern"] = _optional(variable, matching_whole(variable.pattern))
    body.update(_range(variable, kind))
    if variable.sensitive:
        body["NoEcho"] = True
    return body


def _type(variable: Variable) -> str:
    return "".join(variable.type.split())


def _default(variable: Variable) -> Any:
    if variable.type == "number" and variable.default is not None:
        return variable.default
    try:
        return parameter_value(variable.default)
    except NotExpressible as error:
        raise NotExpressible(f"variables.{variable.name}.default: {error.message}") from None


def _allowed(variable: Variable) -> list[Any]:
    values = [v if variable.type == "number" else parameter_value(v) for v in variable.allowed]
    return [*values, ""] if variable.is_optional else values


def _optional(variable: Variable, pattern: str) -> str:
    return f"(?:{pattern})?" if variable.is_optional else pattern


def _range(variable: Variable, kind: str) -> dict[str, Any]:
    words = {"number": ("MinValue", "MaxValue"), "string": ("MinLength", "MaxLength")}.get(kind)
    given = [(variable.min, 0), (variable.max, 1)]
    found: dict[str, Any] = {}
    for limit, position in given:
        if limit is None:
            continue
        if words is None or (variable.is_optional and position == 0):
            raise NotExpressible(
                f"variables.{variable.name}: CloudFormation cannot limit a parameter of {kind}"
                + (" that may be empty" if words else "")
            )
        found[words[position]] = int(limit) if float(limit).is_integer() else limit
    return found
