"""format and formatlist: Terraform's verbs, which are a part of C's printf by way of Go's."""

from __future__ import annotations

import re

from dharma.model.expressions.conversion import (
    as_bool,
    as_decimal,
    as_number,
    as_text,
    from_decimal,
    kind_of,
    number_text,
)
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.functions.encoding import json_text
from dharma.model.expressions.functions.registry import function, limited_count, limited_text
from dharma.model.expressions.nodes import Value

MAX_WIDTH = 1024
_VERB = re.compile(
    r"%(?P<flags>[ +#0-]*)(?P<width>\d+)?(?:\.(?P<precision>\d+))?"
    r"(?:\[(?P<argument>\d{1,4})\])?(?P<verb>.)",
    re.DOTALL,
)


@function("format", "string")
def format_text(template: Value, *arguments: Value) -> Value:
    pattern = as_text(template)
    used: set[int] = set()
    upcoming = 0

    def verb(match: re.Match[str]) -> str:
        nonlocal upcoming
        if match["verb"] == "%":
            return "%"
        for given in (match["width"], match["precision"]):
            if given is not None and (len(given) > 9 or int(given) > MAX_WIDTH):
                raise EvaluationError(f"format: {match[0]} is wider than {MAX_WIDTH} characters")
        position = int(match["argument"]) - 1 if match["argument"] else upcoming
        if not 0 <= position < len(arguments):
            raise EvaluationError(f"format: no argument {position + 1} for {match[0]}")
        upcoming = position + 1
        used.add(position)
        return _formatted(match, arguments[position])

    text = _VERB.sub(verb, pattern)
    if len(used) < len(arguments) and upcoming < len(arguments):
        raise EvaluationError(f"format: {len(arguments)} arguments, {upcoming} used")
    return limited_text(text)


@function("formatlist", "list(string)")
def formatlist(template: Value, *arguments: Value) -> Value:
    lengths = {len(a) for a in arguments if isinstance(a, list)}
    if len(lengths) > 1:
        raise EvaluationError("formatlist: the lists differ in length")
    count = limited_count(lengths.pop()) if lengths else 1
    return [
        format_text(template, *(a[n] if isinstance(a, list) else a for a in arguments))
        for n in range(count)
    ]


def _formatted(match: re.Match[str], value: Value) -> str:
    verb, flags = match["verb"], match["flags"]
    width = int(match["width"] or 0)
    precision = None if match["precision"] is None else int(match["precision"])
    if verb == "v":
        quoted = "#" in flags
        flags = flags.replace("#", "")
        if not isinstance(value, str | int | float):
            return _padded(json_text(value), flags, width)
        verb = {"number": "g", "bool": "t"}.get(kind_of(value), "q" if quoted else "s")
    if value is None:
        raise EvaluationError(f"format: {match[0]} of null")
    if verb in "sq":
        text = as_text(value)[:precision]
        return _padded(json_text(text) if verb == "q" else text, flags, width)
    if verb == "t":
        return _padded("true" if as_bool(value) else "false", flags, width)
    return _number(match, verb, value)


def _number(match: re.Match[str], verb: str, value: Value) -> str:
    flags, width, spelled = match["flags"], int(match["width"] or 0), match[0]
    precision = None if match["precision"] is None else int(match["precision"])
    number = as_number(value)
    sign = "+" if "+" in flags else " " if " " in flags else ""
    if verb in "dboxX":
        if not isinstance(number, int):
            raise EvaluationError(f"format: {spelled} needs a whole number")
        text = format(abs(number), verb).rjust(precision or 0, "0")
    elif verb in "eEfFgG":
        decimal = as_decimal(from_decimal(abs(as_decimal(number))))
        if verb in "gG" and precision is None:
            text = _shortest(abs(number))
        elif verb in "fF":
            text = format(decimal, f".{6 if precision is None else precision}f")
        else:
            text = format(float(decimal), f".{6 if precision is None else precision}{verb}")
    else:
        raise EvaluationError(f"format: {spelled} is not a verb")
    sign = "-" if number < 0 else sign
    if "0" in flags and "-" not in flags:
        return sign + text.rjust(width - len(sign), "0")
    return _padded(sign + text, flags, width)


def _shortest(number: int | float) -> str:
    """%g without precision: an exponent from 1e+06 on, as Go prints its big numbers."""
    size = float(number)
    if size != 0 and not 1e-4 <= size < 1e6:
        digits, _, exponent = format(size, ".16e").partition("e")
        shortest = repr(size)
        digits = shortest.partition("e")[0] if "e" in shortest else digits.rstrip("0").rstrip(".")
        return f"{digits}e{exponent}"
    return number_text(number)


def _padded(text: str, flags: str, width: int) -> str:
    if "-" in flags:
        return text.ljust(width)
    return text.rjust(width, "0" if "0" in flags else " ")
