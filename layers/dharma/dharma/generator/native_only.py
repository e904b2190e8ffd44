"""What a blueprint says for one format alone, and what becomes of it where another is written."""

from __future__ import annotations

from dharma.catalog.document import Note
from dharma.catalog.formats import TITLES, format_of
from dharma.model.blueprint import Blueprint

# Names of resources in a format mean nothing in another one.
_NAMES = frozenset({"LogicalId", "name"})


def left_out(bp: Blueprint, target: str) -> list[Note]:
    """A note for every resource with `native` additions of other formats: a template of
    CloudFormation that becomes Terraform loses its `CreationPolicy`. Pulumi's programs are written
    from Terraform's document, with Terraform's additions."""
    own = format_of(target) or "terraform"
    notes = []
    for resource in bp.resources:
        for format, additions in resource.native.items():
            said = ", ".join(sorted(additions.keys() - _NAMES))
            if format != own and said:
                title = next((t for f, t in TITLES.items() if f == format), format)
                message = f"{said}: said for {title} alone"
                path = f"native.{format}"
                notes.append(
                    Note("no_counterpart", resource.address, path, message, resource.origin)
                )
    return notes
