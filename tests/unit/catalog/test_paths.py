"""Paths into blocks, and the symbolic values on the way."""

from __future__ import annotations

import pytest

from dharma.catalog.known import KnownPaths
from dharma.catalog.paths import Block, get, parse_path, print_path, put, settle
from dharma.core.errors import Misconfigured
from dharma.model.expressions.nodes import (
    Conditional,
    GetAttr,
    Symbol,
    Unknown,
    Value,
    VariableRef,
)

C = VariableRef("c")
PATHS = ["a", "a.b.c", "a[0].b", "a[0]", "list[Key=some.dotted.key].Value", "a.b[x=1].c[0].d"]


@pytest.mark.parametrize("text", PATHS)
def test_a_path_prints_as_it_was_written(text: str) -> None:
    assert print_path(parse_path(text)) == text


@pytest.mark.parametrize("text", ["", "a[1]", "a[", ".a", "a..b"])
def test_a_malformed_path_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured):
        parse_path(text)


@pytest.mark.parametrize("text", PATHS)
def test_what_is_put_is_got(text: str) -> None:
    block = Block()
    put(block, parse_path(text), "value")
    assert get(settle(block), parse_path(text)) == "value"


def test_elements_with_different_discriminators_stand_side_by_side() -> None:
    block = Block()
    put(block, parse_path("l[Key=a].Value"), 1)
    put(block, parse_path("l[Key=b].Value"), 2)
    assert settle(block) == {"l": [{"Key": "a", "Value": 1}, {"Key": "b", "Value": 2}]}


def test_a_block_whose_members_share_a_condition_is_conditional_itself() -> None:
    block = Block()
    put(block, parse_path("b[0].x"), Conditional(C, 1, None))
    put(block, parse_path("b[0].y"), Conditional(C, 2, None))
    put(block, parse_path("l[Key=k].Value"), Conditional(C, None, 3))
    assert settle(block) == {
        "b": [Conditional(C, {"x": 1, "y": 2}, None)],
        "l": [Conditional(C, None, {"Key": "k", "Value": 3})],
    }


def test_a_block_with_an_unconditional_member_stays() -> None:
    block = Block()
    put(block, parse_path("b.x"), Conditional(C, 1, None))
    put(block, parse_path("b.y"), 2)
    assert settle(block) == {"b": {"x": Conditional(C, 1, None), "y": 2}}


def test_reading_goes_through_conditional_blocks_and_elements() -> None:
    inside: Value = {"b": [Conditional(C, {"x": 1}, None)]}
    assert get(inside, parse_path("b[0].x")) == Conditional(C, 1, None)
    assert get(inside, parse_path("b[0].y")) is None
    listed: Value = {"l": [{"Key": "z"}, Conditional(C, None, {"Key": "k", "Value": 3})]}
    assert get(listed, parse_path("l[Key=k].Value")) == Conditional(C, None, 3)


def test_the_members_of_the_unknown_are_unknown_and_of_an_expression_its_attributes() -> None:
    assert get({"b": Unknown("later")}, parse_path("b[0].x")) == Unknown("later")
    assert get({"b": VariableRef("v")}, parse_path("b.x")) == GetAttr(VariableRef("v"), "x")
    assert get({"b": Symbol(("local", "v"))}, parse_path("b.x")) == Symbol(("local", "v", "x"))
    assert get({"b": "text"}, parse_path("b.x")) is None


def test_whatever_no_path_knows_is_unread() -> None:
    known = KnownPaths(
        [parse_path(p) for p in ("a", "b[0].x", "l[Key=k].Value", "roles[0]", "c.d")]
    )
    value: Value = {
        "a": {"anything": [1]},
        "b": [{"x": 1, "y": 2}, {"x": 3}],
        "l": [{"Key": "k", "Value": 1, "More": 2}, {"Key": "other"}],
        "roles": ["one", "two"],
        "c": Conditional(C, {"d": 1, "e": 2}, None),
        "unset": None,
        "none": [],
        "later": Unknown("later"),
        "z": 0,
    }
    assert sorted(known.unread(value)) == [
        "b[0].y",
        "b[1]",
        "c.e",
        "l[0].More",
        "l[1]",
        "roles[1]",
        "z",
    ]
