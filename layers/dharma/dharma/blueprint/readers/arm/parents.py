"""A resource's own name and its parents, as the section of its kind names them: the parent by its
id, or every parent by its name.
"""

from __future__ import annotations

from dataclasses import replace

from dharma.blueprint.readers.arm.entry import SUBSCRIPTION_ID, Entry
from dharma.blueprint.readers.arm.gathered import Gathered
from dharma.blueprint.readers.arm.segments import identifier_of
from dharma.catalog.formats import azure_type
from dharma.model.expressions.nodes import Call, ResourceRef, Value
from dharma.model.expressions.templates import join_parts


class Parents:
    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered

    def names(self, entry: Entry) -> dict[str, Value]:
        """The arguments `name`, and `parent` or `names`."""
        above = azure_type(entry.type).split("/")[1:-1]
        own = entry.segments[-1]
        if isinstance(own, Call) and own.name.endswith("guid") and self._may_lack_name(entry):
            own = None  # Made up, as Terraform makes one up.
        if len(entry.segments) - 1 != len(above):
            message = f"its name has {len(entry.segments)} segments, its type {len(above) + 1}"
            entry.expressions.at(entry.where, "name", entry.node).note(message)
            return {"name": own}
        if not above:
            return {"name": own}
        if self._gathered.is_known(entry, "parent"):
            return {"name": own, **self._parent(entry, above)}
        names: dict[str, Value] = {
            segment: self._name_of_parent(entry, depth) for depth, segment in enumerate(above)
        }
        return {"name": own, "names": names}

    def _may_lack_name(self, entry: Entry) -> bool:
        kind = self._gathered.catalog.kind_of("arm", entry.type)
        declared = kind.properties.get("name") if kind is not None else None
        return declared is not None and not declared.required

    def _parent(self, entry: Entry, above: list[str]) -> dict[str, Value]:
        """The id of the parent; segments between that the kind fixes stay names."""
        fixed = self._fixed_names(entry)
        levels = [n for n, segment in enumerate(above) if segment not in fixed]
        depth = levels[-1] if levels else 0
        names = {above[n]: entry.segments[n] for n in range(depth + 1, len(above))}
        parent_type = _type_above(entry, depth)
        found = self._waited_for(entry, parent_type, entry.segments[: depth + 1])
        value: Value = found
        named = entry.said[depth]
        if found is None and isinstance(named, ResourceRef) and named.path == ("name",):
            value = replace(named, path=("id",))  # The parent stands in another template.
        elif found is None:
            value = identifier_of(entry.segments[: depth + 1])
        if value is None:
            steps: list[Value] = ["/subscriptions/", SUBSCRIPTION_ID, "/resourceGroups/"]
            steps += [entry.target.group, f"/providers/{parent_type.split('/')[0]}"]
            for segment, name in zip(parent_type.split("/")[1:], entry.segments, strict=False):
                steps += [f"/{segment}/", name]
            value = join_parts(steps)
        return {"parent": value} | ({"names": dict(names)} if names else {})

    def _fixed_names(self, entry: Entry) -> set[str]:
        kind = self._gathered.catalog.kind_of("arm", entry.type)
        mapping = kind.mapping("arm") if kind is not None else None
        paths = [path for path, _ in mapping.table.constants] if mapping is not None else []
        return {path[1].key for path in paths if path[0].key == "names"}

    def _name_of_parent(self, entry: Entry, depth: int) -> Value:
        native = _type_above(entry, depth)
        found = self._waited_for(entry, native, entry.segments[: depth + 1])
        if found is None:
            return entry.said[depth]
        return ResourceRef(found.address, ("name",), found.instance)

    def _waited_for(self, entry: Entry, native: str, names: list[Value]) -> ResourceRef | None:
        """A name alone is a reference only where the resource also waits for the one of that
        name."""
        found = self._gathered.resource(native, names, entry.target.group)
        if found is None or all(found.address != a for a, _ in entry.depends_on):
            return None
        return found


def _type_above(entry: Entry, depth: int) -> str:
    """The type of the parent at this depth, 0 the outermost."""
    return "/".join(azure_type(entry.type).split("/")[: depth + 2])
