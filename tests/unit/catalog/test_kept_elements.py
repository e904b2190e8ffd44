"""What is kept of named elements of a list, and where it goes back to."""

from __future__ import annotations

from typing import Any

import pytest

from dharma.catalog.document import Part
from dharma.catalog.kept import cut_out, with_kept
from dharma.catalog.kept_elements import placed
from dharma.model.expressions.nodes import Conditional, ForList, Value, VariableRef

ON = VariableRef("on")


def cut(value: Value, path: str) -> Value:
    return cut_out(value, path, blocks=False, named=True)


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        ({"rules": [{"name": "a", "x": 1}, {"name": "b", "x": 2}]}, "rules[1].x",
         {"rules": {"[b]": {"x": 2}}}),
        ({"rules": [{"name": "a", "more": [{"name": "b", "x": 2}]}]}, "rules[0].more[0].x",
         {"rules": {"[a]": {"more": {"[b]": {"x": 2}}}}}),
        ({"rules": [Conditional(ON, {"name": "a", "x": 1}, None)]}, "rules[0].x", None),
        # Which one it was cannot be told.
        ({"rules": [{"name": "a", "x": 1}, {"name": "a", "x": 2}]}, "rules[1].x", None),
        ({"rules": [{"name": ON, "x": 1}]}, "rules[0].x", None),
        ({"rules": [{"x": 1}]}, "rules[0].x", None),
        # Nor in lists of which a condition chooses one.
        ({"rules": Conditional(ON, [{"name": "a", "x": 1}], [])}, "rules[0].x", None),
        ({"rules": Conditional(ON, [{"name": "a"}, {"name": "b", "x": 1}], [{"name": "a"}])},
         "rules[1].x", None),
    ],
)  # fmt: skip
def test_it_is_cut_out_by_the_name_of_its_element(value: Value, path: str, found: Value) -> None:
    assert cut(value, path) == found


@pytest.mark.parametrize("blocks", [False, True])
def test_branches_of_different_lengths_are_no_fault(blocks: bool) -> None:
    value: Value = {"rules": Conditional(ON, [{"name": "a"}, {"name": "b", "x": 1}], [])}
    assert cut_out(value, "rules[1].x", blocks=blocks, named=not blocks) is None


def test_more_that_is_kept_goes_beside_what_is_kept_already() -> None:
    kept = with_kept({"rules": {"[a]": {"x": 1}}}, {"rules": {"[a]": {"y": 2}, "[b]": {"x": 3}}})
    assert kept == {"rules": {"[a]": {"x": 1, "y": 2}, "[b]": {"x": 3}}}


A, B = {"name": "a"}, {"name": "b"}
LOOP = ForList(None, "n", VariableRef("names"), {"name": "a"}, None)


@pytest.mark.parametrize(
    ("own", "kept", "together", "homeless"),
    [
        ({"rules": [B, A]}, {"rules": {"[a]": {"x": 1}}}, {"rules": [B, {**A, "x": 1}]}, ()),
        ({"p": {"rules": [A]}}, {"p": {"rules": {"[a]": {"x": 1}}, "y": 2}},
         {"p": {"rules": [{**A, "x": 1}]}}, ()),
        ({"rules": [{**A, "more": [B]}]}, {"rules": {"[a]": {"y": 1, "more": {"[b]": {"x": 2}}}}},
         {"rules": [{**A, "y": 1, "more": [{**B, "x": 2}]}]}, ()),
        # There under a condition, and so is what is kept of it.
        ({"rules": [Conditional(ON, A, None)]}, {"rules": {"[a]": {"x": 1}}},
         {"rules": [Conditional(ON, {**A, "x": 1}, None)]}, ()),
        # No such element any more, two of the name, no list that is spelled out, no list.
        ({"rules": [B]}, {"rules": {"[a]": {"x": 1}}}, {"rules": [B]}, ("rules.[a]",)),
        ({"rules": [A, A]}, {"rules": {"[a]": {"x": 1}}}, {"rules": [A, A]}, ("rules.[a]",)),
        ({"rules": LOOP}, {"rules": {"[a]": {"x": 1}}}, {"rules": LOOP}, ("rules.[a]",)),
        ({"rules": Conditional(ON, [A], LOOP)}, {"rules": {"[a]": {"x": 1}}},
         {"rules": Conditional(ON, [A], LOOP)}, ("rules.[a]",)),
        ({}, {"p": {"rules": {"[a]": {"x": 1}}}}, {}, ("p.rules.[a]",)),
        ({"rules": [A]}, {"rules": {"[a]": {"more": {"[b]": {"x": 2}}}}},
         {"rules": [A]}, ("rules.[a].more.[b]",)),
    ],
)  # fmt: skip
def test_it_goes_back_into_the_element_of_its_name(
    own: Any, kept: Any, together: Any, homeless: tuple[str, ...]
) -> None:
    found = placed(Part("a", "T", own, native=kept))
    assert found.part.arguments == together
    assert found.homeless == homeless


@pytest.mark.parametrize(
    "native",
    [
        {"tags": {"[env]": "prod"}},
        {"tags": {}},
        {"properties": {"rules": [{"name": "a"}], "more": {"x": 1}}},
        {"rules": {"[a]": {"x": 1}, "plain": {"x": 1}}},
    ],
)
def test_what_speaks_of_no_elements_stays_what_it_is(native: Any) -> None:
    part = Part("a", "T", {"rules": [A]}, native=native)
    assert placed(part).part == part
    assert placed(part).homeless == ()
