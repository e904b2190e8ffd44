"""What a format says beyond the catalog: cut out of what is read, put back into what is written.

It stands among the `native` values of its resource in the format's own shape, with nothing around
it but the objects and blocks that it lies in: `{"default_node_pool": [{"max_pods": 30}]}`. In ARM,
what lies in an element of a list goes back into the element of that name:
`{"ipConfigurations": {"[main]": {"properties": {"loadBalancerBackendAddressPools": ...}}}}`.
"""

from __future__ import annotations

import re

from dharma.catalog.paths import conditional
from dharma.model.expressions.nodes import Conditional, Value

_ELEMENT = re.compile(r"\[(\d+)\]\.")
_IN_ELEMENT = re.compile(r"\[.*\]\Z", re.DOTALL)


def cut_out(value: Value, path: str, *, blocks: bool) -> Value:
    """What stands at a path of `KnownPaths.unread`, in what it lies in; None where it lies in an
    element of a list that cannot be told from the others. `blocks`: a list of one is a block; in
    other formats elements have names. What lies in a block that is there under a condition is there
    under the same."""
    if isinstance(value, Conditional):
        then, otherwise = (
            cut_out(branch, path, blocks=blocks) for branch in (value.then, value.otherwise)
        )
        if isinstance(then, list) or isinstance(otherwise, list):
            one = conditional(value.condition, _only(then), _only(otherwise))
            return None if one is None else [one]
        return conditional(value.condition, then, otherwise)
    if isinstance(value, list):
        found = _ELEMENT.match(path)
        if found is None or (blocks and len(value) != 1):
            return None
        element = value[int(found[1])]
        inner = cut_out(element, path[found.end() :], blocks=blocks)
        if inner is None or blocks:
            return None if inner is None else [inner]
        name = _name_of(element)
        alone = [_name_of(other) for other in value].count(name) == 1
        return {f"[{name}]": inner} if name is not None and alone else None
    if not isinstance(value, dict):
        return None
    if path in value:
        return {path: value[path]}
    for key, member in value.items():
        # A key may have dots in it, so a path cannot be taken apart without looking.
        rest = path.removeprefix(key)
        if len(rest) < len(path) and rest[0] in ".[":
            inner = cut_out(member, rest.removeprefix("."), blocks=blocks)
            if inner is not None:
                return {key: inner}
    return None


def with_kept(own: Value, kept: Value) -> Value:
    """A value with what is kept for its format. Objects and single blocks are put together member
    by member; where they are there under a condition, so is what is kept of them."""
    if own is None or own == []:
        return _without_elements(kept)
    if isinstance(own, list) and isinstance(kept, dict):
        return [with_kept(element, kept.get(f"[{_name_of(element)}]", element)) for element in own]
    if isinstance(own, dict) and isinstance(kept, dict):
        whole = {key: with_kept(own.get(key), inner) for key, inner in kept.items()}
        return {**own, **{k: v for k, v in whole.items() if v is not None or kept[k] is None}}
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


def joined(kept: Value, more: Value) -> Value:
    """What is kept of a resource, with more of it."""
    if isinstance(kept, dict) and isinstance(more, dict):
        return {**kept, **{k: joined(kept[k], v) if k in kept else v for k, v in more.items()}}
    return with_kept(kept, more)


def _name_of(element: Value) -> str | None:
    """What an element of a list is called, where that is known."""
    name = element.get("name") if isinstance(element, dict) else None
    return name if isinstance(name, str) else None


def _without_elements(kept: Value) -> Value:
    """Nothing is kept of elements of a list that is no more."""
    if not isinstance(kept, dict) or not kept:
        return kept
    whole = {k: _without_elements(v) for k, v in kept.items() if not _IN_ELEMENT.match(k)}
    return {k: v for k, v in whole.items() if v is not None or kept[k] is None} or None


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
