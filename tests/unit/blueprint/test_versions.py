"""Semantic versions: their order, and the one that follows."""

from __future__ import annotations

from itertools import product

import pytest

from dharma.blueprint.versions import Step, compare, next_version, parse_version
from dharma.core.errors import InvalidInput


def test_versions_are_ordered_by_precedence() -> None:
    ordered = ["0.9.0", "1.0.0-alpha", "1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-beta", "1.0.0",
               "1.0.1", "1.10.0"]  # fmt: skip
    for (i, a), (j, b) in product(enumerate(ordered), repeat=2):
        assert compare(a, b) == (i > j) - (i < j)
    assert compare("1.0.0+a", "1.0.0+b") == 0


@pytest.mark.parametrize("text", ["1", "1.2", "v1.2.3", "1.2.03", "1.2.3-", "", "1." * 3000])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no semantic version"):
        parse_version(text)


@pytest.mark.parametrize(
    ("step", "version"),
    [(None, "1.2.3"), ("patch", "1.2.4"), ("minor", "1.3.0"), ("major", "2.0.0")],
)
def test_the_next_version_follows_from_the_weight(step: Step | None, version: str) -> None:
    assert next_version("1.2.3", step) == version


def test_a_prerelease_is_finished_first() -> None:
    assert next_version("2.0.0-rc.1", "major") == "2.0.0"
