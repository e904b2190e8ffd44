"""The opposite of a condition."""

from __future__ import annotations

from dharma.model.expressions.nodes import Binary, Unary, Value


def negated(condition: Value) -> Value:
    """The opposite, in its shortest form: `a != b` of `a == b`, `a` of `!a`."""
    match condition:
        case bool():
            return not condition
        case Binary("==", left, right):
            return Binary("!=", left, right)
        case Binary("!=", left, right):
            return Binary("==", left, right)
        case Unary("!", operand):
            return operand
    return Unary("!", condition)
