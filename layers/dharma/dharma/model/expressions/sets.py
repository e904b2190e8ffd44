"""Sets, in the order in which Terraform goes through their elements.

Strings are ordered by their code points, numbers by size, false before true; anything else by a
text of it (github.com/zclconf/go-cty, `set_internals.go`). Null is last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from dharma.model.expressions.conversion import as_decimal, kind_of, number_text, unify
from dharma.model.expressions.nodes import SetValue, Value


def as_set(values: Iterable[Value]) -> SetValue:
    """The distinct values. All are known."""
    by_mark: dict[str, Value] = {}
    for value in unify(list(values)):
        by_mark.setdefault(mark(value), value)
    kinds = {kind_of(value) for value in by_mark.values()} - {"null"}
    if kinds == {"string"}:
        ordered = sorted(by_mark.values(), key=lambda v: (v is None, v or ""))
    elif kinds == {"number"}:
        ordered = sorted(by_mark.values(), key=lambda v: (v is None, as_decimal(v or 0)))
    else:
        ordered = [by_mark[text] for text in sorted(by_mark)]
    return SetValue(ordered)


def common(values: SetValue, others: SetValue) -> SetValue:
    """The elements that are in both."""
    marks = set(map(mark, others))
    return SetValue(value for value in values if mark(value) in marks)


def without(values: SetValue, removed: SetValue) -> SetValue:
    """The elements that are not in the other set."""
    marks = set(map(mark, removed))
    return SetValue(value for value in values if mark(value) not in marks)


def mark(value: Value) -> str:
    """The text that stands for a value: the same for equal ones."""
    if value is None:
        return "~"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return f"<{''.join(f'{json.dumps(k)}:{mark(value[k])};' for k in sorted(value))}>"
    assert isinstance(value, list)
    return f"[{''.join(f'{mark(item)};' for item in value)}]"
