"""Whether values fit the variables of a blueprint: type, allowed values, pattern, bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dharma.blueprint.nearest import suggestion
from dharma.core.errors import Fault, InvalidVariables, LimitExceeded
from dharma.model.blueprint import Blueprint, Variable
from dharma.model.expressions import regexes
from dharma.model.expressions.conversion import equal
from dharma.model.expressions.errors import EvaluationError, ExpressionError
from dharma.model.expressions.nodes import Unknown, Value, is_known
from dharma.model.expressions.printer import print_expression, shown
from dharma.model.expressions.regex_syntax import UnsupportedPattern
from dharma.model.types import ANY, Type, convert, parse_type


def check_values(
    blueprint: Blueprint, values: Mapping[str, Any], *, complete: bool = True
) -> dict[str, Value]:
    """The value of every variable: converted to its type, defaults filled in.

    Raises InvalidVariables with all faults. A required variable without a value is one of them, or
    `Unknown` when `complete` is false. Values of sensitive variables are never in a message.
    """
    declared = {variable.name: variable for variable in blueprint.variables}
    faults = [unknown_variable(n, declared, None) for n in values if n not in declared]
    result: dict[str, Value] = {}
    for variable in blueprint.variables:
        given = values.get(variable.name)
        if given is None and variable.required:
            if complete:
                hint = variable.description or f"a value of type {variable.type} is needed"
                faults.append(Fault("no value is given", f"var.{variable.name}", hint=hint))
            result[variable.name] = Unknown(f"var.{variable.name} has no value yet")
            continue
        stated = variable.default if given is None else given
        result[variable.name], found = checked_value(variable, stated)
        faults.extend(Fault(message, f"var.{variable.name}") for message in found)
    if faults:
        raise invalid_values(faults)
    return result


def checked_value(variable: Variable, value: Value) -> tuple[Value, list[str]]:
    """A value in the variable's type, and what is wrong with it: type, allowed, pattern, bounds."""
    converted, mismatches = convert(value, type_of(variable))
    if mismatches:
        return converted, [
            f"does not fit {variable.type}" if variable.sensitive else str(mismatch)
            for mismatch in mismatches
        ]
    if converted is None or not is_known(converted):
        return converted, []
    return converted, [message for message in _violations(variable, converted) if message]


def _violations(variable: Variable, value: Value) -> Iterable[str | None]:
    said = "the value" if variable.sensitive else shown(value)
    if variable.allowed and not any(equal(_as(variable, a), value) for a in variable.allowed):
        yield f"{said} is not one of {', '.join(map(shown, variable.allowed))}"
    if variable.pattern is not None and isinstance(value, str):
        yield _pattern_violation(variable.pattern, value, said)
    size, what = _size(value)
    if size is not None and variable.min is not None and size < variable.min:
        yield f"{what or said} is less than {print_expression(variable.min)}"
    if size is not None and variable.max is not None and size > variable.max:
        yield f"{what or said} is more than {print_expression(variable.max)}"


def _pattern_violation(pattern: str, value: str, said: str) -> str | None:
    try:
        if regexes.compile_pattern(pattern).search(value) is None:
            return f"{said} does not match {pattern}"
    except LimitExceeded as error:
        return error.message
    except UnsupportedPattern:
        # A template's look-around: the validation warns, and the cloud judges the value.
        return None
    except EvaluationError as error:
        return error.message
    return None


def _size(value: Value) -> tuple[float | None, str]:
    """What `min` and `max` bound: a number itself, of others the length."""
    if isinstance(value, bool):
        return None, ""
    if isinstance(value, int | float):
        return value, ""
    if isinstance(value, str | list | dict):
        return len(value), f"the length {len(value)}"
    return None, ""


def _as(variable: Variable, value: Value) -> Value:
    return convert(value, type_of(variable))[0]


def type_of(variable: Variable) -> Type:
    """The declared type; a type that cannot be read is the validation's fault, not a value's."""
    try:
        return parse_type(variable.type)
    except ExpressionError:
        return ANY


def unknown_variable(name: str, declared: Mapping[str, Variable], file: str | None) -> Fault:
    hint = suggestion(name, declared) or "declared: " + (", ".join(declared) or "none")
    return Fault("there is no such variable", f"var.{name}", file=file, hint=hint)


def invalid_values(faults: list[Fault]) -> InvalidVariables:
    first = str(faults[0])
    more = f"{len(faults)} faults in the variables, first: {first}"
    return InvalidVariables(first if len(faults) == 1 else more, faults)
