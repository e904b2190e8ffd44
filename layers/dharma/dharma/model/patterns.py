"""A pattern that is looked for anywhere in a text, and one that must match the whole of it.

A variable's `pattern` is the first (Terraform's `regex()`), CloudFormation's `AllowedPattern` the
second. The functions are inverse to each other on what the other one gives.
"""

from __future__ import annotations

_ANY = r"[\s\S]*"
_BEFORE, _AFTER = f"{_ANY}(?:", f"){_ANY}"
_OPEN, _CLOSE = "^(?:", ")$"


def matching_whole(pattern: str) -> str:
    """The pattern that matches a whole text where `pattern` is found in it."""
    if pattern.startswith(_OPEN) and pattern.endswith(_CLOSE) and _is_one(pattern[4:-2]):
        return pattern[len(_OPEN) : -len(_CLOSE)]
    if _is_anchored(pattern):
        return pattern
    return f"{_BEFORE}{pattern}{_AFTER}"


def found_anywhere(pattern: str) -> str:
    """The pattern that is found in a text which `pattern` matches as a whole."""
    if pattern.startswith(_BEFORE) and pattern.endswith(_AFTER):
        inner = pattern[len(_BEFORE) : -len(_AFTER)]
        if _is_one(inner):
            return inner
    return pattern if _is_anchored(pattern) else f"{_OPEN}{pattern}{_CLOSE}"


def _is_anchored(pattern: str) -> bool:
    """Whether it begins with `^` and ends with `$`, for all its alternatives."""
    ends = pattern.endswith("$") and not pattern.endswith("\\$")
    branches = any(depth == 0 and char == "|" for depth, char in _walk(pattern))
    return pattern.startswith("^") and ends and not branches


def _is_one(pattern: str) -> bool:
    """Whether its brackets close only what they opened: then it may stand inside a group."""
    depth = 0
    for depth, _ in _walk(pattern):
        if depth < 0:
            return False
    return depth == 0 or pattern == ""


def _walk(pattern: str) -> list[tuple[int, str]]:
    """Every character that is neither escaped nor in a class, with the depth of groups then."""
    found: list[tuple[int, str]] = []
    depth, position, in_class = 0, 0, False
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            position += 2
            found.append((depth, "\\"))
            continue
        if in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
            # A bracket right at the beginning is a member of the class.
            while pattern[position + 1 : position + 2] in ("^", "]"):
                position += 1
        else:
            depth += {"(": 1, ")": -1}.get(char, 0)
            found.append((depth, char))
        position += 1
    return found
