"""Rewritten modules give OPA's answers where the evaluator alone gives wrong ones in silence."""

from __future__ import annotations

import json
import os
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.guardrails.rego_tokens import tokens
from dharma.guardrails.rewriting import Unfaithful, rewrite

os.environ["RUST_BACKTRACE"] = "0"


def _engine(v0: bool) -> Any:
    import regorus

    engine = regorus.Engine()
    engine.set_rego_v0(v0)
    return engine


def _parse(text: str, v0: bool = False) -> dict[str, Any]:
    engine = _engine(v0)
    engine.add_policy("m.rego", text)
    tree: dict[str, Any] = json.loads(engine.get_ast_as_json())[0]["ast"]
    return tree


def _rewritten(text: str, v0: bool = False) -> str:
    return rewrite(text, lambda source: _parse(source, v0))


def _answer(text: str, given: Any, v0: bool = False) -> Any:
    engine = _engine(v0)
    engine.add_policy("m.rego", text)
    engine.set_input_json(json.dumps(given))
    answer = json.loads(engine.eval_query_as_json("data.m"))
    return answer["result"][0]["expressions"][0]["value"]["found"]


OWNERS = [{"owner": "a"}, {}, {"owner": "b"}]

# Rule, input, OPA's answer. Each is answered wrongly, or refused, without rewriting.
HEADS = [
    ('found contains sprintf("%s", [r.owner]) if some r in input', OWNERS, ["a", "b"]),
    ("found contains r.owner if some r in input", OWNERS, ["a", "b"]),
    (
        'found contains {"who": r.owner} if { some r in input }',
        OWNERS,
        [{"who": "a"}, {"who": "b"}],
    ),
    ("found contains [r.owner] if { some r in input\n# a remark }\n}", OWNERS, [["a"], ["b"]]),
    ("found[i] := r.owner if some i, r in input", OWNERS, {"0": "a", "2": "b"}),
    ("found[r.owner] := i if some i, r in input", OWNERS, {"a": 0, "b": 2}),
    ("found.all contains r.owner if some r in input", OWNERS, {"all": ["a", "b"]}),
    (
        "f(r) := r.owner if r.owner else := r.name if r.name else := 0\n"
        "found := [f(r) | some r in input]",
        [{"owner": "a"}, {"name": "n"}, {}],
        ["a", "n", 0],
    ),
    (
        "f(r) := r.owner if { true } else := 0\nfound := [f(r) | some r in input]",
        OWNERS,
        ["a", 0, "b"],
    ),
]
OLD_HEADS = [
    ("found[r.owner] { r := input[_] }", OWNERS, ["a", "b"]),
    ('found[msg] { r := input[_]; msg := sprintf("%s", [r.owner]) }', OWNERS, ["a", "b"]),
    ('found[sprintf("%s", [r.owner])] {\n  r := input[_] # each\n}', OWNERS, ["a", "b"]),
    ("found[i] = r.owner { r := input[i] }", OWNERS, {"0": "a", "2": "b"}),
]
WALKS = [
    ("found contains path if { [path, value] := walk(input); value == 1 }", [["a", "b"]]),
    ("found contains path if { [path, value] = walk(input); value == 1 }", [["a", "b"]]),
    (
        "found contains path if { some path, value; [path, value] = walk(input); value == 1 }",
        [["a", "b"]],
    ),
    ("found contains node[0] if { node := walk(input); node[1] == 1 }", [["a", "b"]]),
    ("found := [path | [path, 1] := walk(input)]", [["a", "b"]]),
    ("found := {x | [_, x] := walk([p | [p, 1] := walk(input)]); is_string(x)}", ["a", "b"]),
    ("found contains path if { walk(input, [path, 1]) }", [["a", "b"]]),
]


@pytest.mark.parametrize(("rule", "given", "expected"), HEADS, ids=[h[0] for h in HEADS])
def test_an_undefined_head_leaves_out_one_element_and_not_all(
    rule: str, given: Any, expected: Any
) -> None:
    module = f"package m\n\n{rule}\n"
    assert _answer(_rewritten(module), given) == expected


@pytest.mark.parametrize(("rule", "given", "expected"), OLD_HEADS, ids=[h[0] for h in OLD_HEADS])
def test_the_same_in_the_old_syntax(rule: str, given: Any, expected: Any) -> None:
    module = f"package m\n\n{rule}\n"
    assert _answer(_rewritten(module, v0=True), given, v0=True) == expected


@pytest.mark.parametrize(("rule", "expected"), WALKS, ids=[w[0] for w in WALKS])
def test_walk_visits_every_node(rule: str, expected: Any) -> None:
    module = f"package m\n\n{rule}\n"
    assert _answer(_rewritten(module), {"a": {"b": 1}, "c": 2}) == expected


def test_the_evaluator_alone_still_gets_both_wrong() -> None:
    """When this fails, a new evaluator has mended it, and the rewriting can go."""
    head = "package m\nfound contains r.owner if some r in input"
    assert _answer(head, [{"owner": "a"}, {}]) == []
    walk = "package m\nfound contains p if { [p, v] := walk(input); v == 1 }"
    assert _answer(walk, {"a": 1}) == []


def test_an_old_name_of_a_builtin_is_understood_in_the_old_syntax_only() -> None:
    module = 'package m\n\nre_matched = 1\n\nfound { re_match("^a", input) }\n'
    assert _answer(_rewritten(module, v0=True), "abc", v0=True) is True
    new = 'package m\n\nfound if { re_match("^a", input) }\n'
    assert _rewritten(new) == new


@pytest.mark.parametrize(
    "rule",
    [
        "found contains msg if { msg := input.a }",
        'found contains "text" if input.a',
        'found contains {"msg": msg, "address": a} if { msg := input.a; a := input.b }',
        "found[k] := v if some k, v in input",
        'found := sprintf("%s", [input.a]) if input.a',
        "found := x if { x := input.a } else := 2",
        "f(x) := x + 1\nfound := f(1)",
    ],
)
def test_what_is_right_already_is_left_alone(rule: str) -> None:
    module = f"package m\n\n# a comment with walk(x) and `ticks`\n{rule}\n"
    assert _rewritten(module) == module


def test_text_that_looks_like_code_is_not_touched() -> None:
    module = 'package m\n\nfound contains "[p, v] := walk(input) # no" if input.a\n'
    assert _rewritten(module) == module


def test_a_use_of_walk_that_cannot_be_rewritten_is_refused_with_its_line() -> None:
    with pytest.raises(Unfaithful, match="line 3: walk"):
        _rewritten("package m\n\nfound contains n if some n in walk(input)\n")


def test_letters_beyond_ascii_do_not_shift_the_edits() -> None:
    module = 'package m\n# ünïcödé\nfound contains sprintf("é%s", [r.owner]) if some r in input\n'
    assert _answer(_rewritten(module), OWNERS) == ["éa", "éb"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.integers(0, 3)), max_size=5))
def test_every_input_gives_the_same_as_the_rule_written_out(given: list[dict[str, int]]) -> None:
    short = "package m\nfound contains r.a + r.b if some r in input\n"
    long = "package m\nfound contains x if { some r in input; x := r.a + r.b }\n"
    assert _answer(_rewritten(short), given) == _answer(long, given)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=string.ascii_letters + '"`#[](){}:= \n.,é', max_size=60))
def test_tokens_are_in_order_and_never_overlap(text: str) -> None:
    source = text.encode()
    end = 0
    for token in tokens(source):
        assert end <= token.start < token.end
        assert source[token.start : token.end] == token.text
        end = token.end
