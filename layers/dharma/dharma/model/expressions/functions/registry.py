"""How a function enters the language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dharma.core.errors import LimitExceeded
from dharma.model.expressions.nodes import Value

MAX_TEXT = 1024 * 1024
MAX_ITEMS = 100_000


@dataclass(frozen=True, slots=True)
class Function:
    """`structural`: elements inside the arguments need not be known (`length([aws_x.y.id])`).

    `returns` is the type of the result for inference ("any" where it depends)."""

    name: str
    compute: Callable[..., Value]
    least: int
    most: int | None
    structural: bool
    returns: str


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str, returns: str = "any", structural: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of plain values; its parameters give the number of arguments."""

    def register(compute: Callable[..., Any]) -> Callable[..., Any]:
        code: Any = compute.__code__
        defaults: Any = compute.__defaults__
        variadic = bool(code.co_flags & 0x04)
        FUNCTIONS[name] = Function(
            name,
            compute,
            code.co_argcount - len(defaults or ()),
            None if variadic else code.co_argcount,
            structural,
            returns,
        )
        return compute

    return register


def limited_text(text: str) -> str:
    limited_length(len(text))
    return text


def limited_length(length: int) -> None:
    """Refuse a string before it is made."""
    if length > MAX_TEXT:
        raise LimitExceeded(f"a string is longer than {MAX_TEXT} characters")


def limited_count(count: int) -> int:
    if count > MAX_ITEMS:
        raise LimitExceeded(f"a list has more than {MAX_ITEMS} items")
    return count
