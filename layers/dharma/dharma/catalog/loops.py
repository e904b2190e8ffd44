"""Loops and conditions of an owner, carried to what is unfolded from it, and taken off again."""

from __future__ import annotations

from dataclasses import dataclass

from dharma.catalog.bags import both
from dharma.catalog.document import Part
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    COUNT_INDEX,
    EACH_KEY,
    EACH_VALUE,
    Binary,
    Call,
    Conditional,
    Symbol,
    Unary,
    Value,
    walk,
)


@dataclass(frozen=True, slots=True)
class Loop:
    """At most one of `count`, `for_each` and `condition`, as on a resource."""

    count: Value = None
    for_each: Value = None
    condition: Value = None


def owner_instance(resource: Resource) -> Value:
    """The instance of the owner that a part with the same loop belongs to."""
    if resource.count is not None:
        return COUNT_INDEX
    return EACH_KEY if resource.for_each is not None else None


def carried(resource: Resource, condition: Value) -> Loop:
    """The loop of a piece: the owner's, restricted by the piece's own condition."""
    if resource.count is not None:
        count = resource.count
        return Loop(count=count if condition is None else Conditional(condition, count, 0))
    if resource.for_each is not None:
        each = resource.for_each
        if condition is None:
            return Loop(for_each=each)
        nothing: Value = Call("toset", ([],)) if _is_set(each) else {}
        return Loop(for_each=Conditional(condition, each, nothing))
    return Loop(condition=both(resource.condition, condition))


def carried_over(resource: Resource, condition: Value, collection: Value) -> Loop:
    """The loop of a piece that there is once for every element of a list, of an owner without a
    loop. Its members say the element as `each.value`."""
    elements: Value = Call("toset", (collection,))
    wanted = both(resource.condition, condition)
    if wanted is not None:
        elements = Conditional(wanted, elements, Call("toset", ([],)))
    return Loop(for_each=elements)


def element_loop(piece: Part) -> tuple[Value, Value] | None:
    """The list whose every element there is a piece for, and the condition (see `carried_over`).
    None unless whole arguments, and nothing else, say the element."""
    elements = piece.for_each
    condition: Value = None
    if isinstance(elements, Conditional) and elements.otherwise == Call("toset", ([],)):
        condition = elements.condition
        elements = elements.then
    if not isinstance(elements, Call) or elements.name != "toset" or len(elements.arguments) != 1:
        return None
    for value in piece.arguments.values():
        if value not in ELEMENT and any(
            isinstance(node, Symbol) and node.path[0] == "each" for node in walk(value)
        ):
            return None
    return elements.arguments[0], condition


ELEMENT = (EACH_VALUE, EACH_KEY)


def own_condition(piece: Part, owner: Part, *, many: bool) -> Value:
    """What must hold for the piece beyond its owner's own loop; None when nothing. With `many` the
    owner may have several, so that a loop over elements is one too.

    Raises ValueError where the two loops do not go together.
    """
    if owner.count is not None:
        if piece.count == owner.count:
            return None
        return _restriction(piece.count, owner.count)
    if owner.for_each is not None:
        if piece.for_each == owner.for_each:
            return None
        return _restriction(piece.for_each, owner.for_each)
    condition, theirs = piece.condition, owner.condition
    if piece.count is not None or piece.for_each is not None:
        elements = element_loop(piece) if many else None
        if elements is None:
            raise ValueError("it has a loop that its owner has not")
        condition = elements[1]
    if condition == theirs:
        return None
    if isinstance(condition, Binary) and condition.operator == "&&" and condition.left == theirs:
        return condition.right
    return condition


def _restriction(found: Value, loop: Value) -> Value:
    if isinstance(found, Conditional) and found.then == loop:
        return found.condition
    raise ValueError("its loop is not that of its owner")


def wrapped(value: Value, condition: Value) -> Value:
    """A value that is there only under a condition."""
    if condition is None or value is None:
        return value
    if isinstance(condition, Unary) and condition.operator == "!":
        return Conditional(condition.operand, None, value)
    return Conditional(condition, value, None)


def _is_set(value: Value) -> bool:
    return isinstance(value, Call) and value.name == "toset"
