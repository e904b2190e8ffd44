"""Patterns that are looked for, and patterns that match a whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.model.patterns import found_anywhere, matching_whole

PATTERNS = [
    "^[0-9]{12}$", "abc", "^a", "b$", "^a|b$", "^(a|b)$", "[|$]$", "^x\\$", "", "a|b", "(?:a)(?:b)",
    "^(?:a)|(?:b)$", "^(?:a|b)$", "[^])]", "\\(", "^$", "^(?:(a)$|(b))$",
]  # fmt: skip
TEXTS = st.text("ab01|$()x\\.", max_size=6)


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_both_forms_accept_the_same_texts(pattern: str, text: str) -> None:
    found = re.search(pattern, text) is not None
    assert (re.fullmatch(matching_whole(pattern), text) is not None) == found
    whole = re.fullmatch(pattern, text) is not None
    assert (re.search(found_anywhere(pattern), text) is not None) == whole


@pytest.mark.parametrize("pattern", PATTERNS)
def test_one_is_the_inverse_of_the_other(pattern: str) -> None:
    assert found_anywhere(matching_whole(found_anywhere(pattern))) == found_anywhere(pattern)
    assert matching_whole(found_anywhere(matching_whole(pattern))) == matching_whole(pattern)


def test_an_anchored_pattern_stays_as_it_is_written() -> None:
    assert matching_whole("^[a-z]{2}$") == "^[a-z]{2}$" == found_anywhere("^[a-z]{2}$")
