"""Expressions survive ARM: what the writer prints, the reader understands as the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers.arm_values import ArmExpressions, Names
from dharma.blueprint.yaml_source import Node
from dharma.generator.arm_values import ArmValues, Scope
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
STRINGS = st.deferred(lambda: st.one_of(TEXTS, *_STRINGS))
BOOLEANS = st.deferred(lambda: st.one_of(st.just(VariableRef("flag")), *_BOOLEANS))
NUMBERS = st.one_of(st.integers(0, 99), st.just(VariableRef("number")))
_STRINGS: list[st.SearchStrategy[Any]] = [
    st.just(VariableRef("name")),
    st.just(Ambient("tenant_id")),
    st.builds(lambda *parts: join_parts(parts), STRINGS, TEXTS, STRINGS),
    st.builds(lambda v: Call("lower", (v,)), STRINGS),
    st.builds(lambda v: Call("base64encode", (v,)), STRINGS),
    st.builds(lambda a, b: Call("replace", (a, "b", b)), STRINGS, TEXTS),
    st.builds(lambda a, b: Call("join", ("-", [a, b])), STRINGS, STRINGS),
    st.builds(Conditional, BOOLEANS, STRINGS, STRINGS),
    st.builds(lambda v: Call("provider::arm::uniqueString", (v,)), STRINGS),
]
_BOOLEANS: list[st.SearchStrategy[Any]] = [
    st.builds(lambda a, b: Binary("==", a, b), STRINGS, STRINGS),
    st.builds(lambda a, b: Binary("!=", a, b), STRINGS, STRINGS),
    st.builds(lambda a, b: Binary(">=", a, b), NUMBERS, NUMBERS),
    st.builds(lambda a, b: Binary("&&", a, b), BOOLEANS, BOOLEANS),
    st.builds(lambda a, b: Binary("||", a, b), BOOLEANS, BOOLEANS),
    st.builds(lambda a: Call("contains", (VariableRef("zones"), a)), STRINGS),
]
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
