"""A document of one format to resources of the model: `read`.

1. Every part is sorted: the main part of a kind, a piece of another part's kind, or unknown.
2. Parts get the names of the model; references are rewritten to them, those to pieces to the owner.
3. Main parts are read by their tables, then the pieces are folded in.
4. Whatever no table read is told in notes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from dharma.catalog.bags import Atom, as_property, both, read_atoms, read_inline, refers
from dharma.catalog.bridges import BRIDGES
from dharma.catalog.catalog import Catalog, Piece
from dharma.catalog.document import Document, Format, Note, Part
from dharma.catalog.kinds import Atoms, Attachment, Bag, FormatMapping, Kind
from dharma.catalog.loops import own_condition, wrapped
from dharma.catalog.members import merge
from dharma.catalog.naming import (
    Names,
    digest,
    logical_id,
    name_in_address,
    name_in_logical_id,
)
from dharma.catalog.paths import Step, get, parse_path
from dharma.catalog.references import Source, ToModel
from dharma.catalog.table_reading import read_table
from dharma.model.blueprint import Lifecycle, Resource
from dharma.model.expressions.nodes import (
    Call,
    ResourceRef,
    Splat,
    Symbol,
    Unknown,
    Value,
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*$")


def read(document: Document, catalog: Catalog) -> tuple[list[Resource], list[Note]]:
    """The resources that a document holds, and what of it was not understood."""
    return _Reading(document, catalog).run()


@dataclass(slots=True)
class _Folding:
    """One resource in the making: its main part, its kind (None: passed through), its pieces."""

    part: Part
    kind: Kind | None
    mapping: FormatMapping | None
    name: str = ""
    pieces: list[tuple[Part, Piece]] = field(default_factory=list)
    properties: dict[str, Value] = field(default_factory=dict)
    bridged: frozenset[str] = frozenset()
    marks: dict[tuple[str | int, ...], tuple[int, int]] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return self.kind.name if self.kind is not None else self.part.type

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"

    def mark(self, part: Part, *paths: tuple[str | int, ...]) -> None:
        """Remember where a folded piece was written."""
        if part.origin.line is not None and part.origin.file == self.part.origin.file:
            place = (part.origin.line, part.origin.column or 1)
            self.marks.update(dict.fromkeys(paths, place))


class _Reading:
    def __init__(self, document: Document, catalog: Catalog) -> None:
        self._document = document
        self._format: Format = document.format
        self._catalog = catalog
        self._notes: list[Note] = []
        self._parts = {part.address: part for part in document.parts}
        self._foldings: dict[str, _Folding] = {}
        self._owner_of: dict[str, tuple[_Folding, Piece]] = {}
        self._by_identity: dict[str, dict[str, _Folding]] = {}

    def run(self) -> tuple[list[Resource], list[Note]]:
        self._sort()
        self._name()
        references = ToModel(self._sources())
        for folding in self._foldings.values():
            self._read_main(folding, references)
            for part, piece in folding.pieces:
                self._fold(folding, part, piece, references)
            self._read_silence(folding)
        return [self._resource(f, references) for f in self._foldings.values()], self._notes

    # ---- sorting

    def _sort(self) -> None:
        """Main parts first: whether a part is a piece depends on its owner being there. A type that
        is both a kind and a piece of another (a rule, a policy) is folded where it can be."""
        waiting: list[Part] = []
        for part in self._document.parts:
            if self._catalog.pieces_of(self._format, part.type):
                waiting.append(part)
                continue
            self._stand_alone(part)
        order = {part.address: number for number, part in enumerate(self._document.parts)}
        for part in waiting:
            owners = self._owners(part)
            if not owners:
                self._stand_alone(part, is_piece=True)
                continue
            for folding, piece in owners:
                folding.pieces.append((part, piece))
            self._owner_of[part.address] = owners[0]
        self._foldings = dict(sorted(self._foldings.items(), key=lambda item: order[item[0]]))

    def _stand_alone(self, part: Part, *, is_piece: bool = False) -> None:
        kind = self._catalog.kind_of(self._format, part.type)
        mapping = None if kind is None else kind.mapping(self._format)
        self._foldings[part.address] = _Folding(part, kind, mapping)
        if kind is None:
            reason = (
                "what it belongs to is not in this document"
                if is_piece
                else f"the catalog has no kind for {part.type}"
            )
            self._note("passed_through", part, "", reason)

    def _owners(self, part: Part) -> list[tuple[_Folding, Piece]]:
        """The resources that a part is folded into, if they are all here and its loop fits. A
        policy of several roles is a policy of each."""
        for piece in self._catalog.pieces_of(self._format, part.type):
            form = piece.form
            if any(get(part.arguments, parse_path(k)) != v for k, v in form.when.items()):
                continue
            named = [self._owner_named(v, piece.kind) for v in _owner_values(part, form)]
            foldings = [folding for folding in named if folding is not None]
            if not foldings or len(foldings) < len(named):
                continue
            obstacle = next(filter(None, (self._obstacle(part, form, f) for f in foldings)), None)
            if obstacle is not None:
                self._note("not_understood", part, "", obstacle)
                return []
            return [(folding, piece) for folding in foldings]
        return []

    def _obstacle(self, part: Part, form: Attachment | Atoms, folding: _Folding) -> str | None:
        """Why a part cannot be folded into a resource that it belongs to."""
        if isinstance(form, Attachment) and any(
            other.type == part.type and piece.form is form for other, piece in folding.pieces
        ):
            return f"{folding.part.address} has one already"
        try:
            own_condition(part, folding.part)
        except ValueError as fault:
            return str(fault)
        return None

    def _owner_named(self, value: Value, kind: Kind) -> _Folding | None:
        if not isinstance(value, ResourceRef):
            return self._owners_by_name(kind).get(repr(value)) if value is not None else None
        candidates = [value.address]
        if isinstance(value.instance, str):
            candidates.insert(0, f'{value.address}["{value.instance}"]')
        elif isinstance(value.instance, int):
            candidates.insert(0, f"{value.address}[{value.instance}]")
        for address in candidates:
            folding = self._foldings.get(address)
            if folding is not None and folding.kind is kind:
                return folding
        return None

    def _owners_by_name(self, kind: Kind) -> dict[str, _Folding]:
        """The resources of a kind by the value of their identity (a bucket's name), as far as no
        two share it."""
        if kind.name not in self._by_identity:
            named: dict[str, list[_Folding]] = {}
            for folding in self._foldings.values():
                if folding.kind is kind and folding.mapping is not None:
                    for rule in folding.mapping.table.rules:
                        if rule.model == (kind.identity,):
                            value = get(folding.part.arguments, rule.native)
                            named.setdefault(repr(value), []).append(folding)
            self._by_identity[kind.name] = {
                value: found[0] for value, found in named.items() if len(found) == 1
            }
        return self._by_identity[kind.name]

    # ---- names

    def _name(self) -> None:
        taken = Names()
        for folding in sorted(self._foldings.values(), key=lambda f: f.part.address):
            name = self._wanted_name(folding)
            address = taken.take(f"{folding.type}.{name}", folding.part.address, "_")
            folding.name = address.rsplit(".", 1)[-1]

    def _wanted_name(self, folding: _Folding) -> str:
        part = folding.part
        if self._format == "terraform":
            return name_in_address(part.address)[1]
        said = _dharma(part).get("Name")
        if isinstance(said, str) and _NAME.match(said):
            return said
        if folding.mapping is None:
            return part.address
        return name_in_logical_id(part.address, folding.mapping.noun)

    def _sources(self) -> dict[str, Source]:
        sources = {
            address: Source(folding.address, folding.mapping)
            for address, folding in self._foldings.items()
        }
        for address, (folding, piece) in self._owner_of.items():
            sources[address] = Source(folding.address, folding.mapping, piece.form.owner_attribute)
        return sources

    # ---- reading

    def _report(self, part: Part, prefix: str = "") -> Callable[[str, str], None]:
        def report(path: str, message: str) -> None:
            self._note("not_understood", part, f"{prefix}{path}", message)

        return report

    def _arguments(self, part: Part, references: ToModel) -> dict[str, Value]:
        report = self._report(part)
        return {
            key: value
            if value is None or isinstance(value, bool | int | float | str)
            else references.translate(value, report)
            for key, value in part.arguments.items()
        }

    def _read_main(self, folding: _Folding, references: ToModel) -> None:
        part, mapping = folding.part, folding.mapping
        arguments = self._arguments(part, references)
        if mapping is None or folding.kind is None:
            folding.properties = arguments
            return
        report = self._report(part)
        for path in self._unread(mapping, arguments):
            report(path, "is not understood")
        folding.properties = read_table(mapping.table, arguments, report)
        for bag in mapping.bags:
            inline = bag.inline
            if inline is None or inline.path is None:
                continue
            raw = get(arguments, inline.path)
            if raw is not None:
                found = read_inline(inline, bag, raw, folding.address, report)
                folding.properties[bag.declared.name] = found
        for bridge in mapping.bridges:
            folding.bridged |= BRIDGES[bridge].read(part, folding.properties)

    def _unread(self, mapping: FormatMapping, arguments: dict[str, Value]) -> Iterator[str]:
        """Paths that no table reads. An attribute that only the cloud knows is no residue."""
        computed = set(mapping.attributes.values())
        for path in mapping.known.unread(arguments):
            if not (path in computed and path not in mapping.known.keys):
                yield path

    def _fold(self, folding: _Folding, part: Part, piece: Piece, references: ToModel) -> None:
        form = piece.form
        arguments = self._arguments(part, references)
        condition = references.translate(
            own_condition(part, folding.part), self._report(part, "condition")
        )
        if form.owner[-1].single:
            arguments = _with_one_owner(arguments, form)
        report = self._report(part)
        if part.lifecycle != Lifecycle():
            self._note("approximated", part, "lifecycle", "its owner's lifecycle holds for it now")
        if isinstance(form, Attachment):
            for path in form.known.unread(arguments):
                report(path, "is not understood")
            found = read_table(form.table, arguments, report)
            if condition is not None:
                found = {key: _under(value, condition) for key, value in found.items()}
            merge(folding.properties, found)
            folding.mark(part, *((key,) for key in found))
            return
        assert piece.bag is not None
        bag = piece.bag
        each = _each_of(part.for_each) if folding.part.for_each is None else None
        if each is not None:
            arguments = {k: _with_each(v, each) for k, v in arguments.items()}
        atoms = read_atoms(form, bag, arguments, folding.address, where="", report=report)
        before = folding.properties.get(bag.declared.name)
        self._add_atoms(folding, bag, [Atom(a.value, both(condition, a.condition)) for a in atoms])
        after = folding.properties.get(bag.declared.name)
        if isinstance(after, list):
            first = len(before) if isinstance(before, list) else 0
            folding.mark(part, *((bag.declared.name, i) for i in range(first, len(after))))

    def _add_atoms(self, folding: _Folding, bag: Bag, atoms: list[Atom]) -> None:
        name = bag.declared.name
        here = folding.properties.get(name)
        if isinstance(here, Unknown):
            return
        if not bag.declared.holds_objects:
            atoms = [
                Atom(a.value.get("value") if isinstance(a.value, dict) else a.value, a.condition)
                for a in atoms
            ]
        so_far = here if isinstance(here, list) else []
        added = [value for value in as_property(atoms) if value not in so_far]
        folding.properties[name] = [*so_far, *added]

    def _read_silence(self, folding: _Folding) -> None:
        """Bags of which nothing was said mean what the format's silence means; sentinels that only
        say "none" go."""
        if folding.mapping is None:
            return
        for bag in folding.mapping.bags:
            name = bag.declared.name
            value = folding.properties.get(name)
            if value is None and bag.absent:
                folding.properties[name] = [
                    dict(a) if isinstance(a, dict) else a for a in bag.absent
                ]
            elif isinstance(value, list):
                kept = [element for element in value if element not in bag.empty]
                if kept:
                    folding.properties[name] = kept
                else:
                    del folding.properties[name]

    # ---- finishing

    def _resource(self, folding: _Folding, references: ToModel) -> Resource:
        part = folding.part
        report = self._report(part)
        native = {
            key: references.translate(value, report) for key, value in self._native(folding).items()
        }
        origin = part.origin
        if origin.address is None:
            origin = replace(origin, address=part.address)
        return Resource(
            type=folding.type,
            name=folding.name,
            properties={k: v for k, v in folding.properties.items() if v is not None},
            count=references.translate(part.count, report),
            for_each=references.translate(part.for_each, report),
            condition=references.translate(part.condition, report),
            depends_on=self._depends_on(folding),
            lifecycle=part.lifecycle,
            native={self._format: native} if native else {},
            origin=origin,
            marks=folding.marks,
        )

    def _native(self, folding: _Folding) -> dict[str, Value]:
        part = folding.part
        native = {k: v for k, v in part.native.items() if k not in folding.bridged}
        if self._format != "cloudformation":
            return native
        if _dharma(part):
            metadata = native["Metadata"]
            assert isinstance(metadata, dict)
            rest = {key: value for key, value in metadata.items() if key != "Dharma"}
            if rest:
                native["Metadata"] = rest
            else:
                del native["Metadata"]
        if folding.mapping is not None:
            wanted = logical_id(folding.name, folding.mapping.noun)
            if part.address not in (wanted, f"{wanted}{digest(folding.address)}"):
                native["LogicalId"] = part.address
        return native

    def _depends_on(self, folding: _Folding) -> tuple[str, ...]:
        """Addresses of the model. What is written only to wait for an attachment of a resource that
        is referred to anyway is left out: it will be written again."""
        found: dict[str, None] = {}
        parts = [folding.part, *(part for part, _ in folding.pieces)]
        for part in parts:
            for address in part.depends_on:
                owned = self._owner_of.get(address)
                target = owned[0] if owned is not None else self._foldings.get(address)
                if target is None:
                    found[address] = None
                elif target is not folding and not (
                    owned is not None
                    and isinstance(owned[1].form, Attachment)
                    and owned[1].form.awaited
                    and self._mentions(part, owned[0].part.address)
                ):
                    found[target.address] = None
        return tuple(found)

    def _mentions(self, part: Part, address: str) -> bool:
        return any(target == address for v in part.arguments.values() for target in refers(v))

    def _note(self, kind: str, part: Part, path: str, message: str) -> None:
        self._notes.append(Note(kind, part.address, path, message, part.origin))  # type: ignore[arg-type]


def _dharma(part: Part) -> dict[str, Value]:
    """What an earlier writing noted in the resource's metadata."""
    metadata = part.native.get("Metadata")
    said = metadata.get("Dharma") if isinstance(metadata, dict) else None
    return said if isinstance(said, dict) else {}


def _owner_values(part: Part, form: Attachment | Atoms) -> list[Value]:
    """What a part says of its owners: one value, or a list of them where the path selects one."""
    last = form.owner[-1]
    if last.single:
        owners = get(part.arguments, (*form.owner[:-1], Step(last.key)))
        if isinstance(owners, list):
            return owners
    return [get(part.arguments, form.owner)]


def _with_one_owner(arguments: dict[str, Value], form: Attachment | Atoms) -> dict[str, Value]:
    """The arguments as one of several owners sees them."""
    key = form.owner[0].key
    owners = arguments.get(key)
    if len(form.owner) > 1 or not isinstance(owners, list):
        return arguments
    return {**arguments, key: owners[:1]}


def _each_of(for_each: Value) -> Value:
    """The collection of `toset(collection)`."""
    if isinstance(for_each, Call) and for_each.name == "toset" and len(for_each.arguments) == 1:
        return for_each.arguments[0]
    return None


def _with_each(value: Value, collection: Value) -> Value:
    if value in (Symbol(("each", "value")), Symbol(("each", "key"))):
        return Splat(collection)
    return value


def _under(value: Value, condition: Value) -> Value:
    """Every member of what an attachment says, under the condition of the attachment."""
    if isinstance(value, dict):
        return {key: _under(inner, condition) for key, inner in value.items()}
    return wrapped(value, condition)
