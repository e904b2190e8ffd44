"""Texts for people, with the secrets in them hidden."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

SENSITIVE = "(sensitive value)"
# A shorter secret is hidden only where it stands alone: cut out of other texts it would make them
# unreadable, and show what it is by that.
SHORTEST_INSIDE = 4


def redacted(value: Any, secrets: Set[str | int | float]) -> Any:
    """A JSON-able value with every secret in its texts, and every number that is one, replaced."""
    if not secrets:
        return value
    # The longest first: a secret may hold another.
    inside = sorted({str(s) for s in secrets if len(str(s)) >= SHORTEST_INSIDE}, key=len)[::-1]
    return _visit(value, secrets, inside)


def _visit(value: Any, secrets: Set[str | int | float], inside: list[str]) -> Any:
    if isinstance(value, str):
        if value in secrets:
            return SENSITIVE
        for secret in inside:
            value = value.replace(secret, SENSITIVE)
        return value
    if isinstance(value, dict):
        return {_visit(k, secrets, inside): _visit(v, secrets, inside) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_visit(element, secrets, inside) for element in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and value in secrets:
        return SENSITIVE
    return value
