"""ARM's expression language: what is written means the same when it is read."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.model.arm_language import (
    ArmCall,
    ArmIndex,
    ArmMember,
    ArmSyntaxError,
    ArmValue,
    parse_expression,
    parse_text,
    print_expression,
    print_text,
)

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(max_size=12)


def steps(inner: st.SearchStrategy[ArmValue]) -> st.SearchStrategy[ArmValue]:
    calls = st.builds(ArmCall, NAMES, st.lists(inner, max_size=3).map(tuple))
    return st.one_of(
        calls,
        st.builds(ArmMember, calls, NAMES),
        st.builds(ArmIndex, calls, st.one_of(st.integers(0, 9), calls)),
    )


EXPRESSIONS = st.recursive(st.one_of(TEXTS, st.integers(-99, 99)), steps, max_leaves=12)


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS)
def test_an_expression_is_read_as_it_was_written(value: ArmValue) -> None:
    assert parse_expression(print_expression(value)) == value


@settings(max_examples=300, deadline=None)
@given(st.one_of(TEXTS, TEXTS.map(lambda t: f"[{t}]"), TEXTS.map(lambda t: f"[[{t}]")))
def test_any_text_stays_the_text_that_it_is(text: str) -> None:
    assert parse_text(print_text(text)) == text


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS)
def test_a_string_of_a_template_is_read_as_it_was_written(value: ArmValue) -> None:
    if isinstance(value, int):
        return  # A number of its own stands as a number.
    assert parse_text(print_text(value)) == value


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="[]()'.,a1 {}\\\"", max_size=30))
def test_anything_else_is_read_or_refused_and_never_a_crash(text: str) -> None:
    with contextlib.suppress(ArmSyntaxError):
        print_text(parse_text(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("[half", "[half"),
        ("[half] open", "[half] open"),
        ("[[literal]", "[literal]"),
        ("['it''s']", "it's"),
        ("[ parameters( 'x' ) ]", ArmCall("parameters", ("x",))),
        ("[resourceGroup().location]", ArmMember(ArmCall("resourceGroup"), "location")),
        ("[parameters('a')['b']]", ArmMember(ArmCall("parameters", ("a",)), "b")),
        ("[variables('a')[0].b]", ArmMember(ArmIndex(ArmCall("variables", ("a",)), 0), "b")),
        ("[contoso.unique(1)]", ArmCall("contoso.unique", (1,))),
        ("[parameters('a').?b]", ArmMember(ArmCall("parameters", ("a",)), "b")),
    ],
)
def test_the_forms_of_a_string(text: str, value: ArmValue) -> None:
    assert parse_text(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[parameters('x']", "ends where , is expected"),
        ("[concat('a' 'b')]", "column 12: , is expected, not 'b'"),
        ("[concat('a',]", "ends where a value is expected"),
        ("[x]", "( after x is expected"),
        ("['a' 'b']", "the end is expected, not 'b'"),
        ("['open]", 'column 1: "\'" is not understood'),
        ("[1.5]", "whole numbers only"),
        ("[" + "f(" * 70 + ")" * 70 + "]", "nested deeper than 64"),
        ("[" + "f()" + ".a" * 70 + "]", "more than 64 accesses"),
        ("[f('" + "x" * 30_000 + "')]", "more than 24576 characters"),
    ],
)
def test_a_fault_names_its_column(text: str, message: str) -> None:
    with pytest.raises(ArmSyntaxError) as caught:
        parse_text(text)
    assert message in str(caught.value)
