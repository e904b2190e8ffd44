"""A document of one format to resources of the model: `read`.

1. Every part is sorted: the main part of a kind, a piece of another part's kind, or unknown
   (`ownership`).
2. Parts get the names of the model; references are rewritten to them, those to pieces to the owner.
3. Main parts are read by their tables, then the pieces are folded in.
4. Whatever no table read is told in notes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from dharma.catalog.bags import Atom, both, read_atoms, read_inline, refers, with_atoms
from dharma.catalog.bridges import BRIDGES
from dharma.catalog.catalog import Catalog, Piece
from dharma.catalog.coercion import coerce
from dharma.catalog.document import Document, Note, Part
from dharma.catalog.elements import Change, adding, changed_elements, element_name
from dharma.catalog.formats import CASELESS, NAMED, PLACES, TITLES, Format
from dharma.catalog.ignored_changes import ALL, gathered
from dharma.catalog.kept import cut_out, with_kept
from dharma.catalog.kinds import Atoms, Attachment, Bag, FormatMapping
from dharma.catalog.known import spelled_members
from dharma.catalog.loops import ELEMENT, element_loop, own_condition, wrapped
from dharma.catalog.members import merge
from dharma.catalog.naming import deployment_name, digest, logical_id
from dharma.catalog.ownership import Folding, Ownership, name_foldings, noted, owner_values
from dharma.catalog.paths import get, print_path
from dharma.catalog.references import Source, ToModel
from dharma.catalog.table_reading import (
    BESIDE_NOTHING,
    NOT_UNDERSTOOD,
    Report,
    left_beside,
    read_table,
)
from dharma.model.blueprint import Lifecycle, Resource
from dharma.model.expressions.nodes import (
    ResourceRef,
    Splat,
    Unknown,
    Value,
)

_HEAD = re.compile(r"[.\[]")


def read(document: Document, catalog: Catalog) -> tuple[list[Resource], list[Note]]:
    """The resources that a document holds, and what of it was not understood."""
    return _Reading(document, catalog).run()


class _Reading:
    def __init__(self, document: Document, catalog: Catalog) -> None:
        self._format: Format = document.format
        self._keeps_unread = document.keeps_unread
        self._notes: list[Note] = []
        self._doubts = document.doubts
        ownership = Ownership(document, catalog, self._note)
        self._foldings = ownership.foldings
        self._owner_of = ownership.owner_of

    def run(self) -> tuple[list[Resource], list[Note]]:
        name_foldings(self._foldings.values(), self._format)
        references = ToModel(self._sources())
        for folding in self._foldings.values():
            self._read_main(folding, references)
            for part, piece in folding.pieces:
                self._fold(folding, part, piece, references)
            self._read_silence(folding)
            if self._doubts:
                self._doubt(folding)
        return [self._resource(f, references) for f in self._foldings.values()], self._notes

    def _sources(self) -> dict[str, Source]:
        sources = {
            address: Source(folding.address, folding.mapping)
            for address, folding in self._foldings.items()
        }
        for address, (folding, piece) in self._owner_of.items():
            form = piece.form
            table = form.table if isinstance(form, Attachment) else None
            sources[address] = Source(folding.address, folding.mapping, form.owner_attribute, table)
        return sources

    def _report(self, part: Part, prefix: str = "") -> Report:
        def report(path: str, message: str, *, lost: bool = False) -> None:
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

    def _read_main(self, folding: Folding, references: ToModel) -> None:
        part, mapping = folding.part, folding.mapping
        arguments = self._arguments(part, references)
        if mapping is None or folding.kind is None:
            folding.properties = arguments
            return
        report = self._report(part)
        claimed: dict[str, Value] = {}
        if self._format in CASELESS:
            arguments = spelled_members(mapping.known, arguments)
        for bridge in mapping.bridges:
            arguments, said = BRIDGES[bridge].claim(arguments)
            merge(claimed, said)
        for path in list(self._unread(mapping, arguments)):
            if self._keeps_unread and self._kept(part, mapping, arguments, path):
                self._note("passed_through", part, path, self._why_kept)
            elif self._as_it_is and path in arguments:
                self._keep_whole(part, arguments, path)
            else:
                report(path, NOT_UNDERSTOOD)
        for beside in map(print_path, left_beside(mapping.table, arguments)):
            if self._keeps_unread and self._kept(part, mapping, arguments, beside):
                why = f"{BESIDE_NOTHING}: kept for {TITLES[self._format]}"
                self._note("passed_through", part, beside, why)
            else:
                report(beside, BESIDE_NOTHING)
        if self._keeps_unread:
            computed = set(mapping.attributes.values())
            for path, value in arguments.items():
                known = path in mapping.known.keys or path in computed
                if isinstance(value, Unknown) and not known:
                    report(path, f"neither it nor its value is known: {value.reason}")
        folding.properties = self._by_table(part, mapping, arguments)
        merge(folding.properties, claimed)
        for bag in mapping.bags:
            inline = bag.inline
            if inline is None or inline.path is None:
                continue
            raw = get(arguments, inline.path)
            if raw is not None:
                found = read_inline(inline, bag, raw, folding.address, report, partly=self._doubts)
                folding.properties[bag.declared.name] = found
        for bridge in mapping.bridges:
            folding.bridged |= BRIDGES[bridge].read(part, folding.properties)

    def _kept(
        self, part: Part, mapping: FormatMapping, arguments: dict[str, Value], path: str
    ) -> bool:
        """Whether what no table reads could be put among the native values of its resource: it can
        where it stands among members of objects and single blocks, not inside a list that is read.
        """
        if path in mapping.known.keys:
            return False
        found = cut_out(
            arguments, path, blocks=self._format == "terraform", named=self._format in NAMED
        )
        if not isinstance(found, dict) or not PLACES.isdisjoint(found):
            return False
        native = with_kept(part.native, found)
        assert isinstance(native, dict)
        part.native = native
        return True

    @property
    def _why_kept(self) -> str:
        return f"the catalog does not know it: kept for {TITLES[self._format]}"

    @property
    def _as_it_is(self) -> bool:
        """Whether an argument of which the tables make nothing may stay what it was: where code is
        written again. Where it is judged, its properties are there, and unknown."""
        return self._format == "terraform" and self._keeps_unread and not self._doubts

    def _keep_whole(self, part: Part, arguments: dict[str, Value], name: str) -> None:
        part.native = {**part.native, name: arguments.pop(name)}
        self._note("passed_through", part, name, self._why_kept)

    def _by_table(
        self, part: Part, mapping: FormatMapping, arguments: dict[str, Value]
    ) -> dict[str, Value]:
        """The properties that the arguments say; those arguments of which the table cannot make
        anything stay as they are where code is written again."""
        told: list[tuple[str, str]] = []
        heads: set[str] = set()

        def report(path: str, message: str, *, lost: bool = False) -> None:
            told.append((path, message))
            if lost:
                heads.add(_HEAD.split(path, 1)[0])

        found = read_table(mapping.table, arguments, report)
        whole = [name for name in arguments if name in heads] if self._as_it_is else []
        for name in whole:
            self._keep_whole(part, arguments, name)
        if whole:
            told = [(p, m) for p, m in told if _HEAD.split(p, 1)[0] not in whole]
            found = read_table(mapping.table, arguments, lambda *_, **__: None)
        for path, message in told:
            self._tell_or_keep(part, mapping, arguments, path, message)
        return found

    def _tell_or_keep(
        self,
        part: Part,
        mapping: FormatMapping,
        arguments: dict[str, Value],
        path: str,
        message: str,
    ) -> None:
        """What is said in an element of a list and no table reads: it is kept where the elements
        have names."""
        keeps = self._keeps_unread and self._format in NAMED and message == NOT_UNDERSTOOD
        if keeps and self._kept(part, mapping, arguments, path):
            self._note("passed_through", part, path, self._why_kept)
        else:
            self._note("not_understood", part, path, message)

    def _unread(self, mapping: FormatMapping, arguments: dict[str, Value]) -> Iterator[str]:
        """Paths that no table reads. An attribute that only the cloud knows is no residue."""
        computed = set(mapping.attributes.values())
        for path in mapping.known.unread(arguments):
            if not (path in computed and path not in mapping.known.keys):
                yield path

    def _fold(self, folding: Folding, part: Part, piece: Piece, references: ToModel) -> None:
        form = piece.form
        arguments = self._arguments(part, references)
        if self._format == "terraform" and "timeouts" in arguments:
            why = "how long Terraform waits for a part of another resource is not said"
            self._note("no_counterpart", part, "timeouts", why)
            del arguments["timeouts"]
        if self._format in CASELESS:
            arguments = spelled_members(form.known, arguments)
        condition = references.translate(
            own_condition(part, folding.part, many=isinstance(form, Atoms)),
            self._report(part, "condition"),
        )
        if form.owner[-1].single:
            arguments = _with_one_owner(arguments, form)
        report = self._report(part)
        if form.repeats:
            self._compare(
                folding, form, arguments, self._arguments(folding.part, references), report
            )
        if not _is_carried_over(part.lifecycle, form):
            self._note("approximated", part, "lifecycle", "its owner's lifecycle holds for it now")
        if isinstance(form, Attachment):
            for path in form.known.unread(arguments):
                report(path, NOT_UNDERSTOOD)
            for beside in left_beside(form.table, arguments):
                report(print_path(beside), BESIDE_NOTHING)
            found = read_table(form.table, arguments, report)
            if condition is not None:
                found = {key: _under(value, condition) for key, value in found.items()}
            merge(folding.properties, found)
            folding.mark(part, *((key,) for key in found))
            return
        assert piece.bag is not None
        bag = piece.bag
        loop = element_loop(part) if folding.part.for_each is None else None
        if loop is not None:
            elements = Splat(references.translate(loop[0], report))
            arguments = {k: elements if v in ELEMENT else v for k, v in arguments.items()}
        atoms = read_atoms(form, bag, arguments, folding.address, where="", report=report)
        atoms = [Atom(a.value, both(condition, a.condition)) for a in atoms]
        if form.element is not None:
            (reference,) = owner_values(part, form)
            said = element_name(form.element, part, folding.part, reference)
            name = coerce(references.translate(said, report), form.element.member)
            add = adding(bag, form.element.member.name, name, atoms)
            _change_elements(folding, part, form.element.holder, bag.declared.name, add)
            return
        before = folding.properties.get(bag.declared.name)
        folding.properties = with_atoms(folding.properties, bag, atoms)
        after = folding.properties.get(bag.declared.name)
        if isinstance(after, list):
            first = len(before) if isinstance(before, list) else 0
            folding.mark(part, *((bag.declared.name, i) for i in range(first, len(after))))

    def _compare(
        self,
        folding: Folding,
        form: Attachment | Atoms,
        arguments: dict[str, Value],
        owners: dict[str, Value],
        report: Callable[[str, str], None],
    ) -> None:
        """What a piece says again has to be what its owner says, or a reference to that."""
        for name in form.repeats:
            said = arguments.get(name)
            if isinstance(said, Unknown) or said in (None, owners.get(name)):
                continue
            refers = isinstance(said, ResourceRef) and said.address == folding.address
            if not (refers and isinstance(said, ResourceRef) and said.path == (name,)):
                report(name, "is not that of what it belongs to")

    def _read_silence(self, folding: Folding) -> None:
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

    def _doubt(self, folding: Folding) -> None:
        """Unknown values in place of the pieces that are not folded in."""
        for part, piece, obstacle in folding.apart:
            unknown = Unknown(f"{part.address}: {obstacle}")
            if piece.bag is None:
                assert isinstance(piece.form, Attachment)
                for rule in piece.form.table.rules:
                    folding.properties.setdefault(rule.model[0], unknown)
                continue
            assert isinstance(piece.form, Atoms)
            _add_unknown(folding, piece.bag, piece.form, unknown)

    def _resource(self, folding: Folding, references: ToModel) -> Resource:
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
            lifecycle=self._lifecycle(folding),
            native={self._format: native} if native else {},
            origin=origin,
            marks=folding.marks,
        )

    def _lifecycle(self, folding: Folding) -> Lifecycle:
        if folding.mapping is None or self._format != "terraform":
            return folding.part.lifecycle
        attached = [(p, x.form) for p, x in folding.pieces if isinstance(x.form, Attachment)]
        ignored = gathered(folding.part, attached, folding.mapping)
        return replace(folding.part.lifecycle, ignore_changes=ignored)

    def _native(self, folding: Folding) -> dict[str, Value]:
        part = folding.part
        native = {k: v for k, v in part.native.items() if k not in folding.bridged}
        if self._format == "deployment_manager":
            return self._with_chosen_name(folding, native)
        if self._format != "cloudformation":
            return native
        if noted(part):
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

    def _with_chosen_name(self, folding: Folding, native: dict[str, Value]) -> dict[str, Value]:
        """A name that would not be given again is kept: it is what a deployment knows it by."""
        address, name = folding.part.address, folding.name
        if folding.mapping is not None:
            name = deployment_name(name, folding.mapping.noun)
        if address in (name, f"{name}-{digest(folding.address).lower()}"):
            return native
        return {"name": address, **native}

    def _depends_on(self, folding: Folding) -> tuple[str, ...]:
        """Addresses of the model. What is written only to wait for an attachment of a resource that
        is referred to anyway is left out: it will be written again. So is what a piece waits for
        and what in turn needs the resource that the piece is a part of now."""
        found: dict[str, None] = {}
        parts = [folding.part, *(part for part, _ in folding.pieces)]
        for part in parts:
            for address in part.awaited:
                owned = self._owner_of.get(address)
                target = owned[0] if owned is not None else self._foldings.get(address)
                if target is None:
                    found[address] = None
                elif part is not folding.part and self._needs(target, folding):
                    why = f"{target.address} needs what this is a part of now: the order is lost"
                    if target is not folding:
                        self._note("approximated", part, "depends_on", why)
                elif target is not folding and not (
                    owned is not None
                    and isinstance(owned[1].form, Attachment)
                    and owned[1].form.awaited
                    and self._mentions(part, owned[0].part.address)
                ):
                    found[target.address] = None
        return tuple(found)

    def _needs(self, folding: Folding, wanted: Folding) -> bool:
        """Whether a resource refers to another one or waits for it, be it through others."""
        seen: set[str] = set()
        waiting = [folding]
        while waiting:
            here = waiting.pop()
            if here is wanted:
                return True
            values = here.part.arguments.values()
            for address in (*here.part.awaited, *(a for v in values for a in refers(v))):
                owned = self._owner_of.get(address)
                target = owned[0] if owned is not None else self._foldings.get(address)
                if target is not None and target.part.address not in seen:
                    seen.add(target.part.address)
                    waiting.append(target)
        return False

    def _mentions(self, part: Part, address: str) -> bool:
        return any(target == address for v in part.arguments.values() for target in refers(v))

    def _note(self, kind: str, part: Part, path: str, message: str) -> None:
        origin = part.origin
        if path and part.marks and (place := part.marks.get(_HEAD.split(path, 1)[0])):
            origin = replace(origin, line=place[0], column=place[1])
        self._notes.append(Note(kind, part.address, path, message, origin))  # type: ignore[arg-type]


def _with_one_owner(arguments: dict[str, Value], form: Attachment | Atoms) -> dict[str, Value]:
    """The arguments as one of several owners sees them."""
    key = form.owner[0].key
    owners = arguments.get(key)
    if len(form.owner) > 1 or not isinstance(owners, list):
        return arguments
    return {**arguments, key: owners[:1]}


def _change_elements(
    folding: Folding, part: Part, holder: str, member: str, change: Change
) -> None:
    """Change elements of a list by what a piece says, and remember where it was said."""
    before = folding.properties.get(holder)
    after = folding.properties[holder] = changed_elements(before, change)
    if isinstance(before, list) and isinstance(after, list):
        for position, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                folding.mark(part, (holder, position, member))


def _add_unknown(folding: Folding, bag: Bag, form: Atoms, unknown: Unknown) -> None:
    """Something that is in a bag, or in those of all elements, of which no more is known."""

    def add(properties: dict[str, Value], _: Value = None) -> dict[str, Value]:
        return with_atoms(properties, bag, [Atom(unknown)])

    if form.element is None:
        folding.properties = add(folding.properties)
    else:
        holder = form.element.holder
        folding.properties[holder] = changed_elements(folding.properties.get(holder), add)


def _under(value: Value, condition: Value) -> Value:
    """Every member of what an attachment says, under the condition of the attachment."""
    if isinstance(value, dict):
        return {key: _under(inner, condition) for key, inner in value.items()}
    return wrapped(value, condition)


def _is_carried_over(lifecycle: Lifecycle, form: Attachment | Atoms) -> bool:
    """Whether the lifecycle of a piece says no more than its owner's can say of it."""
    if isinstance(form, Attachment) and ALL not in lifecycle.ignore_changes:
        lifecycle = replace(lifecycle, ignore_changes=())
    return lifecycle == Lifecycle()
