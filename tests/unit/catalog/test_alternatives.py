"""Exclusive cases of one block are one conditional; cases that may meet are not."""

from __future__ import annotations

from dharma.catalog.alternatives import one_of
from dharma.model.expressions.nodes import Binary, Conditional, Unary, Value, VariableRef

FIRST, SECOND = VariableRef("first"), VariableRef("second")


def there(condition: Value, value: str) -> Value:
    return Conditional(condition, {value: True}, None)


def both(left: Value, right: Value) -> Value:
    return Binary("&&", left, right)


def test_a_case_and_its_opposite_are_one_conditional() -> None:
    wanted = Conditional(FIRST, {"a": True}, {"b": True})
    assert one_of([there(FIRST, "a"), there(Unary("!", FIRST), "b")]) == wanted
    assert one_of([there(FIRST, "a"), Conditional(FIRST, None, {"b": True})]) == wanted


def test_being_other_than_a_value_is_the_opposite_of_being_it() -> None:
    equal, other = Binary("==", FIRST, "x"), Binary("!=", FIRST, "x")
    wanted = Conditional(equal, {"a": True}, {"b": True})
    assert one_of([there(equal, "a"), there(other, "b")]) == wanted
    assert one_of([there(other, "b"), there(equal, "a")]) == wanted


def test_a_chain_of_cases_is_nested() -> None:
    neither = both(Unary("!", FIRST), Unary("!", SECOND))
    cases = [there(FIRST, "a"), there(both(Unary("!", FIRST), SECOND), "b"), there(neither, "c")]
    inner = Conditional(SECOND, {"b": True}, {"c": True})
    assert one_of(cases) == Conditional(FIRST, {"a": True}, inner)
    assert one_of(cases[:2]) == Conditional(
        FIRST, {"a": True}, Conditional(SECOND, {"b": True}, None)
    )


def test_cases_that_may_hold_at_once_are_no_conditional() -> None:
    assert one_of([there(FIRST, "a"), there(SECOND, "b")]) is None
    assert one_of([there(FIRST, "a"), there(FIRST, "b")]) is None
    assert one_of([there(FIRST, "a"), {"b": True}]) is None
    assert one_of([there(FIRST, "a")]) is None
    negated = Unary("!", both(FIRST, SECOND))
    assert one_of([there(FIRST, "a"), there(negated, "b")]) is None
