"""What operators make of values: exact arithmetic, and equality as far as it can be known."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException

from dharma.model.expressions.conversion import ARITHMETIC, equal, from_decimal
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.nodes import Call, Expression, Unknown, Value, is_known, walk


def equality(left: Value, right: Value) -> bool | None:
    """None when it cannot be known."""
    if is_known(left) and is_known(right):
        return equal(left, right)
    for one, other in ((left, right), (right, left)):
        # Something of a known shape is never null, and never a scalar.
        if isinstance(one, list | dict) and not isinstance(other, Expression | list | dict):
            return False
    if left == right and not any(isinstance(n, Unknown | Call) for n in walk(left)):
        return True
    return None


def _divide(a: Decimal, b: Decimal) -> Value:
    if b == 0:
        raise EvaluationError("division by zero")
    return from_decimal(ARITHMETIC.divide(a, b))


def _remainder(a: Decimal, b: Decimal) -> Value:
    if b == 0:
        raise EvaluationError("division by zero")
    try:
        return from_decimal(ARITHMETIC.remainder(a, b))
    except DecimalException as error:
        raise EvaluationError("a remainder of numbers that are too large") from error


NUMERIC: dict[str, Callable[[Decimal, Decimal], Value]] = {
    "+": lambda a, b: from_decimal(ARITHMETIC.add(a, b)),
    "-": lambda a, b: from_decimal(ARITHMETIC.subtract(a, b)),
    "*": lambda a, b: from_decimal(ARITHMETIC.multiply(a, b)),
    "/": _divide,
    "%": _remainder,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
