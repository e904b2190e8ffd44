"""Semantic versions, and that a published version stays as it is."""

from __future__ import annotations

import pytest

from dharma.blueprint.versions import (
    Step,
    compare,
    latest,
    may_publish,
    next_version,
    parse_version,
    sort_versions,
)
from dharma.core.errors import AlreadyPublished, InvalidInput


def test_versions_are_ordered_by_precedence() -> None:
    ordered = ["0.9.0", "1.0.0-alpha", "1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-beta", "1.0.0",
               "1.0.1", "1.10.0"]  # fmt: skip
    assert sort_versions(reversed(ordered)) == ordered
    assert compare("1.0.0+a", "1.0.0+b") == 0
    assert latest(ordered[:5]) == "0.9.0"
    assert latest(ordered[:5], prereleases=True) == "1.0.0-beta"
    assert latest(["2.0.0-rc.1"]) == "2.0.0-rc.1"
    assert latest([]) is None


@pytest.mark.parametrize("text", ["1", "1.2", "v1.2.3", "1.2.03", "1.2.3-", "", "1." * 3000])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no semantic version"):
        parse_version(text)


def test_a_published_version_never_changes() -> None:
    published = {"1.0.0": "digest"}
    assert may_publish("1.0.1", "other", published)
    assert not may_publish("1.0.0", "digest", published)
    for version in ("1.0.0", "1.0.0+build"):
        with pytest.raises(AlreadyPublished, match=r"1\.0\.0 is published"):
            may_publish(version, "other", published)


@pytest.mark.parametrize(
    ("step", "version"),
    [(None, "1.2.3"), ("patch", "1.2.4"), ("minor", "1.3.0"), ("major", "2.0.0")],
)
def test_the_next_version_follows_from_the_weight(step: Step | None, version: str) -> None:
    assert next_version("1.2.3", step) == version


def test_a_prerelease_is_finished_first() -> None:
    assert next_version("2.0.0-rc.1", "major") == "2.0.0"
