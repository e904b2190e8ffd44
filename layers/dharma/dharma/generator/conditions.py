"""What is known to hold where a condition holds."""

from __future__ import annotations

from dharma.model.expressions.negation import negated
from dharma.model.expressions.nodes import Binary, Unary, Value


def conjuncts(condition: Value) -> list[Value]:
    """The condition and all that follows from it by its form: the operands of a conjunction, the
    inside of a double negation. None (no condition) says nothing."""
    if condition is None:
        return []
    found: list[Value] = []
    stack: list[Value] = [condition]
    while stack:
        node = stack.pop()
        found.append(node)
        match node:
            case Binary("&&", left, right):
                stack += [left, right]
            case Unary("!", operand) if (said := negated(operand)) != node:
                stack.append(said)
    return found
