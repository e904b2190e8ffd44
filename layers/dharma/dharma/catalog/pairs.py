"""Two properties of the model in one text of the format: `Standard` and `LRS` as `Standard_LRS`.

The first holds no separator itself. Where the text is an expression, it is taken apart by one.
"""

from __future__ import annotations

from dharma.catalog.paths import conditional
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    Expression,
    Index,
    Template,
    Unknown,
    Value,
)
from dharma.model.expressions.templates import join_parts


def joined(first: Value, second: Value, separator: str) -> Value:
    """The text of both; the first alone where there is no second."""
    if first is None or second is None:
        return first
    for one, other in ((first, second), (second, first)):
        found = _whole(one, separator)
        if found is not None and _whole(other, separator) == found:
            return found  # Both were taken out of the same expression.
    return join_parts((first, separator, second))


def _whole(value: Value, separator: str) -> Value:
    match value:
        case Index(Call("split", (found, whole)), 0 | 1) if found == separator:
            return whole
    return None


def divided(value: Value, separator: str) -> tuple[Value, Value]:
    """First and second; the second is None where the text has no separator."""
    if value is None or isinstance(value, Unknown):
        return value, value
    if isinstance(value, Conditional):
        then, otherwise = divided(value.then, separator), divided(value.otherwise, separator)
        return (
            conditional(value.condition, then[0], otherwise[0]),
            conditional(value.condition, then[1], otherwise[1]),
        )
    if isinstance(value, str):
        first, found, second = value.partition(separator)
        return first, second if found else None
    if isinstance(value, Template):
        for position, part in enumerate(value.parts):
            if isinstance(part, str) and separator in part:
                before, _, after = part.partition(separator)
                return (
                    join_parts((*value.parts[:position], before)),
                    join_parts((after, *value.parts[position + 1 :])),
                )
    if isinstance(value, Expression):
        pieces = Call("split", (separator, value))
        return Index(pieces, 0), Index(pieces, 1)
    return value, None
