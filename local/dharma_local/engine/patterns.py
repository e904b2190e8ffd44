"""Event patterns: which events a rule is for.

Fields nest as in the event; a list names what is allowed, as literals or as conditions (`prefix`,
`suffix`, `anything-but`, `exists`, `numeric`, `equals-ignore-case`, `wildcard`); `$or` joins
alternatives. A field of the event that holds a list matches when one of its items does.
Source: "Amazon EventBridge event patterns", Amazon EventBridge user guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dharma_local.engine.jsonpath import same

_ABSENT = object()
_COMPARE = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_CONDITIONS = frozenset(
    {"prefix", "suffix", "anything-but", "exists", "numeric", "equals-ignore-case", "wildcard"}
)


class InvalidPattern(ValueError):
    """No event pattern that is known here; the message says where."""


def check_pattern(pattern: Any, path: str = "") -> None:
    """Refuse at load what `matches` could not judge."""
    if not isinstance(pattern, Mapping):
        raise InvalidPattern(f"{path or 'the pattern'} is no object")
    for name, wanted in pattern.items():
        here = f"{path}.{name}".strip(".")
        if name == "$or":
            if not isinstance(wanted, list) or len(wanted) < 2:
                raise InvalidPattern(f"{here} needs at least two alternatives")
            for alternative in wanted:
                check_pattern(alternative, here)
        elif isinstance(wanted, Mapping):
            check_pattern(wanted, here)
        elif not isinstance(wanted, list) or not wanted:
            raise InvalidPattern(f"{here} is neither an object nor a list with something in it")
        else:
            for condition in wanted:
                _check_condition(condition, here)


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(matches(alternative, event) for alternative in wanted):
                return False
            continue
        found = event.get(name, _ABSENT) if isinstance(event, Mapping) else _ABSENT
        if isinstance(wanted, Mapping):
            if not matches(wanted, found):
                return False
        elif not any(_fits(condition, found) for condition in wanted):
            return False
    return True


def _check_condition(condition: Any, path: str) -> None:
    if isinstance(condition, list):
        raise InvalidPattern(f"{path} has a list in a list")
    if not isinstance(condition, Mapping):
        return
    if len(condition) != 1 or next(iter(condition)) not in _CONDITIONS:
        raise InvalidPattern(f"{path} has an unknown condition {dict(condition)}")
    name, argument = next(iter(condition.items()))
    fine = True
    if name == "numeric":
        fine = (
            isinstance(argument, list)
            and len(argument) in (2, 4)
            and all(sign in _COMPARE for sign in argument[::2])
            and all(isinstance(n, int | float) for n in argument[1::2])
        )
    elif name == "exists":
        fine = isinstance(argument, bool)
    elif name in ("suffix", "equals-ignore-case", "wildcard"):
        fine = isinstance(argument, str)
    elif name == "prefix":
        fine = isinstance(argument, str) or _ignoring_case(argument) is not None
    elif isinstance(argument, Mapping):
        fine = set(argument) <= {"prefix", "suffix", "equals-ignore-case", "wildcard"}
    if not fine:
        raise InvalidPattern(f"{path}: {name} does not take {argument!r}")


def _fits(condition: Any, found: Any) -> bool:
    if isinstance(condition, Mapping) and "exists" in condition:
        return (found is not _ABSENT) is condition["exists"]
    if found is _ABSENT:
        return False
    values = found if isinstance(found, list) else [found]
    if isinstance(condition, Mapping) and "anything-but" in condition:
        refused = condition["anything-but"]
        return bool(values) and not any(_refused(refused, value) for value in values)
    return any(_one(condition, value) for value in values)


def _refused(refused: Any, value: Any) -> bool:
    if isinstance(refused, Mapping):
        name, argument = next(iter(refused.items()))
        several = argument if isinstance(argument, list) else [argument]
        return any(_one({name: one}, value) for one in several)
    return any(same(one, value) for one in (refused if isinstance(refused, list) else [refused]))


def _one(condition: Any, value: Any) -> bool:
    if not isinstance(condition, Mapping):
        return same(condition, value)
    name, argument = next(iter(condition.items()))
    if name == "numeric":
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and all(
                _COMPARE[sign](value, bound)
                for sign, bound in zip(argument[::2], argument[1::2], strict=True)
            )
        )
    if not isinstance(value, str):
        return False
    if name == "prefix":
        folded = _ignoring_case(argument)
        if folded is not None:
            return value.casefold().startswith(folded)
        return value.startswith(str(argument))
    if name == "suffix":
        return value.endswith(str(argument))
    if name == "equals-ignore-case":
        return value.casefold() == str(argument).casefold()
    regex = ".*".join(re.escape(part) for part in argument.split("*"))
    return re.fullmatch(regex, value, re.DOTALL) is not None


def _ignoring_case(argument: Any) -> str | None:
    if isinstance(argument, Mapping) and isinstance(argument.get("equals-ignore-case"), str):
        return str(argument["equals-ignore-case"]).casefold()
    return None
