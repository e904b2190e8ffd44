"""Patterns of `fileset`: what they match, and what hostile ones cost."""

from __future__ import annotations

import pytest

from dharma.blueprint.readers.terraform.file_functions import glob_pattern
from dharma.core.errors import LimitExceeded
from dharma.model.expressions.errors import EvaluationError


@pytest.mark.parametrize(
    ("pattern", "names", "others"),
    [
        ("*.json", ["a.json", ".json"], ["a/b.json", "a.json5", "xjson"]),
        ("**/*.tf", ["a.tf", "a/b/c.tf"], ["a/b/c.txt"]),
        ("a/**", ["a/b", "a/b/c"], ["b/a"]),
        ("?.{yaml,yml}", ["a.yml", "b.yaml"], ["ab.yml", "a.ymlx"]),
        ("[ab]+(1).$x", ["a+(1).$x", "b+(1).$x"], ["c+(1).$x", "a1.$x"]),
        ("[!ab]^", ["c^"], ["a^", "c"]),
        ("a b#-~&.txt", ["a b#-~&.txt"], ["a b"]),
    ],
)
def test_a_pattern_matches_whole_paths(pattern: str, names: list[str], others: list[str]) -> None:
    matcher = glob_pattern(pattern)
    assert all(matcher.search(name) for name in names)
    assert not any(matcher.search(name) for name in others)


def test_a_pattern_that_would_backtrack_without_end_is_answered() -> None:
    assert not glob_pattern("*a" * 60 + "b").search("a" * 250)


def test_a_pattern_and_a_name_that_are_too_large_together_are_refused() -> None:
    with pytest.raises(LimitExceeded):
        glob_pattern("*a" * 4000).search("a" * 4000)


def test_a_set_that_is_not_closed_is_text() -> None:
    assert glob_pattern("a[b").search("a[b")


def test_a_reversed_range_is_no_pattern() -> None:
    with pytest.raises(EvaluationError, match="no pattern of files"):
        glob_pattern("[z-a]")
