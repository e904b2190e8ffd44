"""Semantic versions: their order, and the one that follows."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
import semver
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.versions import Step, compare, next_version, parse_version, sort_key
from dharma.core.errors import InvalidInput


def test_versions_are_ordered_by_precedence() -> None:
    ordered = ["0.9.0", "1.0.0-alpha", "1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-beta", "1.0.0",
               "1.0.1", "1.10.0"]  # fmt: skip
    for (i, a), (j, b) in product(enumerate(ordered), repeat=2):
        assert compare(a, b) == (i > j) - (i < j)
    assert compare("1.0.0+a", "1.0.0+b") == 0


@pytest.mark.parametrize(
    "text",
    ["1", "1.2", "v1.2.3", "1.2.03", "1.2.3-", "1.2.3-01", "1234567890.0.0", "", "1." * 3000],
)
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


_numbers = st.integers(0, 10**9 - 1).map(str) | st.sampled_from(["0", "1", "2", "10"])
_long_numbers = _numbers | st.integers(0, 10**30).map(str)
_words = st.from_regex(r"[0-9]*[A-Za-z-][0-9A-Za-z-]{0,4}", fullmatch=True)
_versions = st.builds(
    lambda core, pre: ".".join(core) + (f"-{'.'.join(pre)}" if pre else ""),
    st.tuples(_numbers, _numbers, _numbers),
    st.lists(_long_numbers | _words, max_size=3),
)


@settings(max_examples=300)
@given(a=_versions, b=_versions)
def test_keys_sort_as_semantic_versions_do(a: str, b: str) -> None:
    order = semver.Version.parse(a).compare(b)
    keys = sort_key(a).encode(), sort_key(b).encode()
    assert (keys[0] > keys[1]) - (keys[0] < keys[1]) == order


def test_keys_sort_as_the_specification_says() -> None:
    # semver.org, 11.4
    order = [
        *("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"),
        *("1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.9.0", "1.10.0", "1.11.0", "2.0.0"),
    ]
    keys = [sort_key(version) for version in order]
    assert all(a < b for a, b in pairwise(keys))


def test_build_metadata_does_not_count_in_a_key() -> None:
    assert sort_key("1.0.0-rc.1+a-b.7") == sort_key("1.0.0-rc.1")
