"""Small things of language."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """`1 resource`, `2 resources`."""
    return f"{number} {noun}{'s' * (number != 1)}"
