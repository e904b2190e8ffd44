"""Resources of the model to a document of one format: `write`.

1. Every resource gets the name of its main part; references will point there.
2. Placement decides which atoms of which bags stand apart.
3. Each resource is unfolded by its kind's tables: the main part, its attachments, its bags.
4. References in every part are rewritten to the format's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dharma.catalog.bags import (
    Atom,
    all_of,
    atoms_of,
    both,
    refers,
    same_atoms,
    with_member,
    write_inline,
)
from dharma.catalog.borrowed import spread
from dharma.catalog.bridges import BRIDGES
from dharma.catalog.catalog import Catalog
from dharma.catalog.document import Document, Note, Part
from dharma.catalog.elements import elements_with
from dharma.catalog.formats import LOOPING, TITLES, Format, native_format
from dharma.catalog.ignored_changes import shared_out
from dharma.catalog.kinds import Atoms, Attachment, Bag, FormatMapping
from dharma.catalog.known import unmapped
from dharma.catalog.loops import ELEMENT, carried, carried_over, owner_instance
from dharma.catalog.members import meaningful, member
from dharma.catalog.naming import label
from dharma.catalog.part_names import PartNames
from dharma.catalog.paths import (
    Block,
    parse_path,
    put,
    settle,
    settle_conditional,
)
from dharma.catalog.placement import Placement
from dharma.catalog.references import Target, ToNative, attached
from dharma.catalog.table_writing import write_table
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Conditional,
    ResourceRef,
    Splat,
    Unknown,
    Value,
    references,
    walk,
)


def write(
    resources: Sequence[Resource], format: Format, catalog: Catalog
) -> tuple[Document, list[Note]]:
    """The document that these resources are in a format, and what it could not carry.

    Raises `NotExpressible`, naming the path, where leaving something out would change the meaning.
    """
    return _Writing(resources, format, catalog).run()


@dataclass(frozen=True, slots=True)
class _Unfolding:
    """One resource on its way: its mapping, the name of its main part, and its parts so far."""

    resource: Resource
    mapping: FormatMapping
    part: str
    parts: list[Part]

    @property
    def address(self) -> str:
        return self.resource.address


class _Writing:
    def __init__(self, resources: Sequence[Resource], format: Format, catalog: Catalog) -> None:
        self._resources = resources
        self._format: Format = format
        self._catalog = catalog
        self._notes: list[Note] = []
        self._by_address = {r.address: r for r in resources}
        self._mappings = {
            r.address: kind.mapping(format) if (kind := catalog.kind(r.type)) is not None else None
            for r in resources
        }
        self._names = PartNames(resources, self._mappings, format)
        targets = {
            r.address: Target(
                self._names.main[r.address], self._mappings[r.address], r.properties, r.for_each
            )
            for r in resources
        }
        self._targets = targets
        self._references = ToNative(format, targets)
        self._placement = Placement(resources, format, catalog)
        self._awaited: dict[str, tuple[str, ...]] = {}
        # By resource, those of whose settings nothing is left to refer to.
        self._gone: dict[str, set[str]] = {}

    def run(self) -> tuple[Document, list[Note]]:
        unfolded = [(resource, self._unfold(resource)) for resource in self._resources]
        pieces = {resource.address: tuple(p.address for p in parts) for resource, parts in unfolded}
        self._references = ToNative(
            self._format,
            {
                resource.address: replace(self._targets[resource.address], attached=attached(parts))
                for resource, parts in unfolded
            },
        )
        document = [
            self._finished(part, resource, pieces) for resource, parts in unfolded for part in parts
        ]
        return Document(self._format, document), self._notes

    # ---- unfolding

    def _unfold(self, resource: Resource) -> list[Part]:
        if self._format not in LOOPING:
            for loop in ("count", "for_each"):
                if getattr(resource, loop) is not None:
                    raise NotExpressible(
                        f"{resource.address}.{loop}: {TITLES[self._format]} has no loops; expand "
                        "it first"
                    )
        mapping = self._mappings[resource.address]
        if mapping is None:
            return [self._passed_through(resource)]
        resource = self._spread(resource)
        unfolding = _Unfolding(resource, mapping, self._names.main[resource.address], [])
        block = Block()
        write_table(mapping.table, resource.properties, block, resource.address, always=True)
        bags = [bag for bag in mapping.bags if not bag.by_rule]
        apart = [self._unpack(resource, block, bag) for bag in bags]
        main = self._part(resource, unfolding.part, mapping.type, settle(block))
        unfolding.parts.append(main)
        bridged = {p for bridge in mapping.bridges for p in BRIDGES[bridge].write(resource, main)}
        self._refuse(unfolding, bridged)
        for attachment in mapping.attachments:
            if attachment.only != "read":
                self._attach(unfolding, attachment)
        for bag, atoms in zip(bags, apart, strict=True):
            for atom in atoms:
                self._apart(unfolding, bag, atom, f"{resource.address}.{bag.declared.name}")
        for of_elements in mapping.element_bags.values():
            for bag in of_elements:
                self._unpack_elements(unfolding, bag)
        self._awaited[resource.address] = tuple(
            part.address
            for part in unfolding.parts
            if any(a.awaited and a.type == part.type for a in mapping.attachments)
        )
        ignored = resource.lifecycle.ignore_changes
        if ignored and self._format == "terraform":
            return shared_out(unfolding.parts, mapping, ignored)
        return unfolding.parts

    def _spread(self, resource: Resource) -> Resource:
        """Objects of other resources member by member, as the tables take them."""
        changed: dict[str, Value] = {}
        for name, value in resource.properties.items():
            if isinstance(value, str | int | bool | float):
                continue
            try:
                members = spread(value, self._references.setting)
            except NotExpressible as error:
                raise NotExpressible(f"{resource.address}.{name}: {error.message}") from None
            if members != value:
                changed[name] = members
                left = {ref.address for ref in references(members)}
                gone = {ref.address for ref in references(value)} - left
                self._gone.setdefault(resource.address, set()).update(gone)
        if not changed:
            return resource
        return replace(resource, properties={**resource.properties, **changed})

    def _passed_through(self, resource: Resource) -> Part:
        address = self._names.main[resource.address]
        kind = self._catalog.kind(resource.type)
        if kind is not None:
            reason = kind.without.get(self._format) or f"{kind.title} is {kind.provider}'s"
            raise NotExpressible(
                f"{resource.address}: {TITLES[self._format]} cannot express it: {reason}"
            )
        if native_format(resource.type) != self._format:
            raise NotExpressible(
                f"{resource.address}: the catalog has no kind {resource.type}, so {self._format} "
                "cannot express it"
            )
        return self._part(resource, address, resource.type, dict(resource.properties))

    def _refuse(self, unfolding: _Unfolding, bridged: set[str]) -> None:
        """Nothing is dropped silently: what has no place is an error, or a note where it only
        steers the other tool."""
        resource, mapping = unfolding.resource, unfolding.mapping
        for path in unmapped(resource.properties, mapping.members):
            raise NotExpressible(f"{resource.address}.{path} has no counterpart in {self._format}")
        for path, reason in mapping.impossible.items():
            for value in _values_at(resource.properties, path.split(".")):
                if value != self._default(resource, path):
                    raise NotExpressible(f"{resource.address}.{path}: {reason}")
        for path, reasons in mapping.impossible_literals.items():
            for value in _values_at(resource.properties, path.split(".")):
                for node in walk(value):
                    if isinstance(node, str) and node in reasons:
                        raise NotExpressible(f"{resource.address}.{path}: {reasons[node]}")
        for path, reason in mapping.no_counterpart.items():
            if path in bridged:
                continue
            for value in _values_at(resource.properties, path.split(".")):
                if value != self._default(resource, path):
                    self._notes.append(
                        Note("no_counterpart", resource.address, path, reason, resource.origin)
                    )

    def _default(self, resource: Resource, path: str) -> Value:
        kind = self._catalog.kind(resource.type)
        found = None if kind is None else kind.property_at(tuple(path.split(".")))
        return None if found is None else found.default

    def _attach(self, unfolding: _Unfolding, attachment: Attachment) -> None:
        resource = unfolding.resource
        block = Block()
        self._put_owner(block, unfolding, attachment)
        if not write_table(
            attachment.table, resource.properties, block, resource.address, always=False
        ):
            return
        arguments, condition = settle_conditional(block)
        name = self._names.piece(unfolding.resource, attachment.type)
        self._add_piece(unfolding, attachment.type, name, arguments, condition=condition)

    def _put_owner(self, block: Block, unfolding: _Unfolding, form: Attachment | Atoms) -> None:
        for path, wanted in form.when.items():
            put(block, parse_path(path), wanted, fixed=True)
        instance = owner_instance(unfolding.resource)
        owner = ResourceRef(unfolding.address, (form.owner_attribute,), instance)
        put(block, form.owner, owner, fixed=True)
        for name in form.repeats:
            said = unfolding.parts[0].arguments.get(name)
            if said is not None:
                put(block, parse_path(name), said, fixed=True)

    def _add_piece(
        self,
        unfolding: _Unfolding,
        native_type: str,
        name: str,
        arguments: dict[str, Value],
        *,
        condition: Value,
        elements: Value = None,
    ) -> None:
        loop = carried(unfolding.resource, condition)
        if elements is not None:
            loop = carried_over(unfolding.resource, condition, elements)
        unfolding.parts.append(
            Part(
                address=name,
                type=native_type,
                arguments=arguments,
                count=loop.count,
                for_each=loop.for_each,
                condition=loop.condition,
                owner=unfolding.address,
                origin=unfolding.resource.origin,
            )
        )

    # ---- bags

    def _unpack(self, resource: Resource, block: Block, bag: Bag) -> list[Atom]:
        """Put the atoms of a bag that stand inside of the main part there; those that do not."""
        address = resource.address
        where = f"{address}.{bag.declared.name}"
        value = resource.properties.get(bag.declared.name)
        inline = bag.inline_form
        atoms = atoms_of(value, where, peers=bag.peers)
        if atoms is None:
            if inline is None or inline.path is None:
                raise NotExpressible(f"{where}: how many elements there are is not known")
            unknown = Unknown(f"{where}: how many elements there are is not known")
            put(block, inline.path, unknown)
            return []
        if bag.absent and same_atoms([a.as_value() for a in atoms], list(bag.absent)):
            return []
        apart = self._placement.apart(address, bag, atoms)
        here = [atom for atom, away in zip(atoms, apart, strict=True) if not away]
        if inline is not None and inline.path is not None:
            if bag.empty and all(atom.condition is not None for atom in here):
                here = [*here, *(Atom(element) for element in bag.empty)]
            written = self._inline(inline, bag, here, where, address)
            if written is not None:
                put(block, inline.path, written)
        return [atom for atom, away in zip(atoms, apart, strict=True) if away]

    def _unpack_elements(self, unfolding: _Unfolding, bag: Bag) -> None:
        """The bags of the elements of a list: each of their parts names the element."""
        form = bag.separate_form
        assert form is not None
        assert form.element is not None
        holder, member = form.element.holder, form.element.member
        value = unfolding.resource.properties.get(holder)
        where = f"{unfolding.address}.{holder}"
        for element, here in elements_with(bag, member, value, where):
            assert isinstance(element.value, dict)
            there = f"{here}.{bag.declared.name}"
            atoms = atoms_of(element.value.get(bag.declared.name), there, peers=bag.peers)
            if atoms is None:
                raise NotExpressible(f"{there}: how many elements there are is not known")
            for atom in atoms:
                restricted = Atom(atom.value, both(element.condition, atom.condition))
                name = element.value.get(member.name)
                self._apart(unfolding, bag, restricted, there, element=name)

    def _inline(self, form: Atoms, bag: Bag, atoms: list[Atom], where: str, address: str) -> Value:
        if not atoms:
            return None
        if bag.declared.holds_objects:
            return list(write_inline(form, bag, atoms, address, where))
        alone = atoms[0].value if len(atoms) == 1 else None
        if isinstance(alone, Splat) and not alone.path:  # All elements of a list are that list.
            return Atom(alone.collection, atoms[0].condition).as_value()
        gathered: Value = None
        for atom in atoms:
            gathered = with_member(gathered, atom.as_value())
        return gathered

    def _apart(
        self,
        unfolding: _Unfolding,
        bag: Bag,
        atom: Atom,
        where: str,
        *,
        element: Value = None,
    ) -> None:
        form = bag.separate_form
        assert form is not None
        value = atom.value
        if not bag.declared.holds_objects:
            many = all_of(value)
            value = {"value": value if many is None else Splat(many)}
        if not isinstance(value, dict):
            raise NotExpressible(f"{where}: an element must be spelled out")
        value = meaningful(value, bag.declared)
        value, elements = self._looped(unfolding, value, where)
        for path in unmapped(value, form.table.members):
            raise NotExpressible(f"{where}.{path} has no counterpart in {self._format}")
        block = Block()
        self._put_owner(block, unfolding, form)
        if form.element is not None:
            put(block, form.element.said, element, fixed=True)
        write_table(form.table, value, block, where, always=True)
        suffix = label((element, *(value.get(name) for name in form.label)))
        name = self._names.piece(unfolding.resource, form.type, suffix)
        self._add_piece(
            unfolding, form.type, name, settle(block), condition=atom.condition, elements=elements
        )

    def _looped(
        self, unfolding: _Unfolding, value: dict[str, Value], where: str
    ) -> tuple[dict[str, Value], Value]:
        """A member that stands for every element of a list becomes a loop of the part."""
        looped = [k for k, v in value.items() if isinstance(v, Splat) and not v.path]
        if not looped:
            return value, None
        resource = unfolding.resource
        if self._format != "terraform" or len(looped) > 1 or resource.count or resource.for_each:
            raise NotExpressible(f"{where}.{looped[0]}: one per element needs a loop")
        splat = value[looped[0]]
        assert isinstance(splat, Splat)
        return {**value, looped[0]: ELEMENT[0]}, splat.collection

    # ---- finishing

    def _part(
        self, resource: Resource, address: str, native_type: str, arguments: dict[str, Value]
    ) -> Part:
        native = dict(resource.native.get(self._format, {}))
        if self._format == "cloudformation":
            native = self._names.with_metadata(resource, native)
        return Part(
            address=address,
            type=native_type,
            arguments=arguments,
            count=resource.count,
            for_each=resource.for_each,
            condition=resource.condition,
            depends_on=resource.depends_on,
            lifecycle=resource.lifecycle,
            native=native,
            owner=resource.address,
            origin=resource.origin,
        )

    def _finished(self, part: Part, resource: Resource, pieces: dict[str, tuple[str, ...]]) -> Part:
        """The part with native references and everything that it has to wait for."""
        where = resource.address

        def native(value: Value, name: str) -> Value:
            if value is None or isinstance(value, bool | int | float | str):
                return value
            return self._references.translate(value, f"{where}.{name}" if name else where)

        depends = self._depends_on(part, resource, pieces)
        arguments = {key: native(value, key) for key, value in part.arguments.items()}
        return replace(
            part,
            arguments=arguments,
            count=native(part.count, "count"),
            for_each=native(part.for_each, "for_each"),
            condition=native(part.condition, "condition"),
            native={key: native(value, key) for key, value in part.native.items()},
            depends_on=depends,
            order_only=tuple(self._no_longer_referred(part, arguments, pieces)),
        )

    def _depends_on(
        self, part: Part, resource: Resource, pieces: dict[str, tuple[str, ...]]
    ) -> tuple[str, ...]:
        """Whoever waits for a resource waits for its attachments too, unless these refer back."""
        found: dict[str, None] = {}
        for address in part.depends_on:
            parts = pieces.get(address, (address,))
            found.update(
                dict.fromkeys(parts[:1] if self._refers_back(address, resource) else parts)
            )
        for address in dict.fromkeys(
            target for value in part.arguments.values() for target in refers(value)
        ):
            if address != resource.address:
                found.update(dict.fromkeys(self._awaited.get(address, ())))
        return tuple(found)

    def _no_longer_referred(
        self, part: Part, arguments: Mapping[str, Value], pieces: dict[str, tuple[str, ...]]
    ) -> Iterator[str]:
        """Parts that the author refers to and of which only a value was written."""
        kept = {ref.address for value in arguments.values() for ref in references(value)}
        meant = dict.fromkeys(t for v in part.arguments.values() for t in refers(v))
        if part.owner is not None and part.address == self._names.main[part.owner]:
            meant.update(dict.fromkeys(sorted(self._gone.get(part.owner, ()))))
        for address in meant:
            target = self._targets.get(address)
            if target is None or address == part.owner:
                continue
            if kept.isdisjoint((target.part, *pieces.get(address, ()))):
                yield target.part

    def _refers_back(self, address: str, resource: Resource) -> bool:
        other = self._by_address.get(address)
        return other is not None and any(
            target == resource.address
            for value in other.properties.values()
            for target in refers(value)
        )


def _values_at(value: Value, path: Sequence[str]) -> Iterator[Value]:
    """All values at a path of declared names, through the elements of lists."""
    if isinstance(value, list):
        for element in value:
            yield from _values_at(element, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, dict):
        yield from _values_at(value.get(path[0]), path[1:])
    elif isinstance(value, Conditional):
        yield from _values_at(value.then, path)
        yield from _values_at(value.otherwise, path)
    elif value is not None:
        found = member(value, tuple(path))
        if found is not None:
            yield found
