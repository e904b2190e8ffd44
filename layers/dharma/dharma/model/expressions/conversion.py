"""Terraform's conversions between plain values, and its equality.

Numbers are exact decimals while they are computed with (`0.1 + 0.2` is `0.3`) and `int` or `float`
when stored: integers of any sensible size are exact, fractions have the 15 to 17 digits of a float
where Terraform has 150.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.nodes import Expression, SetValue, Value

ARITHMETIC = Context(prec=120, traps=[DivisionByZero, InvalidOperation, Overflow])
MAX_INTEGER_DIGITS = 300
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,4})?\Z", re.ASCII)


def kind_of(value: Value) -> str:
    """The name of a value's type, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "set" if isinstance(value, SetValue) else "list"
    return "expression" if isinstance(value, Expression) else "map"


def as_text(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(value)
    raise EvaluationError(f"a string is needed, not {_article(kind_of(value))}")


def number_text(value: int | float) -> str:
    """Digits without exponent, as Terraform converts a number to a string."""
    if isinstance(value, int):
        return str(value)
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_decimal(value: Value) -> Decimal:
    if isinstance(value, bool) or value is None:
        raise EvaluationError(f"a number is needed, not {_article(kind_of(value))}")
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str):
        if _NUMBER.match(value) and len(value) <= MAX_INTEGER_DIGITS:
            return Decimal(value)
        raise EvaluationError(f"a number is needed, and {value[:40]!r} is none")
    raise EvaluationError(f"a number is needed, not {_article(kind_of(value))}")


def as_number(value: Value) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return from_decimal(as_decimal(value))


def as_integer(value: Value) -> int:
    number = as_number(value)
    if isinstance(number, float) and not number.is_integer():
        raise EvaluationError(f"a whole number is needed, not {number_text(number)}")
    return int(number)


def as_bool(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    if isinstance(value, str):
        raise EvaluationError(f"true or false is needed, and {value[:40]!r} is neither")
    raise EvaluationError(f"true or false is needed, not {_article(kind_of(value))}")


def as_list(value: Value) -> list[Value]:
    if isinstance(value, list):
        return value
    raise EvaluationError(f"a list is needed, not {_article(kind_of(value))}")


def as_map(value: Value) -> dict[str, Value]:
    if isinstance(value, dict):
        return value
    raise EvaluationError(f"a map is needed, not {_article(kind_of(value))}")


def from_decimal(number: Decimal) -> int | float:
    if not number.is_finite():
        raise EvaluationError("the result is not a number")
    if number == number.to_integral_value():
        if number.adjusted() > MAX_INTEGER_DIGITS:
            raise EvaluationError("the result has too many digits")
        return int(number)
    return float(number)


def equal(a: Value, b: Value) -> bool:
    """Terraform's `==` on known values: no conversion, so `1 == "1"` is false."""
    if isinstance(a, list) and isinstance(b, list):
        if isinstance(a, SetValue) != isinstance(b, SetValue):
            return False
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(v, b[k]) for k, v in a.items())
    if kind_of(a) != kind_of(b):
        return False
    if isinstance(a, float) or isinstance(b, float):
        return as_decimal(a) == as_decimal(b)
    return a == b


def unify(values: list[Value]) -> list[Value]:
    """Elements of one list or set as one type: beside a string, numbers and bools are strings, also
    those in the same attribute of objects."""
    kinds = {kind_of(v) for v in values} - {"null"}
    if "string" in kinds and kinds <= {"string", "number", "bool"} and len(kinds) > 1:
        return [None if v is None else as_text(v) for v in values]
    objects = [v for v in values if isinstance(v, dict)]
    if kinds == {"map"} and all(o.keys() == objects[0].keys() for o in objects):
        columns = {key: unify([o[key] for o in objects]) for key in objects[0]}
        unified = iter(
            [{k: column[n] for k, column in columns.items()} for n in range(len(objects))]
        )
        return [None if v is None else next(unified) for v in values]
    return list(values)


def _article(noun: str) -> str:
    return noun if noun == "null" else f"a {noun}" if noun[0] != "e" else f"an {noun}"
