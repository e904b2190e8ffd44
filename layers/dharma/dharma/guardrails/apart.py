"""Parts of resources that are elsewhere, as policies see them.

A rule names a security group that another stack made, a policy a bucket that is a parameter: the
part stands in the document by itself, its owner does not. What it says is judged as what the owner
says; nothing else of the owner is known, nor is it asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from dharma.catalog.catalog import Catalog, Piece
from dharma.catalog.document import Document, Part
from dharma.catalog.formats import azure_type, google_type, native_format
from dharma.catalog.kinds import Kind
from dharma.catalog.ownership import owner_values
from dharma.catalog.reading import read
from dharma.model.blueprint import ResourceInstance
from dharma.model.expressions.nodes import ResourceRef, Unknown, Value

_OWNER = "owner"
_ELSEWHERE = Unknown("what it belongs to is not in this document")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A resource of a kind that is not in the document. `said` are the properties that a part of it
    in the document gives; the others are unknown."""

    kind: Kind
    said: tuple[str, ...]
    properties: dict[str, Value]


def elsewhere(instance: ResourceInstance, catalog: Catalog) -> Elsewhere | None:
    """What an instance of a type without a kind is a part of; None if of nothing known."""
    format = native_format(instance.type)
    native = google_type(azure_type(instance.type))
    pieces = catalog.pieces_of(format, native)
    for piece in sorted(pieces, key=lambda p: not _names_owner(p, instance.properties)):
        mapping = piece.kind.mapping(format)
        if mapping is None or len(piece.form.owner) != 1:
            continue
        owner = Part(_OWNER, mapping.type, {})
        part = Part("part", native, _with_owner(piece, instance.properties))
        alone, *_ = read(Document(format, [owner]), catalog)[0]
        whole, *others = read(Document(format, [owner, part]), catalog)[0]
        if others or whole.type != piece.kind.name:
            continue
        said = {k: v for k, v in whole.properties.items() if alone.properties.get(k) != v}
        silent = dict.fromkeys(piece.kind.properties, _ELSEWHERE)
        return Elsewhere(piece.kind, tuple(said), {**silent, **said})
    return None


def _names_owner(piece: Piece, arguments: dict[str, Value]) -> bool:
    owners = owner_values(Part("part", "", arguments), piece.form)
    return any(owner is not None for owner in owners)


def _with_owner(piece: Piece, arguments: dict[str, Value]) -> dict[str, Value]:
    """The arguments of a part that names the owner beside it, and no other."""
    [step] = piece.form.owner
    owner: Value = ResourceRef(_OWNER, ("id",))
    return {**arguments, step.key: [owner] if step.single else owner}
