"""Which expressions say the same: one form for each, given operands that have theirs already."""

from __future__ import annotations

from dharma.core.errors import DharmaError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.functions import IMPURE
from dharma.model.expressions.negation import negated
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    Expression,
    Unary,
    Unknown,
    Value,
    walk,
)
from dharma.model.expressions.scope import Scope

_MORE_THAN_A_VALUE = IMPURE | {"sensitive", "nonsensitive"}


def same_expression(node: Value) -> Value:
    """- `a && (b && c)` is `(a && b) && c`;
    - `!(a == b)` is `a != b`, `!!a` is `a`;
    - `!c ? x : y` is `c ? y : x`, `a != b ? x : y` is `a == b ? y : x`;
    - a function of literals is what it gives, where that can be told and is all that it says."""
    match node:
        case Binary("&&" | "||"):
            return _in_a_row(node)
        case Unary("!", operand):
            return negated(operand)
        case Conditional(condition, then, otherwise) if (said := opposite(condition)) is not None:
            return Conditional(said, otherwise, then)
        case Call():
            return _computed(node)
    return node


def opposite(condition: Value) -> Value:
    """What a negation negates; None where it is none."""
    match condition:
        case Unary("!") | Binary("!="):
            return negated(condition)
    return None


def _in_a_row(node: Binary) -> Value:
    """Not recursive, since a chain may be long."""
    operands: list[Value] = []
    right = node.right
    while isinstance(right, Binary) and right.operator == node.operator:
        operands.append(right.right)
        right = right.left
    combined = Binary(node.operator, node.left, right)
    for operand in reversed(operands):
        combined = Binary(node.operator, combined, operand)
    return combined


def _computed(call: Call) -> Value:
    if call.name in _MORE_THAN_A_VALUE:
        return call
    if any(isinstance(node, Expression) for node in walk(list(call.arguments))):
        return call
    try:
        found = evaluate(call, Scope())
    except DharmaError:
        return call
    return call if isinstance(found, Unknown) else found
