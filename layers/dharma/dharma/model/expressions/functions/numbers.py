"""abs ceil floor log max min parseint pow signum sum"""

from __future__ import annotations

import math
from decimal import Decimal, DecimalException

from dharma.model.expressions.conversion import (
    ARITHMETIC,
    as_decimal,
    as_integer,
    as_list,
    as_text,
    from_decimal,
)
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.functions.registry import function
from dharma.model.expressions.nodes import Value


@function("abs", "number")
def absolute(number: Value) -> Value:
    return from_decimal(abs(as_decimal(number)))


@function("ceil", "number")
def ceil(number: Value) -> Value:
    return math.ceil(as_decimal(number))


@function("floor", "number")
def floor(number: Value) -> Value:
    return math.floor(as_decimal(number))


@function("log", "number")
def log(number: Value, base: Value) -> Value:
    try:
        result = math.log(as_decimal(number)) / math.log(as_decimal(base))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise EvaluationError("log of a number that has none") from error
    return int(result) if result.is_integer() else result


@function("max", "number")
def maximum(first: Value, *others: Value) -> Value:
    return from_decimal(max(map(as_decimal, (first, *others))))


@function("min", "number")
def minimum(first: Value, *others: Value) -> Value:
    return from_decimal(min(map(as_decimal, (first, *others))))


@function("parseint", "number")
def parseint(text: Value, base: Value) -> Value:
    digits, radix = as_text(text), as_integer(base)
    if not 2 <= radix <= 62:
        raise EvaluationError(f"parseint: a base is between 2 and 62, not {radix}")
    sign, letters = (-1, digits[1:]) if digits[:1] == "-" else (1, digits)
    result = 0
    if not letters or len(letters) > 300:
        raise EvaluationError(f"parseint: {digits[:40]!r} is no number of base {radix}")
    for letter in letters:
        # Up to base 36 the case of a letter does not matter, beyond it capitals follow.
        digit = _DIGITS.find(letter.lower() if radix <= 36 else letter)
        if not 0 <= digit < radix:
            raise EvaluationError(f"parseint: {digits[:40]!r} is no number of base {radix}")
        result = result * radix + digit
    return sign * result


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@function("pow", "number")
def power(base: Value, exponent: Value) -> Value:
    if as_decimal(exponent) == 0:
        return 1
    try:
        return from_decimal(ARITHMETIC.power(as_decimal(base), as_decimal(exponent)))
    except DecimalException as error:
        raise EvaluationError("pow: the result is no number") from error


@function("signum", "number")
def signum(number: Value) -> Value:
    value = as_integer(number)
    return (value > 0) - (value < 0)


@function("sum", "number")
def total(numbers: Value) -> Value:
    values = as_list(numbers)
    if not values:
        raise EvaluationError("sum of an empty list")
    return from_decimal(sum(map(as_decimal, values), Decimal(0)))
