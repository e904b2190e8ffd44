"""Steps into a value: `a.b`, `a[0]`, `a[*].b`, as far as the value is known.

A step into a reference makes a longer reference, one into a conditional of two known collections is
a step into each of them; into any other expression it stays a step.
"""

from __future__ import annotations

from dataclasses import replace

from dharma.model.expressions.conversion import as_integer, as_text, kind_of
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.nodes import (
    Conditional,
    Expression,
    GetAttr,
    Index,
    ResourceRef,
    SetValue,
    Unknown,
    Value,
)
from dharma.model.expressions.scope import Scope


def follow(value: Value, path: tuple[str | int, ...], scope: Scope) -> Value:
    for step in path:
        value = item_of(value, step, scope)
    return value


def item_of(collection: Value, key: Value, scope: Scope) -> Value:
    """`collection[key]`, or `collection.key` for a text key."""
    if isinstance(collection, Expression):
        return _deeper(collection, key, scope)
    if isinstance(key, Expression):
        return Index(collection, key)
    if isinstance(collection, dict):
        name = as_text(key)
        if name not in collection:
            known = ", ".join(sorted(collection)[:8])
            raise EvaluationError(f"there is no {name!r} here; there is {known or 'nothing'}")
        return collection[name]
    if isinstance(collection, SetValue):
        raise EvaluationError("the elements of a set have no positions; tolist() gives them some")
    if isinstance(collection, list):
        position = as_integer(key)
        if not 0 <= position < len(collection):
            raise EvaluationError(f"there is no item {position} in a list of {len(collection)}")
        return collection[position]
    raise EvaluationError(f"a {kind_of(collection)} has no {_shown(key)}")


def _deeper(collection: Expression, key: Value, scope: Scope) -> Value:
    if isinstance(collection, Unknown):
        return collection
    if isinstance(collection, Conditional) and not isinstance(key, Expression):
        branches = (collection.then, collection.otherwise)
        if all(isinstance(branch, list | dict) for branch in branches):
            return Conditional(
                collection.condition, *(_possible_item(b, key, scope) for b in branches)
            )
    literal = isinstance(key, str | int) and not isinstance(key, bool)
    if (
        isinstance(collection, ResourceRef)
        and literal
        and (collection.path or key.__class__ is str)
    ):
        assert isinstance(key, str | int)
        deeper = replace(collection, path=(*collection.path, key))
        known = scope.deeper or scope.resource
        return known(deeper) if known else deeper
    if isinstance(key, str):
        return GetAttr(collection, key)
    return Index(collection, key)


def _possible_item(branch: Value, key: Value, scope: Scope) -> Value:
    try:
        return item_of(branch, key, scope)
    except EvaluationError as error:
        return Unknown(error.message)


def _shown(key: Value) -> str:
    return repr(key) if not isinstance(key, Expression) else "item"


def splatted(collection: Value, path: tuple[str | int, ...], scope: Scope) -> Value:
    if collection is None:
        return []
    items = collection if isinstance(collection, list) else [collection]
    scope.budget.spend(len(items))
    return [follow(item, path, scope) for item in items]
