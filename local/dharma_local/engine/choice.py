"""The rules of a Choice state: comparisons, and their combinations.

A comparison of a value of another type is false, a variable that leads nowhere is an error (but for
IsPresent). Source: "Choice workflow state", AWS Step Functions developer guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from dharma_local.engine.data import read_path
from dharma_local.engine.jsonpath import parse_path

Rule = dict[str, Any]
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)


def choose(choices: list[Rule], value: Any, context: Any) -> str | None:
    """`Next` of the first rule that holds, or None."""
    for rule in choices:
        if holds(rule, value, context):
            return str(rule["Next"])
    return None


def holds(rule: Rule, value: Any, context: Any) -> bool:
    if "And" in rule:
        return all(holds(inner, value, context) for inner in rule["And"])
    if "Or" in rule:
        return any(holds(inner, value, context) for inner in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], value, context)
    operator = next(name for name in rule if name in OPERATORS)
    if operator == "IsPresent":
        path = parse_path(rule["Variable"])
        return bool(path.find(context if path.context else value)) is rule[operator]
    variable = read_path(rule["Variable"], value, context, "Variable")
    wanted = rule[operator]
    if operator.endswith("Path"):
        wanted = read_path(wanted, value, context, operator)
    return OPERATORS[operator](variable, wanted)


def parse_timestamp(text: Any) -> datetime | None:
    """RFC 3339, with the time zone that it demands; None for anything else."""
    if not isinstance(text, str) or not _RFC3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


@lru_cache(maxsize=512)
def _glob(pattern: str) -> re.Pattern[str]:
    """`*` stands for anything; `\\*` is a star, `\\\\` a backslash."""
    regex = ""
    for part in re.findall(r"\\.|.", pattern, re.DOTALL):
        if part == "*":
            regex += ".*"
        else:
            regex += re.escape(part[1:] if len(part) == 2 else part)
    return re.compile(regex, re.DOTALL)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numeric(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda a, b: _number(a) and _number(b) and test(a, b)


def _string(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda a, b: isinstance(a, str) and isinstance(b, str) and test(a, b)


def _time(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(a: Any, b: Any) -> bool:
        left, right = parse_timestamp(a), parse_timestamp(b)
        return left is not None and right is not None and test(left, right)

    return compare


def _is(test: Callable[[Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, wanted: test(value) is wanted


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "GreaterThan": lambda a, b: a > b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThanEquals": lambda a, b: a >= b,
}

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "StringMatches": lambda a, b: isinstance(a, str) and bool(_glob(b).fullmatch(a)),
    "IsNull": _is(lambda v: v is None),
    "IsString": _is(lambda v: isinstance(v, str)),
    "IsNumeric": _is(_number),
    "IsBoolean": _is(lambda v: isinstance(v, bool)),
    "IsTimestamp": _is(lambda v: parse_timestamp(v) is not None),
    "IsPresent": lambda a, b: True,  # decided in `holds`, where absence is still to be seen
}
for _kind, _wrap in (("String", _string), ("Numeric", _numeric), ("Timestamp", _time)):
    for _name, _test in _ORDER.items():
        OPERATORS[f"{_kind}{_name}"] = _wrap(_test)
        OPERATORS[f"{_kind}{_name}Path"] = _wrap(_test)
OPERATORS["BooleanEquals"] = lambda a, b: isinstance(a, bool) and a is b
OPERATORS["BooleanEqualsPath"] = OPERATORS["BooleanEquals"]

# What the literal of an operator has to be, for the check at load.
LITERALS: dict[str, Callable[[Any], bool]] = {
    name: (
        (lambda v: isinstance(v, str))
        if name.endswith("Path") or name.startswith("String")
        else _number
        if name.startswith("Numeric")
        else (lambda v: parse_timestamp(v) is not None)
        if name.startswith("Timestamp")
        else (lambda v: isinstance(v, bool))
    )
    for name in OPERATORS
}
