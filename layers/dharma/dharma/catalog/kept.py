"""What a format says beyond the catalog: cut out of what is read, put back into what is written.

It stands among the `native` values of its resource in the format's own shape, with nothing around
it but the objects and blocks that it lies in: `{"default_node_pool": [{"max_pods": 30}]}`. What
lies in an element of a list is told by the element's name; see `kept_elements`.
"""

from __future__ import annotations

import re

from dharma.catalog.paths import conditional
from dharma.model.expressions.nodes import Conditional, Value

_POSITION = re.compile(r"\[(\d+)\]\.")


def cut_out(value: Value, path: str, *, blocks: bool, named: bool = False) -> Value:
    """What stands at a path of `KnownPaths.unread`, in what it lies in; None where it lies in a
    list, of which it cannot be told where it goes back to. `blocks`: a list of one is a block. What
    lies in a block that is there under a condition is there under the same. `named`: elements of
    lists have names, each its own."""
    if isinstance(value, Conditional):
        then, otherwise = (
            cut_out(branch, path, blocks=blocks) for branch in (value.then, value.otherwise)
        )
        if isinstance(then, list) or isinstance(otherwise, list):
            one = conditional(value.condition, _only(then), _only(otherwise))
            return None if one is None else [one]
        return conditional(value.condition, then, otherwise)
    if isinstance(value, list):
        if named and not blocks:
            return _of_element(value, path)
        if not blocks or len(value) != 1 or not path.startswith("[0]."):
            return None
        inner = cut_out(value[0], path.removeprefix("[0]."), blocks=blocks)
        return None if inner is None else [inner]
    if not isinstance(value, dict):
        return None
    if path in value:
        return {path: value[path]}
    for key, member in value.items():
        # A key may have dots in it, so a path cannot be taken apart without looking.
        rest = path.removeprefix(key)
        if len(rest) < len(path) and rest[0] in ".[":
            inner = cut_out(member, rest.removeprefix("."), blocks=blocks, named=named)
            if inner is not None:
                return {key: inner}
    return None


def _of_element(elements: list[Value], path: str) -> Value:
    found = _POSITION.match(path)
    if found is None:
        return None
    element = elements[int(found[1])]
    name = name_of(element)
    if name is None or [name_of(other) for other in elements].count(name) > 1:
        return None
    inner = cut_out(element, path[found.end() :], blocks=False, named=True)
    return {address_of(name): inner} if isinstance(inner, dict) else None


def name_of(element: Value) -> str | None:
    """What an element of a list is called, where that is known: also of one that is there under a
    condition."""
    match element:
        case Conditional(_, then, None):
            return name_of(then)
        case Conditional(_, None, otherwise):
            return name_of(otherwise)
        case {"name": str(name)}:
            return name
    return None


def address_of(name: str) -> str:
    """The key that stands for an element among what is kept."""
    return f"[{name}]"


def with_kept(own: Value, kept: Value) -> Value:
    """A value with what is kept for its format. Objects and single blocks are put together member
    by member; where they are there under a condition, so is what is kept of them."""
    if own is None or own == []:
        return kept
    if isinstance(own, dict) and isinstance(kept, dict):
        return {**own, **{key: with_kept(own.get(key), inner) for key, inner in kept.items()}}
    if isinstance(own, list) and isinstance(kept, list) and len(own) == len(kept) == 1:
        return [with_kept(own[0], kept[0])]
    if isinstance(kept, Conditional):
        return _with_conditional(own, kept)
    if isinstance(own, Conditional) and isinstance(kept, dict | list):
        branches = (own.then, own.otherwise)
        if all(b is None or isinstance(b, dict | list | Conditional) for b in branches):
            then, otherwise = (None if not b else with_kept(b, kept) for b in branches)
            return Conditional(own.condition, then, otherwise)
    return kept


def _with_conditional(own: Value, kept: Conditional) -> Value:
    if isinstance(own, Conditional) and own.condition == kept.condition:
        return Conditional(
            own.condition,
            own.then if kept.then is None else with_kept(own.then, kept.then),
            own.otherwise if kept.otherwise is None else with_kept(own.otherwise, kept.otherwise),
        )
    branches = (kept.then, kept.otherwise)
    if not isinstance(own, dict) or not all(b is None or isinstance(b, dict) for b in branches):
        return kept
    # The block is there anyway: its members are what the condition decides.
    then, otherwise = (b if isinstance(b, dict) else {} for b in branches)
    members = {
        key: conditional(kept.condition, then.get(key), otherwise.get(key))
        for key in {**then, **otherwise}
    }
    return with_kept(own, members)


def _only(value: Value) -> Value:
    return value[0] if isinstance(value, list) and value else None
