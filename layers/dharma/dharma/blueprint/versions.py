"""Semantic versions of blueprints (semver.org, 2.0.0): their one grammar, their order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from dharma.core.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from semver import Version

Step = Literal["major", "minor", "patch"]
MAX_LENGTH = 128
# The numbers of a release have at most nine digits; JSON Schema reads this pattern too.
_NUMBER = "(0|[1-9][0-9]{0,8})"
_WORD = "(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
PATTERN = (
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    rf"(-{_WORD}(\.{_WORD})*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?"
)
_VERSION = re.compile(PATTERN)


def is_version(text: str) -> bool:
    """Whether a text is a semantic version that a blueprint can have."""
    return len(text) <= MAX_LENGTH and _VERSION.fullmatch(text) is not None


def parse_version(text: str) -> Version:
    """Raises InvalidInput for what is no semantic version."""
    # The grammar is asked without the library, whose import takes 45 ms: files are read often.
    from semver import Version

    if is_version(text):
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


def sort_key(version: str) -> str:
    """A text that sorts as semantic versions do (semver.org, 11). Versions of the same precedence
    have the same one: what follows `+` does not count.

    Numbers are padded, or led by their length where they may have any; a release comes after its
    pre-releases (`~`); within these, numbers come before words and a shorter list before a longer
    one (`!` sorts before all that words hold).
    """
    numbers, _, prerelease = version.partition("+")[0].partition("-")
    padded = ".".join(number.zfill(12) for number in numbers.split("."))
    tail = "!".join(_identifier(part) for part in prerelease.split(".")) if prerelease else "~"
    return f"{padded}!{tail}"


def _identifier(part: str) -> str:
    return f"0{len(part):03}{part}" if part.isdigit() else f"1{part}"
