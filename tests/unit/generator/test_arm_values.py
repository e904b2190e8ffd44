"""Expressions survive ARM: what the writer prints, the reader understands as the same."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers.arm.expressions import ArmExpressions
from dharma.blueprint.readers.arm.names import Names
from dharma.blueprint.yaml_source import Node
from dharma.generator.arm.values import ArmValues, Scope
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    Template,
    Unary,
    Value,
    VariableRef,
)
from dharma.model.expressions.templates import join_parts

VARIABLES = {"name": "string", "flag": "bool", "number": "int", "zones": "array"}
TEXTS = st.text(alphabet="ab'[]{}()$-/ é\n\"\\", max_size=6)
NUMBERS = st.one_of(st.integers(0, 99), st.just(VariableRef("number")))
# Terms of at most so many levels: without an end most draws would only grow until they are dropped.
DEEPEST = 3


@cache
def strings(depth: int) -> st.SearchStrategy[Any]:
    leaves = [TEXTS, st.just(VariableRef("name")), st.just(Ambient("tenant_id"))]
    if depth == 0:
        return st.one_of(leaves)
    text, switch = strings(depth - 1), booleans(depth - 1)
    return st.one_of(
        *leaves,
        st.builds(lambda *parts: join_parts(parts), text, TEXTS, text),
        st.builds(lambda v: Call("lower", (v,)), text),
        st.builds(lambda v: Call("base64encode", (v,)), text),
        st.builds(lambda a, b: Call("replace", (a, "b", b)), text, TEXTS),
        st.builds(lambda a, b: Call("join", ("-", [a, b])), text, text),
        st.builds(Conditional, switch, text, text),
        st.builds(lambda v: Call("provider::arm::uniqueString", (v,)), text),
    )


@cache
def booleans(depth: int) -> st.SearchStrategy[Any]:
    flag = st.just(VariableRef("flag"))
    if depth == 0:
        return flag
    text, switch = strings(depth - 1), booleans(depth - 1)
    return st.one_of(
        flag,
        st.builds(lambda a, b: Binary("==", a, b), text, text),
        st.builds(lambda a, b: Binary("!=", a, b), text, text),
        st.builds(lambda a, b: Binary(">=", a, b), NUMBERS, NUMBERS),
        st.builds(lambda a, b: Binary("&&", a, b), switch, switch),
        st.builds(lambda a, b: Binary("||", a, b), switch, switch),
        st.builds(lambda a: Call("contains", (VariableRef("zones"), a)), text),
    )


STRINGS, BOOLEANS = strings(DEEPEST), booleans(DEEPEST)
VALUES: st.SearchStrategy[Any] = st.one_of(
    STRINGS,
    BOOLEANS,
    NUMBERS,
    st.dictionaries(TEXTS, st.one_of(STRINGS, BOOLEANS), max_size=3),
    st.lists(st.one_of(STRINGS, NUMBERS), max_size=3),
    st.builds(lambda v: Unary("!", v), st.just(VariableRef("flag"))),
)


def unread(data: Any) -> Node:
    """JSON as the tree that a reader sees."""
    if isinstance(data, dict):
        return Node({k: (Node(k, 1, 1), unread(v)) for k, v in data.items()}, 1, 1)
    if isinstance(data, list):
        return Node([unread(v) for v in data], 1, 1)
    return Node(data, 1, 1)


@settings(max_examples=400, deadline=None)
@given(VALUES)
def test_a_value_is_read_as_it_was_written(value: Value) -> None:
    def no_reference(_: Any) -> Any:
        raise AssertionError("there are no resources here")

    scope = Scope(
        parameters={name: f"p_{name}" for name in VARIABLES},
        reference=no_reference,
        booleans=frozenset({"flag"}),
    )
    names = Names(
        parameters={f"p_{name}": VariableRef(name) for name in VARIABLES}, types=VARIABLES
    )
    notes: list[Any] = []
    back = ArmExpressions(names, None, notes).value(unread(ArmValues(scope).json(value)))
    assert notes == []
    assert back == value


def test_text_between_values_stays_text() -> None:
    assert join_parts(("a", VariableRef("name"))) == Template(("a", VariableRef("name")))
