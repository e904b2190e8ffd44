"""A resource's properties against its kind: names, types, required ones, enumerations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from dharma.blueprint.nearest import suggestion
from dharma.blueprint.places import fault_at
from dharma.catalog.kinds import Kind, Property
from dharma.core.errors import Fault
from dharma.model.blueprint import Resource, Steps
from dharma.model.expressions.conversion import as_text, kind_of
from dharma.model.expressions.inference import Declared, infer
from dharma.model.expressions.nodes import (
    Conditional,
    Expression,
    Value,
    VariableRef,
)
from dharma.model.types import ANY, PRIMITIVES, Type, accepts, convert, parse_type


def check_properties(resource: Resource, kind: Kind, declared: Declared) -> Iterator[Fault]:
    """Every fault of a resource's own properties."""
    yield from _members(
        resource,
        resource.properties,
        kind.properties,
        (),
        declared,
        attributes=kind.attributes,
    )


def secrets_in_the_open(
    resource: Resource, kind: Kind, sensitive_variables: frozenset[str]
) -> Iterator[Fault]:
    """Warnings: values of sensitive properties that anyone who reads the blueprint can read."""
    for name, value in resource.properties.items():
        declared = kind.properties.get(name)
        if declared is None or not declared.sensitive or value is None:
            continue
        if not isinstance(value, Expression):
            yield fault_at(
                resource, (name,), f"{name} is a secret and stands in the open",
                "use a variable with sensitive: true",
            )  # fmt: skip
        elif isinstance(value, VariableRef) and value.name not in sensitive_variables:
            yield fault_at(
                resource, (name,), f"{name} is a secret, var.{value.name} is not declared as one",
                f"add sensitive: true to the variable {value.name}",
            )  # fmt: skip


def _members(
    resource: Resource,
    values: Mapping[str, Value],
    known: Mapping[str, Property],
    steps: Steps,
    declared: Declared,
    *,
    attributes: Mapping[str, str] | None = None,
) -> Iterator[Fault]:
    for name, value in values.items():
        here = (*steps, name)
        if name in known:
            yield from _value(resource, value, known[name], here, declared)
        elif name in (attributes or {}):
            yield fault_at(
                resource, here, f"{name} is given by the cloud and cannot be set", key=True
            )
        else:
            hint = suggestion(name, known) or "known: " + ", ".join(known)
            yield fault_at(resource, here, f"unknown property {name!r}", hint, key=True)
    for name, wanted in known.items():
        if wanted.required and values.get(name) is None:
            message = f"{name} is missing" if name not in values else f"{name} is null"
            yield fault_at(resource, (*steps, name), message, wanted.description, key=True)


def _value(
    resource: Resource, value: Value, wanted: Property, steps: Steps, declared: Declared
) -> Iterator[Fault]:
    if value is None:
        return
    if isinstance(value, Conditional):
        yield from _value(resource, value.then, wanted, steps, declared)
        yield from _value(resource, value.otherwise, wanted, steps, declared)
        return
    if wanted.type == "document":
        yield from _document(resource, value, steps)
        return
    if isinstance(value, Expression):
        inferred = infer(value, declared)
        if not accepts(type_of(wanted), inferred):
            message = f"{_a(inferred.name)} where {_a(wanted.type)} should be"
            yield fault_at(resource, steps, message)
        return
    if wanted.type in ("object", "list(object)", "set(object)"):
        yield from _objects(resource, value, wanted, steps, declared)
        return
    yield from _plain(resource, value, wanted, steps, declared)


def _objects(
    resource: Resource, value: Value, wanted: Property, steps: Steps, declared: Declared
) -> Iterator[Fault]:
    if wanted.type == "object":
        if isinstance(value, dict):
            yield from _members(resource, value, wanted.properties, steps, declared)
        else:
            yield _wrong(resource, value, wanted.type, steps)
        return
    if not isinstance(value, list):
        hint = "begin it with '- '" if isinstance(value, dict) else None
        yield _wrong(resource, value, wanted.type, steps, hint)
        return
    for position, item in enumerate(value):
        here = (*steps, position)
        if isinstance(item, dict):
            yield from _members(resource, item, wanted.properties, here, declared)
        elif not isinstance(item, Expression):
            yield _wrong(resource, item, "object", here)


def _plain(
    resource: Resource, value: Value, wanted: Property, steps: Steps, declared: Declared
) -> Iterator[Fault]:
    type = type_of(wanted)
    if type.name in PRIMITIVES:
        yield from _scalar(resource, value, wanted, type, steps)
        return
    if isinstance(value, dict) != (type.name == "map") or not isinstance(value, dict | list):
        hint = "write [ ] around it" if not isinstance(value, list | dict) else None
        yield _wrong(resource, value, wanted.type, steps, hint if type.name != "map" else None)
        return
    element = type.element or ANY
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        here = (*steps, key)
        if isinstance(item, Expression):
            inferred = infer(item, declared)
            if not accepts(element, inferred):
                message = f"{_a(inferred.name)} where {_a(element.name)} should be"
                yield fault_at(resource, here, message)
        elif element.name in PRIMITIVES and item is not None:
            yield from _scalar(resource, item, wanted, element, here)


def _scalar(
    resource: Resource, value: Value, wanted: Property, type: Type, steps: Steps
) -> Iterator[Fault]:
    if type.name == "string" and isinstance(value, float):
        # 1.10 would become "1.1": only the author knows which digits were meant.
        yield fault_at(resource, steps, "a number where a string should be", "quote it")
        return
    _, mismatches = convert(value, type)
    if mismatches:
        yield _wrong(resource, value, type.name, steps)
        return
    if wanted.enum:
        text = as_text(value)
        names = [as_text(e) for e in wanted.enum]
        if text not in names and text not in wanted.aliases:
            hint = suggestion(text, names)
            listed = ", ".join(names)
            yield fault_at(resource, steps, f"{text!r} is not allowed", hint or f"one of {listed}")


def _document(resource: Resource, value: Value, steps: Steps) -> Iterator[Fault]:
    if isinstance(value, dict | list | Expression):
        return
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError as error:
            yield fault_at(resource, steps, f"no JSON document: {error}", "write it as a mapping")
        return
    yield _wrong(resource, value, "document", steps)


def _wrong(
    resource: Resource, value: Value, wanted: str, steps: Steps, hint: str | None = None
) -> Fault:
    shown = f" {value!r}" if isinstance(value, str) and len(value) <= 40 else ""
    names = {"document": "a JSON document"}
    message = f"{_a(kind_of(value))}{shown} where {names.get(wanted) or _a(wanted)} should be"
    return fault_at(resource, steps, message, hint)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def type_of(wanted: Property) -> Type:
    """The type of a property; objects are looked at member by member, so here they are `any`."""
    if wanted.type in ("object", "list(object)", "set(object)"):
        return {"object": Type("map", ANY)}.get(wanted.type, Type("list", ANY))
    return ANY if wanted.type == "document" else parse_type(wanted.type)
