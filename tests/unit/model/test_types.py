"""Type constraints: text to types and back, and values brought to them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.nodes import VariableRef
from dharma.model.types import Attribute, Type, accepts, convert, parse_type, print_type

primitives = st.sampled_from(["string", "number", "bool", "any"]).map(Type)
types = st.recursive(
    primitives,
    lambda inner: st.one_of(
        st.builds(Type, st.sampled_from(["list", "set", "map"]), inner),
        st.lists(inner, max_size=3).map(lambda m: Type("tuple", members=tuple(m))),
        st.dictionaries(
            st.sampled_from(["a", "b_c", "for", "x y"]),
            st.one_of(
                inner.map(Attribute),
                st.builds(Attribute, inner, st.just(True), st.sampled_from([None, 1, "x", [1]])),
            ),
            max_size=3,
        ).map(lambda a: Type("object", attributes=a)),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(types)
def test_a_type_survives_being_printed(type: Type) -> None:
    assert parse_type(print_type(type)) == type


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("list( string )", "list(string)"),
        ("object({a=string,b:optional(number,5)})",
         "object({ a = string, b = optional(number, 5) })"),
        ("object({\n  a = string\n  b = bool\n})", "object({ a = string, b = bool })"),
        ("tuple([string, list(map(any))])", "tuple([string, list(map(any))])"),
    ],
)  # fmt: skip
def test_types_are_printed_in_one_way(text: str, printed: str) -> None:
    assert print_type(parse_type(text)) == printed


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("strin", 0, "'strin' is no type"),
        ("list", 4, "'('"),
        ("list(string", 11, "')'"),
        ("object({a = string, a = bool})", 20, "given once"),
        ("string)", 6, "the end of the type"),
        ("object({a = optional(string, var.x)})", 21, "plain value"),
        ("list(" * 30, 100, "deeper than 20"),
    ],
)
def test_what_is_no_type_is_refused_at_its_place(text: str, offset: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_type(text)
    assert message in caught.value.message
    assert caught.value.offset == offset


CONVERSIONS: list[tuple[str, Any, Any]] = [
    ("string", 5, "5"),
    ("string", True, "true"),
    ("number", "1.5", 1.5),
    ("bool", "true", True),
    ("list(string)", [1, "a"], ["1", "a"]),
    ("set(string)", ["b", "a", "b"], ["a", "b"]),
    ("set(number)", ["10", 9, 9], [9, 10]),
    ("map(number)", {"a": "1"}, {"a": 1}),
    ("object({a = string, b = optional(number, 3)})", {"a": 1}, {"a": "1", "b": 3}),
    ("tuple([string, number])", [1, "2"], ["1", 2]),
    ("list(any)", [1, "a"], ["1", "a"]),
    ("list(string)", None, None),
    ("list(number)", [VariableRef("x"), "1"], [VariableRef("x"), 1]),
]


@pytest.mark.parametrize(("type", "value", "converted"), CONVERSIONS)
def test_values_are_converted_as_terraform_does(type: str, value: Any, converted: Any) -> None:
    assert convert(value, parse_type(type)) == (converted, [])


@pytest.mark.parametrize(
    ("type", "value", "messages"),
    [
        ("number", "x", ["a number is needed, and 'x' is none"]),
        ("bool", 1, ["true or false is needed, not a number"]),
        ("string", ["a"], ["a string is needed, not a list"]),
        ("list(string)", "a", ["a list is needed, not a string"]),
        ("map(number)", {"a": "x", "b": []}, [
            "a: a number is needed, and 'x' is none", "b: a number is needed, not a list"]),
        ("list(object({a = number}))", [{"a": "x"}, {"b": 1}], [
            "[0].a: a number is needed, and 'x' is none",
            "[1].b: no such attribute; there is: a", "[1].a: this attribute is missing"]),
        ("tuple([string])", [], ["1 items are needed, not 0"]),
    ],
)  # fmt: skip
def test_every_part_that_does_not_fit_is_named(type: str, value: Any, messages: list[str]) -> None:
    assert [str(m) for m in convert(value, parse_type(type))[1]] == messages


@pytest.mark.parametrize(
    ("wanted", "given", "fits"),
    [
        ("string", "number", True),
        ("number", "string", True),
        ("number", "bool", False),
        ("string", "list(string)", False),
        ("list(string)", "set(string)", True),
        ("list(number)", "list(list(string))", False),
        ("map(string)", "object({a = string})", True),
        ("map(string)", "list(string)", False),
        ("any", "list(string)", True),
        ("object({a = string})", "object({a = list(string)})", False),
    ],
)
def test_whether_a_type_may_fit_another(wanted: str, given: str, fits: bool) -> None:
    assert accepts(parse_type(wanted), parse_type(given)) is fits
