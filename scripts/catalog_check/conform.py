"""Judge written resources by the formats' own schemas: what `terraform validate` and the first pass
of cfn-lint would say about names, types, nesting and what is required."""

from __future__ import annotations

from collections.abc import Iterator

from dharma.catalog import load_catalog
from dharma.catalog.document import Document, Part
from dharma.catalog.formats import Format
from dharma.model.expressions.nodes import Conditional, Expression, Value
from scripts.catalog_check.foreign import Shape
from scripts.catalog_check.prove import foreign_type


def faults(document: Document) -> list[str]:
    """Everything in a document that the schemas of its format do not allow."""
    return [
        f"{part.address} ({part.type}) {fault}"
        for part in document.parts
        for fault in _faults(
            _completed(part, document.format),
            foreign_type(document.format, part.type).arguments,
            "",
        )
    ]


def _completed(part: Part, format: Format) -> dict[str, Value]:
    """The arguments with what the writer of the text adds: the location of a parent."""
    kind = load_catalog().kind_of(format, part.type, part.arguments)
    mapping = kind.mapping(format) if kind is not None else None
    if mapping is not None and mapping.location_of_parent:
        return {"location": "the parent's", **part.arguments}
    return dict(part.arguments)


def _faults(value: Value, shape: Shape, path: str) -> Iterator[str]:
    if value is None or shape.kind == "any":
        return
    if isinstance(value, Conditional):
        yield from _faults(value.then, shape, path)
        yield from _faults(value.otherwise, shape, path)
    elif isinstance(value, Expression):
        return
    elif isinstance(value, dict):
        yield from _mapping(value, shape, path)
    elif isinstance(value, list):
        yield from _list(value, shape, path)
    else:
        kind = (
            "bool" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
        )
        if kind != shape.kind:
            yield f"{path}: {value!r} is a {kind}, not a {shape.kind}"
        elif shape.enum and value not in shape.enum:
            yield f"{path}: {value!r} is not allowed"


def _mapping(value: dict[str, Value], shape: Shape, path: str) -> Iterator[str]:
    if shape.json and not shape.fields:
        return
    if shape.kind == "map" and shape.item is not None:
        for key, inner in value.items():
            yield from _faults(inner, shape.item, f"{path}.{key}")
        return
    if shape.kind != "object":
        yield f"{path}: an object, not a {shape.kind}"
        return
    for key, inner in value.items():
        place = f"{path}.{key}".lstrip(".")
        if key not in shape.fields:
            yield f"{place}: does not exist"
        elif shape.fields[key].read_only:
            yield f"{place}: can only be read"
        else:
            yield from _faults(inner, shape.fields[key], place)
    for key in sorted(shape.required):
        if value.get(key) is None:
            yield f"{path}.{key}".lstrip(".") + ": is required"
    for group in shape.one_of:
        if all(value.get(key) is None for key in group):
            yield f"{path or 'the resource'}: one of {', '.join(sorted(group))} is required"


def _list(value: list[Value], shape: Shape, path: str) -> Iterator[str]:
    if shape.kind not in ("list", "set") or shape.item is None:
        yield f"{path}: a list, not a {shape.kind}"
        return
    if shape.single and len(value) > 1:
        yield f"{path}: stands once, not {len(value)} times"
    for position, element in enumerate(value):
        yield from _faults(element, shape.item, f"{path}[{position}]")
