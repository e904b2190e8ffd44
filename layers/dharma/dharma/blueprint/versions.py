"""Semantic versions of blueprints (semver.org), and the rule that a published one never changes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cmp_to_key
from typing import TYPE_CHECKING, Literal

from dharma.core.errors import AlreadyPublished, Fault, InvalidInput

if TYPE_CHECKING:
    from semver import Version

Step = Literal["major", "minor", "patch"]
MAX_LENGTH = 128


def parse_version(text: str) -> Version:
    """Raises InvalidInput for what is no semantic version."""
    from semver import Version

    # Thousands of digits would be refused by the conversion to int, with another error.
    if len(text) <= MAX_LENGTH and Version.is_valid(text):
        return Version.parse(text)
    shown = text if len(text) <= 40 else text[:37] + "..."
    fault = Fault(f"{shown!r} is no semantic version", "version", hint="three numbers: 1.2.0")
    raise InvalidInput(str(fault), [fault])


def compare(a: str, b: str) -> int:
    """-1, 0 or 1 by precedence; what follows `+` does not count."""
    return parse_version(a).compare(parse_version(b))


def sort_versions(versions: Iterable[str]) -> list[str]:
    """Ascending by precedence."""
    return sorted(versions, key=cmp_to_key(compare))


def latest(versions: Iterable[str], prereleases: bool = False) -> str | None:
    """The highest version; pre-releases only when asked for, or when there is nothing else."""
    ordered = sort_versions(versions)
    released = [v for v in ordered if prereleases or not parse_version(v).prerelease]
    best = released or ordered
    return best[-1] if best else None


def may_publish(version: str, digest: str, published: dict[str, str]) -> bool:
    """Whether publishing would do anything: False when this very text is published already.

    `published` maps versions to the digests of their texts. Raises AlreadyPublished when another
    text has the version (or one that differs after `+` only: nobody could tell which is newer),
    InvalidInput when it is no version.
    """
    parse_version(version)
    for other, other_digest in published.items():
        if compare(other, version) == 0:
            if other == version and other_digest == digest:
                return False
            raise AlreadyPublished(f"version {other} is published; it never changes")
    return True


def next_version(version: str, step: Step | None) -> str:
    """The version that a change of this weight leads to; None stays. A pre-release is finished
    first."""
    present = parse_version(version)
    if step is None:
        return version
    if present.prerelease:
        return str(present.finalize_version())
    return str(present.next_version(part=step))
