"""Which part of a document is a resource, and which is a piece of one.

A part of a type that some kind folds in is a piece, if its owner is in the document, the owner has
no other such piece, and the loops of both go together. Otherwise it is a resource of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dharma.catalog.catalog import Catalog, Piece
from dharma.catalog.document import Document, Part
from dharma.catalog.elements import element_name
from dharma.catalog.formats import Format, kept_type, native_format
from dharma.catalog.kinds import ANYTHING, Atoms, Attachment, FormatMapping, Kind
from dharma.catalog.loops import own_condition
from dharma.catalog.naming import Names, name_in_address, name_in_deployment, name_in_logical_id
from dharma.catalog.paths import Path, Step, get, parse_path, print_path
from dharma.model.addresses import referred_address
from dharma.model.expressions.nodes import ResourceRef, Value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*$")
Tell = Callable[[str, Part, str, str], None]
"""Takes the kind of a note, the part, the path, and the message."""


@dataclass(slots=True)
class Folding:
    """One resource in the making: its main part, its kind (None: passed through), its pieces."""

    part: Part
    kind: Kind | None
    mapping: FormatMapping | None
    name: str = ""
    pieces: list[tuple[Part, Piece]] = field(default_factory=list)
    properties: dict[str, Value] = field(default_factory=dict)
    bridged: frozenset[str] = frozenset()
    # Pieces that belong to it and are not folded in, with the reason.
    apart: list[tuple[Part, Piece, str]] = field(default_factory=list)
    marks: dict[tuple[str | int, ...], tuple[int, int]] = field(default_factory=dict)

    @property
    def type(self) -> str:
        if self.kind is not None:
            return self.kind.name
        native = self.part.type
        azures = "/" in native and native_format(native) == "arm"
        return kept_type(native) if azures else native  # A piece of Azure's that stays by itself.

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"

    def mark(self, part: Part, *paths: tuple[str | int, ...]) -> None:
        """Remember where a folded piece was written."""
        if part.origin.line is not None and part.origin.file == self.part.origin.file:
            place = (part.origin.line, part.origin.column or 1)
            self.marks.update(dict.fromkeys(paths, place))


class Ownership:
    """The parts of a document, sorted. `foldings` are the resources by the address of their main
    part, in the order of the document; `owner_of` tells for each piece what it is folded into."""

    def __init__(self, document: Document, catalog: Catalog, tell: Tell) -> None:
        self._document = document
        self._format: Format = document.format
        self._catalog = catalog
        self._note = tell
        self.foldings: dict[str, Folding] = {}
        self.owner_of: dict[str, tuple[Folding, Piece]] = {}
        self._by_identity: dict[str, dict[str, Folding]] = {}
        # What cannot be folded into its owner, and why.
        self._apart: dict[str, str] = {}
        self._sort()

    def _sort(self) -> None:
        """Main parts first: whether a part is a piece depends on its owner being there. A type that
        is both a kind and a piece of another (a rule, a policy) is folded where it can be, and may
        have pieces itself."""
        waiting: list[Part] = []
        for part in self._document.parts:
            if self._catalog.pieces_of(self._format, part.type):
                waiting.append(part)
                continue
            self._stand_alone(part)
        order = {part.address: number for number, part in enumerate(self._document.parts)}
        waiting.sort(key=lambda p: self._catalog.kind_of(self._format, p.type) is None)
        for part in waiting:
            owners = self._owners(part)
            if not owners:
                self._stand_alone(part, is_piece=True)
                continue
            for folding, piece in owners:
                folding.pieces.append((part, piece))
            self.owner_of[part.address] = owners[0]
        self.foldings = dict(sorted(self.foldings.items(), key=lambda item: order[item[0]]))

    def _stand_alone(self, part: Part, *, is_piece: bool = False) -> None:
        kind = self._catalog.kind_of(self._format, part.type, part.arguments)
        mapping = None if kind is None else kind.mapping(self._format)
        self.foldings[part.address] = Folding(part, kind, mapping)
        if kind is None:
            reason = f"the catalog has no kind for {part.type}"
            if part.address in self._apart:
                reason = f"not as a part of what it belongs to: {self._apart[part.address]}"
            elif is_piece:
                reason = "what it belongs to is not in this document"
            self._note("passed_through", part, "", reason)

    def _owners(self, part: Part) -> list[tuple[Folding, Piece]]:
        """The resources that a part is folded into, if they are all here and its loop fits. A
        policy of several roles is a policy of each; it may have users beside them."""
        owners: list[tuple[Folding, Piece]] = []
        for piece in self._catalog.pieces_of(self._format, part.type):
            form = piece.form
            if not all(_says(get(part.arguments, parse_path(k)), v) for k, v in form.when.items()):
                continue
            named = [self._owner_named(v, piece.kind) for v in owner_values(part, form)]
            found = [(folding, piece) for folding in named if folding is not None]
            if len(found) < len(named):
                if form.owner[-1].single and any(v is not None for v in owner_values(part, form)):
                    return []
                continue
            owners += found
            if not form.owner[-1].single:
                break
        for folding, piece in owners:
            obstacle = self._obstacle(part, piece, folding)
            if obstacle is not None:
                for each, its in owners:
                    each.apart.append((part, its, obstacle))
                self._apart[part.address] = obstacle
                return []
        return owners

    def _obstacle(self, part: Part, piece: Piece, folding: Folding) -> str | None:
        """Why a part cannot be folded into a resource that it belongs to."""
        form = piece.form
        if isinstance(form, Attachment) and any(
            other.type == part.type and its.form is form for other, its in folding.pieces
        ):
            return f"{folding.part.address} has one already"
        if piece.bag is not None and piece.bag.by_rule:
            name = piece.bag.declared.name
            said = [get(folding.part.arguments, path) for path in _written_at(folding, name)]
            if not all(value is None or isinstance(value, list) for value in said):
                return f"{folding.part.address} does not spell out {name}"
        if isinstance(form, Atoms) and form.element is not None:
            (reference,) = owner_values(part, form)
            if element_name(form.element, part, folding.part, reference) is None:
                path = print_path(form.element.elements)
                return f"{folding.part.address} has no {path} of which it is known to be meant"
        try:
            own_condition(part, folding.part, many=isinstance(form, Atoms))
        except ValueError as fault:
            return str(fault)
        return None

    def _owner_named(self, value: Value, kind: Kind) -> Folding | None:
        if not isinstance(value, ResourceRef):
            return self._owners_by_name(kind).get(repr(value)) if value is not None else None
        for address in (referred_address(value), value.address):
            folding = self.foldings.get(address)
            if folding is not None and folding.kind is kind:
                return folding
        return None

    def _owners_by_name(self, kind: Kind) -> dict[str, Folding]:
        """The resources of a kind by the value of their identity (a bucket's name), as far as no
        two share it."""
        if kind.name not in self._by_identity:
            named: dict[str, list[Folding]] = {}
            for folding in self.foldings.values():
                if folding.kind is kind and folding.mapping is not None:
                    for rule in folding.mapping.table.rules:
                        if rule.model == (kind.identity,):
                            value = get(folding.part.arguments, rule.native)
                            named.setdefault(repr(value), []).append(folding)
            self._by_identity[kind.name] = {
                value: found[0] for value, found in named.items() if len(found) == 1
            }
        return self._by_identity[kind.name]


def _written_at(folding: Folding, name: str) -> list[Path]:
    rules = folding.mapping.table.rules if folding.mapping is not None else ()
    return [rule.native for rule in rules if rule.model == (name,)]


def owner_values(part: Part, form: Attachment | Atoms) -> list[Value]:
    """What a part says of its owners: one value, or a list of them where the path selects one."""
    last = form.owner[-1]
    if last.single:
        owners = get(part.arguments, (*form.owner[:-1], Step(last.key)))
        if isinstance(owners, list):
            return owners
    return [get(part.arguments, form.owner)]


def name_foldings(foldings: Iterable[Folding], format: Format) -> None:
    """Give every resource its name in the model; which one depends on addresses alone."""
    taken = Names()
    for folding in sorted(foldings, key=lambda f: f.part.address):
        name = _wanted_name(folding, format)
        address = taken.take(f"{folding.type}.{name}", folding.part.address, "_")
        folding.name = address.rsplit(".", 1)[-1]


def _wanted_name(folding: Folding, format: Format) -> str:
    part = folding.part
    if format == "terraform":
        return name_in_address(part.address)[1]
    if format == "arm":
        return part.address.rpartition(".")[2]
    if format == "deployment_manager":
        noun = folding.mapping.noun if folding.mapping is not None else ""
        return name_in_deployment(part.address, folding.type, noun)
    said = noted(part).get("Name")
    if isinstance(said, str) and _NAME.match(said):
        return said
    if folding.mapping is None:
        return part.address
    return name_in_logical_id(part.address, folding.mapping.noun)


def noted(part: Part) -> dict[str, Value]:
    """What an earlier writing noted in the resource's metadata."""
    metadata = part.native.get("Metadata")
    said = metadata.get("Dharma") if isinstance(metadata, dict) else None
    return said if isinstance(said, dict) else {}


def _says(found: Value, wanted: Value) -> bool:
    """CloudFormation takes `"true"` for true."""
    if wanted == ANYTHING:
        return found is not None
    if isinstance(wanted, bool) and isinstance(found, str):
        return found.lower() == str(wanted).lower()
    return found == wanted
