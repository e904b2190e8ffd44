"""From a document to resources and outputs of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dharma.catalog import Catalog, read
from dharma.catalog.document import Document, Note
from dharma.catalog.references import Source, ToModel
from dharma.catalog.vpc_gateways import without_gateway_dependencies
from dharma.model.blueprint import Output, Resource
from dharma.model.expressions.nodes import ResourceRef, Unknown, Value, transform


def folded(
    document: Document, outputs: Sequence[Output], catalog: Catalog
) -> tuple[list[Resource], list[Output], list[Note]]:
    """Resources and outputs in the model's vocabulary, and what was not understood. Every part has
    an origin with an address of its own."""
    resources, found_notes = read(document, catalog)
    # All notes name a place of the source by its own address.
    notes = [replace(n, address=n.origin.address or n.address) for n in found_notes]
    by_origin = {r.origin.address: r for r in resources}
    sources = {}
    for part in document.parts:
        resource = by_origin.get(part.origin.address)
        if resource is not None:
            kind = catalog.kind(resource.type)
            mapping = kind.mapping(document.format) if kind is not None else None
            sources[part.address] = Source(resource.address, mapping)
    references = ToModel(sources)
    known = {r.address for r in resources}
    found = []
    for output in outputs:

        def report(path: str, message: str, output: Output = output) -> None:
            address = output.origin.address or output.name
            notes.append(Note("not_understood", address, path, message, output.origin))

        def told(node: Value, output: Output = output) -> Value:
            if isinstance(node, ResourceRef) and node.address not in known:
                message = f"{node.address} is part of another resource here and has no value"
                address = output.origin.address or output.name
                notes.append(Note("no_counterpart", address, "Value", message, output.origin))
                return Unknown(message)
            return node

        value = transform(references.translate(output.value, report), told)
        condition = references.translate(output.condition, report)
        found.append(replace(output, value=value, condition=condition))
    return list(without_gateway_dependencies(resources)), found, notes
