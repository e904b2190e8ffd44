"""`count` and `for_each`: how many there are of a thing, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass

from dharma.blueprint.readers.terraform.body import Body
from dharma.core.errors import LimitExceeded
from dharma.model.expressions.conversion import as_integer, as_text
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    Expression,
    Unary,
    Unknown,
    Value,
    walk,
)
from dharma.model.expressions.scope import Scope

MAX_LOOP = 10_000


@dataclass(frozen=True, slots=True)
class Loop:
    """`keys`: the instances, None for a thing that is there once. `items`: the values of
    `for_each`. `optional`: written with `count`, so it is referred to as `x[0]`, but there is one
    at most: under `condition`, if that is not known. `kept`: the `count` or `for_each` that is left
    as an expression. `unknown`: how many there are cannot be told."""

    keys: tuple[int | str, ...] | None = None
    items: dict[str, Value] | None = None
    optional: bool = False
    absent: bool = False
    condition: Value = None
    count: Value = None
    for_each: Value = None
    unknown: str | None = None

    @property
    def kept(self) -> bool:
        return self.count is not None or self.for_each is not None


def read_loop(body: Body, scope: Scope, subject: str, *, expand: bool) -> Loop:
    """The loop of a block. With `expand` known loops have keys, else they stay expressions. Raises
    EvaluationError, LimitExceeded."""
    count = body.arguments.get("count")
    each = body.arguments.get("for_each")
    if count is not None and each is not None:
        raise EvaluationError(f"{subject} has both count and for_each")
    if count is not None:
        return _counted(count.value, scope, subject, expand)
    if each is not None:
        return _each(each.value, scope, subject, expand)
    return Loop()


def _counted(written: Value, scope: Scope, subject: str, expand: bool) -> Loop:
    switch = isinstance(written, Conditional) and _at_most_one(written)
    found = evaluate(written, scope)
    if isinstance(found, Unknown):
        return Loop(count=found, unknown=found.reason)
    if isinstance(found, Conditional) and _at_most_one(found):
        if found.then == 1:
            return Loop(optional=True, condition=found.condition)
        inverse = found.condition
        if isinstance(inverse, Unary) and inverse.operator == "!":
            return Loop(optional=True, condition=inverse.operand)
        return Loop(optional=True, condition=Unary("!", inverse))
    if isinstance(found, Expression):
        return Loop(count=found, unknown=_why(found))
    number = as_integer(found)
    if number < 0:
        raise EvaluationError(f"{subject}: a count is not negative: {number}")
    _limited(number, subject)
    if switch:
        return Loop(optional=True, absent=number == 0)
    if expand or number == 0:
        return Loop(keys=tuple(range(number)), absent=number == 0)
    return Loop(keys=tuple(range(number)), count=number)


def _at_most_one(switch: Conditional) -> bool:
    return {repr(switch.then), repr(switch.otherwise)} == {"0", "1"}


def _each(written: Value, scope: Scope, subject: str, expand: bool) -> Loop:
    found = evaluate(written, scope)
    if isinstance(found, Expression):
        return Loop(for_each=_as_sets(found), unknown=_why(found))
    if found is None:
        raise EvaluationError(f"{subject}: for_each is null")
    if isinstance(found, dict):
        items = dict(sorted(found.items()))
        kept: Value = items
    elif isinstance(found, list):
        unknown = next((item for item in found if isinstance(item, Expression)), None)
        if unknown is not None:
            return Loop(for_each=Call("toset", (found,)), unknown=_why(unknown))
        items = {as_text(item): as_text(item) for item in found}
        kept = Call("toset", (list[Value](items),))
    else:
        raise EvaluationError(f"{subject}: for_each needs a map or a set of texts")
    _limited(len(items), subject)
    if expand or not items:
        return Loop(keys=tuple(items), items=items, absent=not items)
    return Loop(keys=tuple(items), items=items, for_each=kept)


def _as_sets(value: Value) -> Value:
    """Evaluation has sets as lists; `for_each` takes no lists."""
    if isinstance(value, Conditional):
        return Conditional(value.condition, _as_sets(value.then), _as_sets(value.otherwise))
    return Call("toset", (value,)) if isinstance(value, list) else value


def _limited(count: int, subject: str) -> None:
    if count > MAX_LOOP:
        raise LimitExceeded(f"{subject}: {count} instances are more than {MAX_LOOP}")


def _why(value: Value) -> str:
    for node in walk(value):
        if isinstance(node, Unknown):
            return node.reason
    return "it depends on values that are not known yet"
