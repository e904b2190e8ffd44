"""Variables as Terraform declares them: type, default, secrecy, and what they may be."""

from __future__ import annotations

from collections.abc import Sequence

from dharma.core.errors import NotExpressible
from dharma.generator.terraform.hcl import Attribute, Block, Item, Raw
from dharma.model.blueprint import Variable
from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.nodes import Binary, Call, Value, VariableRef
from dharma.model.types import parse_type, print_type


def variable_blocks(variables: Sequence[Variable]) -> list[Block]:
    """One `variable` block each, in the blueprint's order."""
    return [_variable(v) for v in variables]


def _variable(variable: Variable) -> Block:
    # Printed from what was parsed, so that nothing but a type can stand there.
    try:
        type = print_type(parse_type(variable.type))
    except ExpressionError as error:
        message = f"variables.{variable.name}.type: {variable.type!r} is no type"
        raise NotExpressible(message) from error
    body: list[Item] = [Raw("type", type)]
    if variable.description:
        body.append(Attribute("description", variable.description))
    if not variable.required:
        body.append(Attribute("default", variable.default))
    if variable.sensitive:
        body.append(Attribute("sensitive", True))
    body.extend(_validations(variable))
    return Block("variable", (variable.name,), tuple(body))


def _validations(variable: Variable) -> list[Block]:
    value = VariableRef(variable.name)
    number = variable.type == "number"
    measured: Value = value if number else Call("length", (value,))
    measure = "" if number else "length "
    blocks = []
    if variable.allowed:
        words = ", ".join(_shown(a) for a in variable.allowed)
        test: Value = Call("contains", (list(variable.allowed), value))
        blocks.append(_validation(variable, test, f"must be one of: {words}."))
    if variable.pattern is not None:
        test = Call("can", (Call("regex", (variable.pattern, value)),))
        blocks.append(_validation(variable, test, f"must match {variable.pattern}."))
    if variable.min is not None:
        test = Binary(">=", measured, _number(variable.min))
        said = f"must have {measure}at least {_number(variable.min)}."
        blocks.append(_validation(variable, test, said))
    if variable.max is not None:
        test = Binary("<=", measured, _number(variable.max))
        said = f"must have {measure}at most {_number(variable.max)}."
        blocks.append(_validation(variable, test, said))
    return blocks


def _validation(variable: Variable, test: Value, said: str) -> Block:
    """A null value is no value: the default of an optional variable passes every check."""
    if variable.is_optional:
        test = Binary("||", Binary("==", VariableRef(variable.name), None), test)
    message = f"{variable.name} {said.replace('must have at', 'must be at')}"
    body = (Attribute("condition", test), Attribute("error_message", message))
    return Block("validation", (), body)


def _number(number: float) -> int | float:
    return int(number) if float(number).is_integer() else number


def _shown(value: object) -> str:
    return value if isinstance(value, str) else str(value).lower()
