"""YAML text that no reader can take for anything else."""

from __future__ import annotations

import json
import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers.template_source import read_tree
from dharma.blueprint.yaml_source import Node
from dharma.generator.yaml_text import Tagged, scalar, to_json, to_yaml

TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n :#-'\"|>&*!%@`{}[],?=~"),
    max_size=20,
)
TRICKY = st.sampled_from(
    ["no", "Yes", "ON", "null", "~", "2012-10-17", "010", "1_000", "0x1F", "1e3", "12:30:45", "<<",
     "=", ".inf", "-", "- a", "? a", "a: b", "a #b", "#a", "!a", "&a", "*a", "%a", "@a", "`a", "|",
     ">", "{a}", "[a]", "'a'", '"a"', "a\n", "\na", " a", "a ", "a\tb", "\u2028", "\x85", "\ufeff",
     "e5", "10.0.0.0/16", "10.0.0.1", "y", "n", "N", "off", "true", "key: |\n  x", "a\n\nb",
     "a\n\n", "  a\nb", "a\r\nb", "a\n \nb", "---", "...", "--- a", "a\n---\nb", "a\n...\n",
     "/a,b", "it's"]
)  # fmt: skip
SCALARS = st.one_of(
    TEXT, TRICKY, st.booleans(), st.integers(), st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda c: st.one_of(
        st.lists(c, max_size=4), st.dictionaries(st.one_of(TEXT, TRICKY), c, max_size=4)
    ),
    max_leaves=15,
)


def plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {k: plain(v) for k, (_, v) in node.value.items()}
    if isinstance(node.value, list):
        return [plain(v) for v in node.value]
    return node.value


@settings(max_examples=400, deadline=None)
@given(TREES)
def test_what_is_written_is_what_a_yaml_1_1_reader_sees(tree: object) -> None:
    # PyYAML resolves dates, octal and sexagesimal numbers and all words of YAML 1.1.
    assert yaml.load(to_yaml(tree), Loader=yaml.CSafeLoader) == tree


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(TEXT, TREES, max_size=3))
def test_the_template_reader_sees_it_too(tree: dict[str, object]) -> None:
    assert plain(read_tree(to_yaml(tree))) == tree


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_the_json_form_says_the_same(tree: object) -> None:
    assert json.loads(to_json(tree)) == tree


def test_tags_are_short_and_a_second_one_takes_its_long_form() -> None:
    value = {
        "Ref": Tagged("!Ref", "Ref", "Name"),
        "If": Tagged("!If", "Fn::If", ["C", {"a": 1}, Tagged("!Ref", "Ref", "AWS::NoValue")]),
        "UserData": Tagged("!Base64", "Fn::Base64", Tagged("!Sub", "Fn::Sub", "a ${B}\nc\n")),
        "List": [Tagged("!GetAtt", "Fn::GetAtt", "A.B"), [Tagged("!Ref", "Ref", "X")]],
    }
    assert to_yaml(value) == (
        "Ref: !Ref Name\n"
        "If: !If\n"
        "  - C\n"
        "  - a: 1\n"
        "  - !Ref AWS::NoValue\n"
        "UserData: !Base64\n"
        "  Fn::Sub: |\n"
        "    a ${B}\n"
        "    c\n"
        "List:\n"
        "  - !GetAtt A.B\n"
        "  - - !Ref X\n"
    )
    assert json.loads(to_json(value))["List"][0] == {"Fn::GetAtt": ["A", "B"]}


@pytest.mark.parametrize("text", ["no", "2012-10-17", "0123", "1e3", "a: b", "", " a", "a #b"])
def test_a_string_that_yaml_would_take_for_something_else_is_quoted(text: str) -> None:
    assert scalar(text) == json.dumps(text)


@pytest.mark.parametrize("text", ["arn:aws:s3:::x", "10.0.0.0/16", "t3.micro", "it's, a b", "/a*"])
def test_harmless_strings_stay_bare(text: str) -> None:
    assert scalar(text) == text


def test_a_key_beyond_the_limit_of_simple_keys_is_marked() -> None:
    tree = {"k" * 3000: {"a": [1]}}
    assert yaml.safe_load(to_yaml(tree)) == tree


def test_a_number_that_json_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no number"):
        to_yaml({"a": math.inf})
