"""Outputs in the attribute names of a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dharma.catalog import Catalog
from dharma.catalog.document import Document
from dharma.catalog.references import Target, ToNative
from dharma.model.blueprint import Output, Resource


def native_outputs(
    outputs: Sequence[Output], resources: Sequence[Resource], document: Document, catalog: Catalog
) -> list[Output]:
    """The outputs with the references that the document's parts answer to. `document` is what the
    catalog wrote of `resources`."""
    main: dict[str, str] = {}
    for part in document.parts:
        main.setdefault(part.owner or part.address, part.address)
    targets = {}
    for resource in resources:
        kind = catalog.kind(resource.type)
        mapping = kind.mapping(document.format) if kind is not None else None
        targets[resource.address] = Target(main[resource.address], mapping, resource.properties)
    references = ToNative(document.format, targets)
    return [
        replace(
            output,
            value=references.translate(output.value, f"outputs.{output.name}"),
            condition=references.translate(output.condition, f"outputs.{output.name}.condition"),
        )
        for output in outputs
    ]
