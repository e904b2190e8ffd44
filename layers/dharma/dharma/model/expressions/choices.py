"""A value chosen among values that are written out: `{small = {...}, large = {...}}[var.size]`.

What is asked of the chosen one can be asked of each: `.cores` of that is
`{small = 2, large = 8}[var.size]`. So names inside are looked up where they are written, and what
one of the values does not have is absent there, instead of a fault when another one is chosen.
"""

from __future__ import annotations

from collections.abc import Callable

from dharma.model.expressions.nodes import Index, Value


def choices(value: Value) -> list[Value] | None:
    """The values that may be chosen, where all are objects that are written out; else None."""
    if not isinstance(value, Index):
        return None
    options = value.collection
    if isinstance(options, dict):
        options = list(options.values())
    if not isinstance(options, list) or not options:
        return None
    return options if all(_written_out(option) for option in options) else None


def of_each(value: Index, take: Callable[[Value], Value]) -> Value:
    """What `take` makes of each of the values, chosen as they were; that itself where it is the
    same of all."""
    options = value.collection
    if isinstance(options, dict):
        named: dict[str, Value] = {name: take(option) for name, option in options.items()}
        found, taken = list(named.values()), named
    else:
        assert isinstance(options, list)
        found = [take(option) for option in options]
        taken = found  # type: ignore[assignment]
    if all(one == found[0] and type(one) is type(found[0]) for one in found):
        return found[0]
    return Index(taken, value.key)


def _written_out(option: Value) -> bool:
    return option is None or isinstance(option, dict) or choices(option) is not None
