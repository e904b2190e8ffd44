"""Settings of another resource that a resource refers to.

As in `versioning: ${aws_s3_bucket.a.versioning}`.

A format has no attribute for what its own tables take apart. An object or a list of objects is
therefore referred to member by member (`spread`), before the tables see it; a member that the
format spells otherwise is replaced by its value where it is referred to (`of_instance`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from dharma.catalog.paths import conditional
from dharma.core.errors import NotExpressible
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import (
    Conditional,
    ResourceRef,
    Symbol,
    Value,
    transform,
    walk,
)
from dharma.model.expressions.scope import Scope

_DEEPEST = 20
_LOOPS = ("count", "each")

Settings = Callable[[ResourceRef], Value]


def value_at(properties: Mapping[str, Value], path: tuple[str | int, ...]) -> Value:
    """The value at a path of member names and positions, under the conditions on the way; None
    where there is none."""
    return _step_by_step(dict(properties), path)


def _step_by_step(value: Value, path: tuple[str | int, ...]) -> Value:
    for position, step in enumerate(path):
        if isinstance(value, Conditional):
            sides = [_step_by_step(v, path[position:]) for v in (value.then, value.otherwise)]
            return conditional(value.condition, sides[0], sides[1])
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def spread(value: Value, setting: Settings, depth: int = 0) -> Value:
    """The value with a reference to each member in the place of one to an object or to a list of
    objects. `setting` gives what a reference stands for, None where it is to stay."""
    if isinstance(value, dict):
        return {key: spread(member, setting, depth) for key, member in value.items()}
    if isinstance(value, list):
        return [spread(element, setting, depth) for element in value]
    if isinstance(value, Conditional):
        then, otherwise = (spread(v, setting, depth) for v in (value.then, value.otherwise))
        return Conditional(value.condition, then, otherwise)
    if not isinstance(value, ResourceRef) or depth > _DEEPEST:
        return value
    shape = apart(setting(value), value)
    if isinstance(shape, ResourceRef):
        further = spread(shape, setting, depth + 1)
        return value if isinstance(further, ResourceRef) else further
    return value if shape is None else spread(shape, setting, depth + 1)


def apart(found: Value, ref: ResourceRef) -> Value:
    """The objects and lists of objects of a setting, with references to their members, each under
    the conditions under which there is one; None where the setting is neither. One that refers to
    another's is that reference."""
    if isinstance(found, ResourceRef):
        return found
    if isinstance(found, dict):
        return {
            key: _existing(member, replace(ref, path=(*ref.path, key)))
            for key, member in found.items()
            if member is not None
        }
    if isinstance(found, list):
        if not found or not all(isinstance(element, dict) for element in found):
            return None
        return [replace(ref, path=(*ref.path, index)) for index in range(len(found))]
    if isinstance(found, Conditional):
        sides = [None if v is None else apart(v, ref) for v in (found.then, found.otherwise)]
        if all(v is None for v in sides) or any(isinstance(v, ResourceRef) for v in sides):
            return None
        return Conditional(found.condition, sides[0], sides[1])
    return None


def _existing(found: Value, ref: ResourceRef) -> Value:
    if found == "":
        return found  # As good as none, and seen to be so.
    if isinstance(found, Conditional) and None in (found.then, found.otherwise):
        sides = [None if v is None else _existing(v, ref) for v in (found.then, found.otherwise)]
        return Conditional(found.condition, sides[0], sides[1])
    return ref


def of_instance(value: Value, ref: ResourceRef, for_each: Value) -> Value:
    """The value of a setting for the instance that is referred to. Raises `NotExpressible` where
    it is another for each instance and which is meant is not known."""
    if not any(isinstance(n, Symbol) and n.path[0] in _LOOPS for n in walk(value)):
        return value
    known = isinstance(ref.instance, str | int)
    element = for_each.get(str(ref.instance)) if isinstance(for_each, dict) else ref.instance

    def change(node: Value) -> Value:
        if not isinstance(node, Symbol) or node.path[0] not in _LOOPS or not known:
            return node
        if node.path in (("count", "index"), ("each", "key")):
            return ref.instance
        found = element
        for step in node.path[2:]:
            found = found.get(str(step)) if isinstance(found, dict) else None
        return node if found is None else found

    try:
        value = evaluate(transform(value, change), Scope())
    except EvaluationError as error:
        raise NotExpressible(f"{ref.address}: {error}") from error
    if any(isinstance(n, Symbol) and n.path[0] in _LOOPS for n in walk(value)):
        said = ".".join(map(str, ref.path))
        raise NotExpressible(
            f"{ref.address}: {said} differs between its instances and can be referred to only of "
            "one that is named"
        )
    return value
