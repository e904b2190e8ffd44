"""Semantic versions of blueprints (semver.org)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dharma.core.errors import Fault, InvalidInput

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


def next_version(version: str, step: Step | None) -> str:
    """The version that a change of this weight leads to; None stays. A pre-release is finished
    first."""
    present = parse_version(version)
    if step is None:
        return version
    if present.prerelease:
        return str(present.finalize_version())
    return str(present.next_version(part=step))
