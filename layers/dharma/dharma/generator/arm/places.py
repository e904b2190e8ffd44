"""Where each part of an ARM document is deployed to: a resource group, or the subscription itself.

A part says its group, or belongs to one that does: its parent, the resource that it extends, the
resource that it is a piece of. Where a template of one group is not enough, `Places.beyond` says
why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dharma.blueprint.readers.arm.segments import segments_of
from dharma.catalog.document import Part
from dharma.model.expressions.nodes import (
    Ambient,
    Call,
    Expression,
    Index,
    ResourceRef,
    Template,
    Value,
)
from dharma.model.expressions.printer import shown

GROUP = "Microsoft.Resources/resourceGroups"
SUBSCRIPTION_ID = Template(("/subscriptions/", Ambient("subscription_id")))
# `/subscriptions/S/resourceGroups/G/...`, split at `/`.
_GROUP_SEGMENT = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A group of the blueprint (the address of its part, and which instance of a loop), a group
    that is there already (the value of its name), or neither: the subscription."""

    group: str | None = None
    instance: Value = None
    name: Value = None

    @property
    def key(self) -> str:
        """The same for the same place."""
        return repr((self.group, self.instance, self.name))


SUBSCRIPTION = Place()


class Places:
    """The places of a document's parts."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = {part.address: part for part in parts}
        self._mains: dict[str, Part] = {}
        for part in parts:
            self._mains.setdefault(part.owner or part.address, part)
        self._found: dict[str, Place | None] = {}

    def of(self, address: str) -> Place | None:
        """Where a part is; None where nothing says it."""
        if address not in self._found:
            self._found[address] = None  # Whoever comes back here goes in a circle.
            self._found[address] = self._place(self.parts[address])
        return self._found[address]

    def _place(self, part: Part) -> Place | None:
        if part.type == GROUP:
            return SUBSCRIPTION
        said = part.arguments
        if "resourceGroup" in said:
            return self._named(said["resourceGroup"])
        if "scope" in said:
            return self._extended(said["scope"])
        if "parent" in said:
            return self._identified(said["parent"])
        names = said.get("names")
        owner = self._mains[part.owner or part.address]
        above = [owner.address] if owner is not part else []
        above += [
            value.address
            for value in (names.values() if isinstance(names, dict) else ())
            if isinstance(value, ResourceRef)
        ]
        places = (self.of(address) for address in above if address in self.parts)
        return next((place for place in places if place is not None), None)

    def _named(self, name: Value) -> Place:
        if isinstance(name, ResourceRef) and name.path == ("name",) and self._is_group(name):
            return Place(name.address, name.instance)
        return Place(name=name)

    def _extended(self, scope: Value) -> Place | None:
        if scope == SUBSCRIPTION_ID:
            return SUBSCRIPTION
        if isinstance(scope, ResourceRef) and self._is_group(scope):
            return Place(scope.address, scope.instance)
        return self._of_target(scope) or _group_of(scope)

    def _identified(self, identifier: Value) -> Place | None:
        found = self._of_target(identifier)
        if found is not None or isinstance(identifier, ResourceRef):
            return found
        split = Index(Call("split", ("/", identifier)), _GROUP_SEGMENT)
        return _group_of(identifier) or Place(name=split)

    def _of_target(self, value: Value) -> Place | None:
        known = isinstance(value, ResourceRef) and value.address in self.parts
        return self.of(value.address) if known else None  # type: ignore[union-attr]

    def _is_group(self, ref: ResourceRef) -> bool:
        part = self.parts.get(ref.address)
        return part is not None and part.type == GROUP

    # ---- one group, or more than a template of one group holds

    def groups(self) -> list[Part]:
        return [part for part in self.parts.values() if part.type == GROUP]

    def of_one_group(self) -> Place:
        """The group that everything is deployed to, where `beyond` has nothing against it."""
        for group in self.groups():
            return Place(group.address)
        return next((place for _, place in self._placed()), SUBSCRIPTION)

    def beyond(self) -> str | None:
        """What a template of one resource group cannot hold, and why; None if it holds all."""
        groups = self.groups()
        if len(groups) > 1:
            names = ", ".join(map(_said_of, groups))
            return (
                f"{_said_of(groups[1])}: a template is deployed to one resource group, and there "
                f"are {names}"
            )
        for group in groups:
            if group.count is not None or group.condition is not None:
                return (
                    f"{_said_of(group)}: the group that a template is deployed to exists before "
                    "it, neither under a condition nor in a loop"
                )
        for part in self.parts.values():
            if part.type != GROUP and self.of(part.address) == SUBSCRIPTION:
                return f"{_said_of(part)}.scope: the subscription is no part of a resource group"
        return self._apart()

    def _apart(self) -> str | None:
        """Two resources in different groups."""
        here: Place | None = None
        for group in self.groups():
            here = Place(group.address)
        for part, place in self._placed():
            if here is None or place == here:
                here = place
            elif here.group is not None:
                return (
                    f"{_said_of(part)}.resource_group_name: a template is deployed to one resource "
                    f"group, here {_said_of(self.parts[here.group])}, not {self._said(place)}"
                )
            else:
                return (
                    f"{_said_of(part)}.resource_group_name: a template is deployed to one resource "
                    f"group, and other resources are in {self._said(here)}, not {self._said(place)}"
                )
        return None

    def _placed(self) -> Iterator[tuple[Part, Place]]:
        for part in self.parts.values():
            place = self.of(part.address)
            if place is not None and place != SUBSCRIPTION:
                yield part, place

    def _said(self, place: Place) -> str:
        if place.group is not None:
            return _said_of(self.parts[place.group])
        return shown(place.name) if isinstance(place.name, Expression) else repr(place.name)


def is_group_id(value: Value) -> bool:
    """Whether an id is spelled out, and that of a group."""
    return len(segments_of(value)) == _GROUP_SEGMENT + 1 and _group_of(value) is not None


def _group_of(identifier: Value) -> Place | None:
    """The group in an id that is spelled out, as far as one can see it."""
    segments = segments_of(identifier) if isinstance(identifier, str | Template) else []
    if len(segments) <= _GROUP_SEGMENT or segments[1] != "subscriptions":
        return None
    word = segments[_GROUP_SEGMENT - 1]
    known = isinstance(word, str) and word.lower() == "resourcegroups"
    return Place(name=segments[_GROUP_SEGMENT]) if known else None


def _said_of(part: Part) -> str:
    return part.owner or part.address
