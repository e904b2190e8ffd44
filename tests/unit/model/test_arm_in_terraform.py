"""Functions of ARM templates in Terraform's words, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dharma.model.arm_functions import ARM_FUNCTION
from dharma.model.arm_in_terraform import in_terraform, out_of_terraform
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import Call, Template, Value, VariableRef, transform
from dharma.model.expressions.printer import print_expression
from dharma.model.expressions.scope import Scope
from dharma.model.expressions.templates import join_parts

BASE = VariableRef("base")
TEXTS = st.text("ab/-", min_size=1, max_size=6)
VALUES = st.one_of(TEXTS, st.sampled_from([VariableRef("a"), Template(("x", VariableRef("b")))]))


def arm(name: str, *arguments: Value) -> Call:
    return Call(f"{ARM_FUNCTION}{name}", arguments)


def written(value: Value) -> Value:
    def change(node: Value) -> Value:
        said = in_terraform(node) if isinstance(node, Call) else None
        return node if said is None else said

    return transform(value, change)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (arm("uniqueString", BASE, "x"), 'provider::azapi::unique_string([var.base, "x"])'),
        (
            arm("guid", BASE, "x"),
            'uuidv5("11fb06fb-712d-4ddd-98c7-e71bbd588830", join("-", [var.base, "x"]))',
        ),
        (arm("uri", BASE, "/scripts/a.sh"), '"${regex("^.*/", var.base)}scripts/a.sh"'),
    ],
)
def test_what_terraform_can_compute_is_said_in_its_words(call: Call, text: str) -> None:
    assert print_expression(written(call)) == text


def test_what_only_azure_computes_has_no_words_in_terraform() -> None:
    assert in_terraform(arm("newGuid")) is None
    assert in_terraform(arm("uniqueString")) is None


@given(st.sampled_from(["uniqueString", "guid"]), st.lists(VALUES, min_size=1, max_size=3))
def test_a_hash_comes_back_as_what_it_was(name: str, arguments: list[Value]) -> None:
    call = arm(name, *arguments)
    assert out_of_terraform(written({"name": ["x", call]})) == {"name": ["x", call]}


@given(VALUES.filter(lambda v: not isinstance(v, str) or v[0] != "/"), VALUES)
def test_an_address_comes_back_as_what_it_was_also_inside_of_text(
    relative: Value, before: Value
) -> None:
    call = arm("uri", BASE, relative)
    assert out_of_terraform(written(call)) == call
    text = join_parts((before, call))
    assert out_of_terraform(written(text)) == text


@given(TEXTS, TEXTS, TEXTS)
def test_an_address_with_text_behind_it_means_the_same(base: str, relative: str, end: str) -> None:
    text = join_parts(
        ("curl ", arm("uri", BASE, relative), end, arm("uri", BASE, VariableRef("r")))
    )
    again = out_of_terraform(written(text))
    scope = Scope(variables={"base": f"https://e/{base}", "r": "/x"})
    assert evaluate(again, scope) == evaluate(text, scope) == evaluate(written(text), scope)


@pytest.mark.parametrize("rest", ["/x", "x", ""])
def test_a_rest_that_may_begin_with_a_slash_keeps_it(rest: str) -> None:
    text = Template((Call("regex", ("^.*/", BASE)), VariableRef("r"), "/end"))
    assert out_of_terraform(text) == text
    scope = Scope(variables={"base": "https://e/b/", "r": rest})
    assert evaluate(out_of_terraform(text), scope) == f"https://e/b/{rest}/end"


@pytest.mark.parametrize("arguments", [(), ("^.*/",), ("^.*/", BASE, "x")])
def test_a_call_of_another_form_stays_as_it_is(arguments: tuple[Value, ...]) -> None:
    text = Template((Call("regex", arguments), "x"))
    assert out_of_terraform(text) == text
