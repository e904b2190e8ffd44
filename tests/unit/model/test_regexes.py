"""Regular expressions: the same matches as a backtracking matcher, in linear time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.core.errors import LimitExceeded
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.regex_syntax import UnsupportedPattern
from dharma.model.expressions.regexes import Pattern, compile_pattern
from tests.unit.work import calls_of

atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\d", r"\b", "^", "$", "(?i:A)"])


def _repeatable(pattern: str) -> bool:
    return pattern not in (r"\b", "^", "$")


# Bodies of repeats match no empty text: there the two kinds of machine differ in their captures.
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: f"(?:{'|'.join(p)})"),
        inner.map(lambda p: f"({p})"),
        st.builds(
            lambda p, r: f"{p}{r}",
            st.sampled_from(["a", "b", ".", "[ab]", "(?:ab|a)", "(a|ab)", "(b)"]),
            st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{1,}?"]),
        ),
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(patterns, st.text(alphabet="abA1 \n", max_size=8))
def test_matches_are_those_of_a_backtracking_matcher(pattern: str, text: str) -> None:
    # `$` is the very end here, in Python also the place before a last line break.
    expected = re.compile(pattern.replace("$", r"\Z"), re.ASCII).search(text)
    found = Pattern(pattern).search(text)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert found.span() == expected.span()
        groups = range(expected.re.groups + 1)
        assert [found.group(n) for n in groups] == [expected.group(n) for n in groups]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "without its )"),
        (")", "without its ("),
        ("[a", "without its ]"),
        ("[b-a]", "wrong way round"),
        ("*a", "nothing to repeat"),
        ("^*", "nothing to repeat"),
        ("a**", "two repeats in a row"),
        ("a{3,2}", "a repeat is between"),
        ("a{2000}", "a repeat is between"),
        ("\\", "at the end"),
        (r"\q", r"\q is not supported"),
        ("(?x)a", "this kind of group"),
        (r"[\d-z]{1,0}", "a repeat is between"),
        ("(" * 60 + ")" * 60, "nested too deeply"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=re.escape(message)):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", r"(a)\1"])
def test_what_other_dialects_can_and_this_cannot_is_told_apart(pattern: str) -> None:
    with pytest.raises(UnsupportedPattern):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["a" * 2000, "((a{1000}){1000}){1000}", "(?:(?:){1000}){1000}"])
def test_patterns_have_limits(pattern: str) -> None:
    with pytest.raises(LimitExceeded):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|aa)+$", "(.*)*x", "a*a*a*a*a*a*b"])
def test_patterns_that_explode_elsewhere_take_linear_time(pattern: str) -> None:
    compiled = Pattern(pattern)
    assert compiled.search("a" * 5000 + "!") is None
    one, two, three = (
        calls_of(lambda n=n: compiled.search("a" * n + "!")) for n in (1000, 2000, 3000)
    )
    assert three - two == two - one


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab()[]{}*+?|^$\\-.,:<>=!1dwP", max_size=12), st.text("ab1", max_size=5))
def test_any_text_is_a_pattern_or_refused(pattern: str, text: str) -> None:
    try:
        compile_pattern(pattern).search(text)
    except (EvaluationError, LimitExceeded):
        return
