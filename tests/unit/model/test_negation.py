"""The opposite of a condition, in its shortest form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.negation import negated
from dharma.model.expressions.nodes import Binary, Unary, Value, VariableRef
from dharma.model.expressions.scope import Scope

A, B = VariableRef("a"), VariableRef("b")
LEAVES = st.sampled_from([True, False, A, B, Binary("==", A, B), Binary("!=", A, B)])
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda c: Unary("!", c)),
        st.builds(Binary, st.sampled_from(["&&", "||", "==", "!="]), inner, inner),
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("condition", "opposite"),
    [
        (True, False),
        (A, Unary("!", A)),
        (Unary("!", A), A),
        (Binary("==", A, B), Binary("!=", A, B)),
        (Binary("!=", A, B), Binary("==", A, B)),
        (Binary("&&", A, B), Unary("!", Binary("&&", A, B))),
    ],
)
def test_the_opposite_is_said_in_its_shortest_form(condition: Value, opposite: Value) -> None:
    assert negated(condition) == opposite


@given(CONDITIONS, st.booleans(), st.booleans())
def test_the_opposite_holds_where_the_condition_does_not(
    condition: Value, a: bool, b: bool
) -> None:
    scope = Scope(variables={"a": a, "b": b})
    assert evaluate(negated(condition), scope) is not evaluate(condition, scope)
