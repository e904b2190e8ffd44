"""Outputs in the attribute names of a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dharma.catalog import Catalog
from dharma.catalog.document import Document, Part
from dharma.catalog.references import Target, ToNative, attached
from dharma.model.blueprint import Output, Resource


def native_outputs(
    outputs: Sequence[Output], resources: Sequence[Resource], document: Document, catalog: Catalog
) -> list[Output]:
    """The outputs with the references that the document's parts answer to. `document` is what the
    catalog wrote of `resources`."""
    parts: dict[str, list[Part]] = {}
    for part in document.parts:
        parts.setdefault(part.owner or part.address, []).append(part)
    targets = {}
    for resource in resources:
        kind = catalog.kind(resource.type)
        mapping = kind.mapping(document.format) if kind is not None else None
        own = parts[resource.address]
        targets[resource.address] = Target(
            own[0].address, mapping, resource.properties, resource.for_each, attached(own)
        )
    references = ToNative(document.format, targets)
    return [
        replace(
            output,
            value=references.translate(output.value, f"outputs.{output.name}"),
            condition=references.translate(output.condition, f"outputs.{output.name}.condition"),
        )
        for output in outputs
    ]
