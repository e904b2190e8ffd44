"""Blocks of which there is one at most, written once for each case.

HCL has no block that is this or that. It has one dynamic block per case, under conditions that
exclude each other: what is read of them is a list of conditionals, `[c ? a : null, !c ? b : null]`,
and means `c ? a : b`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dharma.model.expressions.negation import negated
from dharma.model.expressions.nodes import Binary, Conditional, Unary, Value


class _Case(NamedTuple):
    """A value, and what has to hold for it: a conjunction of terms, each as it is or negated."""

    terms: tuple[tuple[Value, bool], ...]
    value: Value


class _NotExclusive(Exception):
    """Two of the cases may hold at once, as far as their conditions tell."""


def one_of(elements: Sequence[Value]) -> Value:
    """The conditional that a list of exclusive cases means; None when they are not exclusive."""
    cases = [_case(element) for element in elements]
    if len(cases) < 2 or any(case is None for case in cases):
        return None
    try:
        return _decided([case for case in cases if case is not None])
    except _NotExclusive:
        return None


def _case(element: Value) -> _Case | None:
    if not isinstance(element, Conditional):
        return None
    if element.otherwise is None:
        return _Case(_terms(element.condition, True), element.then)
    if element.then is None:
        condition = element.condition
        conjunction = isinstance(condition, Binary) and condition.operator == "&&"
        return None if conjunction else _Case(_terms(condition, False), element.otherwise)
    return None


def _terms(condition: Value, holds: bool) -> tuple[tuple[Value, bool], ...]:
    if isinstance(condition, Unary) and condition.operator == "!":
        inner = condition.operand
        if not (isinstance(inner, Binary) and inner.operator == "&&"):
            return _terms(inner, not holds)
    if isinstance(condition, Binary) and condition.operator == "!=":
        return ((negated(condition), not holds),)
    if holds and isinstance(condition, Binary) and condition.operator == "&&":
        return _terms(condition.left, True) + _terms(condition.right, True)
    return ((condition, holds),)


def _decided(cases: list[_Case]) -> Value:
    """The first case's first term decides between those that want it and those that do not."""
    if not cases:
        return None
    if not cases[0].terms:
        if len(cases) > 1:
            raise _NotExclusive
        return cases[0].value
    term = cases[0].terms[0][0]
    sides: dict[bool, list[_Case]] = {True: [], False: []}
    for case in cases:
        wanted = {holds for other, holds in case.terms if other == term}
        if len(wanted) != 1:
            raise _NotExclusive
        rest = tuple(pair for pair in case.terms if pair[0] != term)
        sides[wanted.pop()].append(_Case(rest, case.value))
    return Conditional(term, _decided(sides[True]), _decided(sides[False]))
