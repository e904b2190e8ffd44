"""Members and elements of a value, as `.name`, `[key]` and `tryGet` of ARM mean them."""

from __future__ import annotations

import re

from dharma.model.expressions.choices import choices, of_each
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    Expression,
    GetAttr,
    Index,
    ResourceRef,
    Symbol,
    Value,
)


def member_of(owner: Value, name: str) -> Value:
    """Azure finds a member without regard to case."""
    if isinstance(owner, dict):
        if name in owner:
            return owner[name]
        known = {key.lower(): key for key in owner}
        return owner[known[name.lower()]] if name.lower() in known else None
    if isinstance(owner, Index) and choices(owner) is not None:
        return of_each(owner, lambda option: member_of(option, name))
    if isinstance(owner, ResourceRef):
        return ResourceRef(owner.address, (*owner.path, name), owner.instance)
    if isinstance(owner, Symbol):
        return Symbol((*owner.path, name))
    if isinstance(owner, Conditional):
        return Conditional(
            owner.condition, member_of(owner.then, name), member_of(owner.otherwise, name)
        )
    return GetAttr(owner, name) if isinstance(owner, Expression) else None


def indexed(owner: Value, key: Value) -> Value:
    if isinstance(owner, Call) and owner.name == "range" and len(owner.arguments) == 1:
        return key  # How Bicep counts a loop.
    if isinstance(owner, list) and isinstance(key, int) and 0 <= key < len(owner):
        return owner[key]
    if isinstance(key, str):
        if isinstance(owner, dict) or re.match(r"[A-Za-z_]\w*\Z", key):
            return member_of(owner, key)
        return Index(owner, key)
    if isinstance(owner, ResourceRef) and isinstance(key, int):
        return ResourceRef(owner.address, (*owner.path, key), owner.instance)
    return Index(owner, key)


def perhaps(owner: Value, steps: list[Value]) -> Value:
    """`tryGet(owner, 'a', 'b')`: what is not there is null."""
    for step in steps:
        if isinstance(owner, dict) and isinstance(step, str):
            owner = member_of(owner, step)
        elif isinstance(owner, list) and isinstance(step, int):
            owner = owner[step] if 0 <= step < len(owner) else None
        elif owner is not None:
            owner = Call("try", (indexed(owner, step), None))
    return owner
