"""Names of Azure, segment by segment: `vnet/app` is `app` in `vnet`.

The names of a loop hold its index; which instance a name means is found by comparing them.
"""

from __future__ import annotations

import re

from dharma.model.expressions.nodes import (
    COUNT_INDEX,
    Call,
    Index,
    Template,
    Value,
    transform,
    walk,
)
from dharma.model.expressions.templates import join_parts

_FIRST_NAME = 8  # of an id between its slashes


def segments_of(name: Value) -> list[Value]:
    """A name cut at its slashes: `format('{0}/app', x)` is `x` and `app`."""
    if isinstance(name, str):
        return list[Value](name.split("/"))
    if not isinstance(name, Template):
        return [name]
    found: list[list[Value]] = [[]]
    for part in name.parts:
        if isinstance(part, str):
            first, *others = part.split("/")
            found[-1].append(first)
            found.extend([piece] for piece in others)
        else:
            found[-1].append(part)
    return [join_parts(pieces) for pieces in found]


def matched(own: list[Value], names: list[Value], *, counted: bool) -> tuple[Value] | None:
    """The instance of a resource, called `own`, that has these names, in a tuple; None where it has
    others."""
    if len(names) != len(own):
        return None
    if not counted:
        return (None,) if names == own else None
    instance: Value = None
    for mine, name in zip(own, names, strict=True):
        if mine == name and not any(n == COUNT_INDEX for n in walk(mine)):
            continue
        found = _index_in(mine, name)
        if found is None or (instance is not None and found[0] != instance):
            return None
        instance = found[0]
    return (instance,)


def at_index(value: Value, index: Value) -> Value:
    """The value of one instance of a loop."""
    return transform(value, lambda node: index if node == COUNT_INDEX else node)


def identifier_of(names: list[Value]) -> Value:
    """The id out of which names were taken: `split(id, '/')[8]`."""
    found: Value = None
    for position, name in enumerate(names):
        match name:
            case Index(Call("split", ("/", whole)), place) if place == _FIRST_NAME + 2 * position:
                if found is not None and whole != found:
                    return None
                found = whole
            case _:
                return None
    return found


def _index_in(own: Value, name: Value) -> tuple[Value] | None:
    """The index at which the name of a loop is this name."""
    if own == name:
        return (COUNT_INDEX,)
    mine = own.parts if isinstance(own, Template) else (own,)
    counted = sum(p == COUNT_INDEX for p in mine) == 1
    if (
        isinstance(name, str)
        and counted
        and all(isinstance(p, str) or p == COUNT_INDEX for p in mine)
    ):
        pattern = "".join(re.escape(p) if isinstance(p, str) else r"(\d+)" for p in mine)
        match = re.fullmatch(pattern, name)
        return (int(match.group(1)),) if match else None
    theirs = name.parts if isinstance(name, Template) else (name,)
    if len(mine) != len(theirs):
        return None
    different = [(a, b) for a, b in zip(mine, theirs, strict=True) if a != b]
    if len(different) == 1 and different[0][0] == COUNT_INDEX:
        return (different[0][1],)
    for candidate in {repr(b): b for _, b in different}.values():
        if at_index(own, candidate) == name:
            return (candidate,)
    return None
