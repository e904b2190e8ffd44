"""The resources of an ARM template and of those nested in it, and how they are found.

Azure knows a resource by its type and names (`vnet/app`), or a template names it for itself.
"""

from __future__ import annotations

from dataclasses import replace

from dharma.blueprint.readers.arm.entry import DEPLOYMENT, GROUP, SUBSCRIPTION_ID, Entry
from dharma.blueprint.readers.arm.index import ANYWHERE, Index
from dharma.blueprint.readers.arm.names import Names
from dharma.blueprint.readers.arm.nested import Nested
from dharma.blueprint.readers.arm.segments import at_index, matched, segments_of
from dharma.blueprint.readers.arm.surroundings import Surroundings
from dharma.catalog import Catalog
from dharma.catalog.document import Note
from dharma.catalog.formats import azure_type
from dharma.model.expressions.nodes import COUNT_INDEX, ResourceRef, Template, Value
from dharma.model.expressions.templates import join_parts

# `/subscriptions/S/resourceGroups/G` between its slashes.
GROUP_BEGINS: list[Value] = ["", "subscriptions", SUBSCRIPTION_ID, "resourceGroups"]
GROUP_ID = 5
_CHILD = 3  # `/probes/http`
_NONE = Index()


class Gathered:
    """`reading` is the resource whose body is being read: nothing refers to itself."""

    def __init__(self, catalog: Catalog, notes: list[Note]) -> None:
        self.catalog = catalog
        self.notes = notes
        self.types = {native.lower(): native for native in catalog.native_types("arm")}
        self.entries: list[Entry] = []
        self.nested: dict[str, Nested] = {}
        self.by_address: dict[str, Entry] = {}
        self.reading: Entry | None = None
        self._of_type: dict[str, Index] = {}
        self._every = Index()
        self._by_place: dict[str, str] = {}
        self._groups: list[Entry] = []
        self._nested_at: dict[str, str] = {}

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.by_address[entry.address] = entry
        native = azure_type(entry.type).lower()
        self._of_type.setdefault(native, Index()).add(entry)
        self._every.add(entry)
        self._by_place.setdefault(entry.where, entry.address)
        if native == GROUP.lower():
            self._groups.append(entry)

    def add_nested(self, nested: Nested) -> None:
        self.nested[nested.key] = nested
        self._nested_at.setdefault(nested.where, nested.key)

    # ---- what a resource is to the catalog

    def is_of_known_type(self, entry: Entry) -> bool:
        return self.types.get(entry.type.lower()) == entry.type

    def is_known(self, entry: Entry, key: str) -> bool:
        """Whether a kind of the type, or a piece of one, speaks of a member at its top."""
        kind = self.catalog.kind_of("arm", entry.type)
        mapping = kind.mapping("arm") if kind is not None else None
        if mapping is not None and key in mapping.known.keys:
            return True
        return any(key in p.form.known.keys for p in self.catalog.pieces_of("arm", entry.type))

    # ---- names

    def plain(self, name: Value) -> Value:
        """A name in one spelling: that of a resource of the template as the resource says it."""
        if not isinstance(name, ResourceRef) or name.path != ("name",):
            return name
        if name.address not in self.by_address:
            return name
        own = self.by_address[name.address].segments[-1]
        return own if name.instance is None else at_index(own, name.instance)

    def groups(self) -> list[Entry]:
        return self._groups

    def group_named(self, name: Value) -> Value:
        """The group of the template that is called so, as the reference to its name; another name
        stays what it is."""
        if isinstance(name, ResourceRef):
            return replace(name, path=("name",)) if name.path == ("id",) else name
        alike = self._of_type.get(GROUP.lower(), _NONE).called([name])
        return next((ResourceRef(e.address, ("name",), instance) for e, instance in alike), name)

    # ---- finding

    def resource(
        self, native: str, names: list[Value], group: Value = None, here: Value = None
    ) -> ResourceRef | None:
        """The resource of a type with these names in a group; where none is said, anywhere, best in
        the group `here`."""
        names = [self.plain(name) for name in names]
        wanted = None if group is None else self.group_named(group)
        nested = self._deployment(names, wanted) if native.lower() == DEPLOYMENT.lower() else None
        if nested is not None:
            return nested
        alike = self._of_type.get(native.lower(), _NONE)
        places = (here, ANYWHERE) if wanted is None else (wanted,)
        for place in places:
            for entry, instance in alike.called(names, place):
                # Its own id is written out: nothing refers to itself.
                if entry is not self.reading and not self._comes_after(entry):
                    same = instance is None and self._is_of_this_copy(entry)
                    return ResourceRef(entry.address, ("id",), COUNT_INDEX if same else instance)
        return None

    def by_full_name(self, name: Value) -> ResourceRef | None:
        """The one resource that is called so, whatever its type."""
        names = [self.plain(segment) for segment in segments_of(name)]
        found = [
            ResourceRef(entry.address, ("id",), instance)
            for entry, instance in self._every.called(names)
        ]
        found += [
            ResourceRef(nested.key, ("id",))
            for nested in self.nested.values()
            if nested.segments == names
        ]
        return found[0] if len(found) == 1 else None

    def by_symbol(self, name: Value, where: str) -> ResourceRef | None:
        """What a template that names its resources for itself, under `where`, calls so."""
        if not isinstance(name, str):
            return None
        place = f"{where}.{name}"
        address = self._by_place.get(place) or self._nested_at.get(place)
        return None if address is None else ResourceRef(address, ("id",))

    def _deployment(self, names: list[Value], group: Value) -> ResourceRef | None:
        for nested in self.nested.values():
            counted = nested.copy_name is not None
            found = matched(nested.segments, names, counted=counted)
            if found is not None and (group is None or nested.target.group == group):
                return ResourceRef(nested.key, ("id",), found[0])
        return None

    def _is_of_this_copy(self, entry: Entry) -> bool:
        """Whether it is made by the same repeated deployment as what is being read."""
        within = entry.target.within
        here = self.reading.target.within if self.reading is not None else None
        return entry.target.count is not None and within is not None and within == here

    def _comes_after(self, entry: Entry) -> bool:
        """Whether its deployment waits for what is being read: that speaks of what was there."""
        within = entry.target.within
        nested = self.nested.get(within) if within is not None else None
        return (
            nested is not None
            and self.reading is not None
            and self.reading.address in nested.behind
        )

    # ---- ids

    def as_id(self, value: Value) -> Value:
        """The id of a group, or of what stands in a resource, that is put together out of names:
        `concat(resourceId(balancer), '/probes/http')`."""
        if not isinstance(value, Template):
            return value
        if isinstance(value.parts[0], ResourceRef):
            return self._below(value.parts[0], join_parts(value.parts[1:])) or value
        segments = segments_of(value)
        if len(segments) != GROUP_ID or segments[:4] != GROUP_BEGINS:
            return value
        group = self.group_named(segments[4])
        return replace(group, path=("id",)) if isinstance(group, ResourceRef) else value

    def _below(self, owner: ResourceRef, behind: Value) -> Value:
        """The child of a resource that an id means which goes on behind that of the resource."""
        segments = segments_of(behind)
        entry = self.by_address.get(owner.address)
        if entry is None or owner.path != ("id",) or len(segments) != _CHILD or segments[0] != "":
            return None
        native = f"{azure_type(entry.type)}/{segments[1]}"
        return self.resource(native, [*entry.segments, segments[2]], entry.target.group)


class Around(Surroundings):
    """The resources as the expressions of one template see them: its own symbolic names (of the
    resources under `where`), its group before any other."""

    def __init__(self, gathered: Gathered, names: Names, where: str) -> None:
        self._gathered = gathered
        self._names = names
        self._where = where

    def resource(self, native: str, names: list[Value], group: Value) -> ResourceRef | None:
        return self._gathered.resource(native, names, group, self._names.group)

    def by_name(self, name: Value) -> ResourceRef | None:
        return self._gathered.by_full_name(name) or self._gathered.by_symbol(name, self._where)

    def answers(self, deployment: ResourceRef) -> dict[str, Value] | None:
        nested = self._gathered.nested.get(deployment.address)
        return None if nested is None else nested.answered(deployment.instance)

    def is_known(self, address: str) -> bool:
        return address in self._gathered.by_address

    def count_of(self, address: str) -> Value:
        entry = self._gathered.by_address.get(address)
        return None if entry is None else entry.count

    def as_id(self, value: Value) -> Value:
        return self._gathered.as_id(value)
