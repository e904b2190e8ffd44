"""Evaluation: Terraform's answers, three values, and limits that hold against hostile text."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.core.errors import InvalidInput, LimitExceeded
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.functions import FUNCTIONS
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    ObjectConstructor,
    ResourceRef,
    Template,
    Unknown,
    Value,
    VariableRef,
)
from dharma.model.expressions.parser import parse_expression
from dharma.model.expressions.printer import print_expression
from dharma.model.expressions.scope import MAX_STEPS, Budget, Scope
from tests.unit.work import calls_of

# What the console of Terraform 1.11 answers; an entry without an answer is one that it refuses.
ANSWERS: list[list[Any]] = json.loads(
    (Path(__file__).parent / "terraform_answers.json").read_text(encoding="utf-8")
)


def value_of(text: str, **scope: Any) -> Value:
    return evaluate(parse_expression(text), Scope(**scope))


@pytest.mark.parametrize("case", [c for c in ANSWERS if len(c) == 2], ids=lambda c: c[0][:50])
def test_a_value_is_what_terraform_says(case: list[Any]) -> None:
    text, answer = case
    value = value_of(text)
    assert value == answer
    assert isinstance(value, bool) == isinstance(answer, bool)


@pytest.mark.parametrize("case", [c for c in ANSWERS if len(c) == 1], ids=lambda c: c[0][:50])
def test_what_terraform_refuses_is_refused(case: list[Any]) -> None:
    with pytest.raises(EvaluationError):
        value_of(case[0])


@pytest.mark.parametrize("text", ["1 / 0", "5 % 0", "log(0, 10)", "1e300 * 1e300", "nope(1)"])
def test_what_has_no_finite_value_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        value_of(text)


REF = ResourceRef("t.n", ("id",))

PARTIAL: list[tuple[str, Any]] = [
    ("false && t.n.id", False),
    ("t.n.id && false", False),
    ("true || t.n.id", True),
    ("t.n.id || true", True),
    ("true && t.n.id", REF),
    ("t.n.id ? 1 : 1", 1),
    ("t.n.id ? 1 + 1 : 3", Conditional(REF, 2, 3)),
    ("true ? t.n.id : 1", REF),
    ("t.n.id == t.n.id", True),
    ("t.n.id == 1 + 1", Binary("==", REF, 2)),
    ("[t.n.id] == null", False),
    ('"a-${1 + 1}-${t.n.id}"', Template(("a-2-", REF))),
    ("length([t.n.id, 1])", 2),
    ("concat([t.n.id], [1])", [REF, 1]),
    ("merge({a = t.n.id}, {b = 1})", {"a": REF, "b": 1}),
    ("keys({a = t.n.id})", ["a"]),
    ("[1, t.n.id][0]", 1),
    ("{a = t.n.id}.a", REF),
    ("element([t.n.id, 1], 3)", 1),
    ('upper("${t.n.id}a")', Call("upper", (Template((REF, "a")),))),
    ("[for v in [1, t.n.id] : v]", [1, REF]),
    ('coalesce("", t.n.id, "x")', Call("coalesce", (REF, "x"))),
    ('coalesce("a", t.n.id)', "a"),
    ("try({}.a, t.n.id, 1)", Call("try", (REF, 1))),
    ("try(1, t.n.id)", 1),
    ("[{a = t.n}, {a = 1}][*].a", [ResourceRef("t.n"), 1]),
    ("[{a = t.n}][*].a.id", [REF]),
    ("var.missing + 1", Binary("+", VariableRef("missing"), 1)),
    ("timestamp()", Unknown("timestamp() is computed when it is applied")),
    ("file(\"x\")", Call("file", ("x",))),
    ("t.n[1 + 1].id", ResourceRef("t.n", ("id",), 2)),
    ("t.n[[1 + 1, t.n.id]].id", ResourceRef("t.n", ("id",), [2, REF])),
]  # fmt: skip


@pytest.mark.parametrize(("text", "left"), PARTIAL, ids=[p[0] for p in PARTIAL])
def test_what_is_known_is_used_and_the_rest_is_left(text: str, left: Any) -> None:
    assert value_of(text) == left


def test_half_a_character_is_refused() -> None:
    with pytest.raises(EvaluationError, match="no JSON"):
        evaluate(Call("jsondecode", ('"\\ud800"',)), Scope())


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "[{a: "])
def test_yaml_of_any_depth_is_refused_and_never_ends_the_process(opening: str) -> None:
    with pytest.raises(LimitExceeded, match="yamldecode: nested deeper than 64 levels"):
        evaluate(Call("yamldecode", (opening * 100_000,)), Scope())


def doubled(times: int, first: str, more: str) -> str:
    """`first`, bound to a name, twice in the next, and so on; small in memory, endless on paper."""
    text = f"x{times}"
    for n in range(times, 0, -1):
        text = f"[for x{n} in [{more.format(f'x{n - 1}')}] : {text}][0]"
    return f"[for x0 in [{first}] : {text}][0]"


@pytest.mark.parametrize(
    "more",
    ["[{0}, {0}]",
     "{{a = {0}, b = {0}}}", "max({0}) == {0}", "[for y in [1, 2] : {0}]", '"${{{0}}}${{{0}}}"',
     "{{for y in [1, 2] : y => {0}}}", "max({0}, {0})", "var.no ? [{0}] : {0}",
     "{{a = {{b = [{{c = {0}}}, [{0}]]}}}}", '{{("a") = {0}, ("b") = [{0}]}}',
     '{{(var.no) = {0}, ("b") = [{0}]}}', "t.n[max({0}, {0})]", "toset([[{0}, {0}]])"],
)  # fmt: skip
@pytest.mark.parametrize(
    "around", ["{}", "jsonencode({})", "length({})", "[for z in [{}] : z == z]"]
)
def test_a_value_that_doubles_has_an_end(more: str, around: str) -> None:
    text = around.format(doubled(28, "t.n.id == var.a", more))
    with pytest.raises(LimitExceeded, match=r"a value has more than \d+ elements|steps"):
        value_of(text)


LEAVES: dict[str, Value] = {
    "plain": {"a": "b", "c": [1]},
    "a resource": {"a": REF, "c": [VariableRef("missing")]},
    "a name": {"a": VariableRef("shared"), "c": [1]},
    "computed keys": ObjectConstructor(((Call("upper", ("a",)), VariableRef("shared")),)),
}
LEVELS: dict[str, Any] = {
    "maps": lambda inner: {"a": inner},
    "lists": lambda inner: [inner],
    "computed keys": lambda inner: ObjectConstructor(((Call("upper", ("a",)), inner),)),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("leaf", LEAVES)
def test_a_level_around_much_text_costs_no_more_than_one_around_little(
    leaf: str, level: str
) -> None:
    def work(levels: int) -> tuple[int, int]:
        value: Value = [LEAVES[leaf]] * 300
        for _ in range(levels):
            value = LEVELS[level](value)
        scope = Scope(variables={"shared": [[1], [2]]}, budget=Budget(1_000_000))
        return calls_of(lambda: evaluate(value, scope)), 1_000_000 - scope.budget.steps

    (few_calls, few_steps), (many_calls, many_steps) = work(10), work(60)
    assert many_calls - few_calls <= 50 * 80
    assert many_steps - few_steps <= 50 * 5


def test_what_is_used_many_times_is_no_harm() -> None:
    value = value_of(f"length({doubled(10, '1', '[{0}, {0}]')})")
    assert value == 2


def test_yaml_that_holds_itself_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="yamldecode: nested deeper"):
        evaluate(Call("yamldecode", ("&a [*a]",)), Scope())


def test_names_come_from_the_scope() -> None:
    scope: dict[str, Any] = {
        "variables": {"v": {"a": [1, 2]}, "u": Unknown("asked later")},
        "locals": {"l": {"x": "y"}},
        "each": ("k", {"cidr": "10.0.0.0/8"}),
        "count": 3,
        "ambient": {"region": "eu-west-1"},
    }
    assert value_of("var.v.a[1]", **scope) == 2
    assert value_of("var.u.anything[0]", **scope) == Unknown("asked later")
    assert value_of("local.l.x", **scope) == "y"
    assert value_of("cidrsubnet(each.value.cidr, 8, count.index)", **scope) == "10.3.0.0/16"
    assert value_of("each.key", **scope) == "k"
    assert value_of("data.aws_region.current.name", **scope) == "eu-west-1"
    assert value_of("[for v in [1] : var.v.a]", **scope) == [[1, 2]]


def test_a_loop_variable_hides_an_outer_one_of_the_same_name() -> None:
    assert value_of("[for v in [1, 2] : [for v in [v * 10] : v]]") == [[10], [20]]
    inner = value_of("[for v in [1] : [for v in t.n.list : v]]")
    assert isinstance(inner, list)
    assert print_expression(inner[0]) == "[for v in t.n.list : v]"


def test_what_a_loop_binds_is_all_that_differs_inside_it() -> None:
    outside = Scope(*(object() for _ in fields(Scope)))  # type: ignore[arg-type]
    outside = replace(outside, bound={"a": 1})
    inside = outside.binding({"b": 2})
    assert inside.bound == {"a": 1, "b": 2}
    assert replace(inside, bound=outside.bound) == outside


@pytest.mark.parametrize(
    "text",
    [
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]",
        "{for a in range(1000) : a => [for b in range(1000) : [for c in range(1000) : a]]}",
        'join("", [for a in range(1024) : join("", [for b in range(1024) : "xxxxxxxxxxxxxx"])])',
        "setproduct(range(1000), range(1000), range(1000))",
        'replace(join("", [for a in range(1000) : "aaaaaaaaaaaa"]), "a", join("", '
        '[for a in range(1000) : "bbbbbb"]))',
        'regex("(a*)*(a*)*(a*)*c", join("", [for a in range(1000) : "aaaaaaaaaaaa"]))',
        'regex("((a{1000}){1000}){1000}", "a")',
        'regex("(?:(?:(?:(?:){1000}){1000}){1000}){1000}", "a")',
        "1e300 * 1e300 * 1e300",
        'format("%9999d %9999999d", 1, 2)',
        "pow(10, 100000000)",
        'indent(100000, "a\\nb")',
        'cidrsubnet("::/0", 128, pow(2, 200))',
    ],
)
def test_hostile_expressions_end_soon(text: str) -> None:
    def refused() -> None:
        with pytest.raises(InvalidInput):
            value_of(text)

    # A step of the budget is a few calls; the dearest of these takes twenty.
    assert calls_of(refused, most=25 * MAX_STEPS)


def test_catastrophic_patterns_are_matched_in_linear_time() -> None:
    assert value_of(f'can(regex("^(a+)+$", "{"a" * 5000}!"))') is False
    assert value_of(f'regex("(x+x+)+y$", "{"x" * 500}y")') == ["x" * 500]

    def calls(count: int) -> int:
        return calls_of(lambda: value_of(f'can(regex("^(a+)+$", "{"a" * count}!"))'))

    assert calls(3000) - calls(2000) == calls(2000) - calls(1000)


plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(plain)
def test_plain_values_are_their_own_value_and_survive_json(value: Any) -> None:
    assert evaluate(value, Scope()) == value
    text = evaluate(Call("jsonencode", (value,)), Scope())
    assert evaluate(Call("jsondecode", (text,)), Scope()) == value
    assert json.loads(str(text)) == value


NAMES = sorted(FUNCTIONS)


@settings(max_examples=100, deadline=None)
@given(st.lists(plain, max_size=3), st.sampled_from(NAMES))
def test_any_call_has_a_value_or_is_refused(arguments: list[Any], name: str) -> None:
    try:
        value = evaluate(Call(name, tuple(arguments)), Scope())
    except (EvaluationError, LimitExceeded):
        return
    assert evaluate(value, Scope()) == value
