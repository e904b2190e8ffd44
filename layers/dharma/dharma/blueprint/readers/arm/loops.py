"""Loops over a collection that this project's writer counted, since ARM can only count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dharma.blueprint.readers.arm.gathered import Gathered
from dharma.blueprint.readers.arm.noted import noted_loop
from dharma.model.expressions.nodes import (
    COUNT_INDEX,
    EACH_KEY,
    EACH_VALUE,
    Call,
    GetAttr,
    Index,
    ResourceRef,
    Symbol,
    Value,
)


def keyed(gathered: Gathered, for_each: Value) -> Callable[[Value], Value]:
    """Rewrites a node: keys and values in place of what finds them by the index. Of a set they are
    the same."""
    over = for_each.arguments[0] if isinstance(for_each, Call) else for_each

    def change(node: Value) -> Value:
        match node:
            case Index(Call("keys" | "distinct", (found,)), at) if (
                found == over and at == COUNT_INDEX
            ):
                return EACH_KEY
            case Index(found, at) if found == over and at in (COUNT_INDEX, EACH_KEY):
                return EACH_KEY if at == COUNT_INDEX else EACH_VALUE
            case GetAttr(Symbol(("each", "value", *path)), name):
                return Symbol(("each", "value", *path, name))
            case Index(Symbol(("each", "value", *path)), (str() | int()) as step):
                return Symbol(("each", "value", *path, step))
            case ResourceRef(address, _, at) if at in (COUNT_INDEX, EACH_KEY):
                target = gathered.by_address.get(address)
                together = target is not None and noted_loop(target) == for_each
                return replace(node, instance=EACH_KEY if together else at)
        return node

    return change
