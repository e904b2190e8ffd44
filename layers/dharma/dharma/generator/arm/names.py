"""How the resources of an ARM template are called, and how they refer to each other.

Azure knows a resource by its type and its name with those of its parents (`vnet/app`). A name that
others use becomes a variable, so that they all say the same; everything else is asked for by
`resourceId` and `reference`. In a template of the subscription each group has a template of its
own: what stands in another one is named with its group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from dharma.catalog import Catalog
from dharma.catalog.document import Part
from dharma.catalog.formats import PERHAPS_WITHIN_PARENT, WITHIN_PARENT, azure_type
from dharma.generator.arm.parts import ArmParts, variable_of
from dharma.generator.arm.places import (
    GROUP,
    SUBSCRIPTION,
    SUBSCRIPTION_ID,
    Place,
    Places,
    is_group_id,
)
from dharma.generator.arm.values import ArmValues
from dharma.generator.inexpressible import Inexpressible
from dharma.model.arm_language import ArmCall, ArmIndex, ArmMember, ArmValue
from dharma.model.expressions.nodes import (
    ResourceRef,
    Symbol,
    Value,
    references,
    transform,
    walk,
)

# `/subscriptions/S/resourceGroups/G/providers/Namespace/type/name/...`: the names, split at `/`.
_FIRST_NAME = 8
FUNCTION = re.compile(r"list[A-Za-z]+\(\)\Z")
_SUBSCRIPTION = ArmMember(ArmCall("subscription"), "subscriptionId")


class ArmNames:
    """Names and references of one template. `variables` is the section as it grows."""

    def __init__(
        self,
        parts: ArmParts,
        catalog: Catalog,
        here: Place,
        *,
        places: Places | None = None,
        members: frozenset[str] | None = None,
        asked: Iterable[Value] = (),
        homes: Mapping[str, str] | None = None,
    ) -> None:
        """`here` is what the template is deployed to. In a template of the subscription, or one
        nested in it, `places` knows where every part is and `members` are the template's own.
        `asked` are the values of its outputs, `homes` the parts that others stand in. `current` is
        the resource that is being written."""
        self.parts = parts.by_address
        self.catalog = catalog
        self.here = here
        self.group = here.group
        self.places = places
        self.members = members
        self.homes = homes or {}
        # What another template answers, and what waits for its parts: said by who nests them.
        self.answered: Callable[[Part, ResourceRef], ArmValue | None] = lambda _part, _ref: None
        self.awaited_elsewhere: Callable[[Part], list[ArmValue]] = lambda _part: []
        self._asked = frozenset(
            ref.address for value in asked for ref in references(value) if ref.path == ("name",)
        )
        # Variables of which reading must know what they stand for.
        self.marks: dict[str, str] = {}
        self.values: ArmValues | None = None
        self.current: Part | None = None
        self.variables: dict[str, Any] = {}
        self._named = parts.variables(self._asked)
        self.copies = parts.copies

    # ---- names

    def segments(self, part: Part, instance: Value = None) -> list[ArmValue]:
        """The names along a part's type, the last its own; `instance` is the index of its loop."""
        assert self.values is not None
        above = azure_type(part.type).split("/")[1:-1]
        given = part.arguments.get("names")
        named = dict(given) if isinstance(given, dict) else {}
        parent = part.arguments.get("parent")
        found: list[ArmValue] = []
        if parent is not None:
            found = self._parents(_at_instance(parent, instance), part)
        for segment in above[len(found) :]:
            value = named.get(segment)
            if value is None:
                raise Inexpressible(f"the name of its {segment} is not said")
            found.append(self.values.expression(_at_instance(value, instance)))
        return [*found, self._own(part, instance)]

    def _parents(self, parent: Value, part: Part) -> list[ArmValue]:
        assert self.values is not None
        if isinstance(parent, ResourceRef) and parent.path == ("id",):
            owner = self.parts[parent.address]
            if owner.type != GROUP:
                return self.segments(owner, parent.instance)
        text = ArmCall("split", (self.values.expression(parent), "/"))
        named = part.arguments.get("names")
        missing = (
            len(azure_type(part.type).split("/"))
            - 2
            - (len(named) if isinstance(named, dict) else 0)
        )
        return [ArmIndex(text, _FIRST_NAME + 2 * n) for n in range(missing)]

    def _own(self, part: Part, instance: Value) -> ArmValue:
        assert self.values is not None
        name = part.arguments.get("name")
        if part.address in self._named and part.address != self.group:
            variable = self._named[part.address]
            return self._variable(variable, part, "name")
        if name is None:
            # Azure wants a name that is an id, where Terraform makes one up.
            steps: list[ArmValue] = [self._place_id(self._place(part)), part.address]
            if part.count is not None:
                index = ArmCall("copyIndex")
                steps.append(index if instance is None else self.values.expression(instance))
            return ArmCall("guid", tuple(steps))
        return self.values.expression(_at_instance(name, instance))

    def _variable(self, variable: str, part: Part, argument: str) -> ArmValue:
        """The variable that holds an argument of a part."""
        assert self.values is not None
        if variable not in self.variables:
            self.variables[variable] = self.values.json(part.arguments.get(argument))
            if self._elsewhere(part) or part.address in self._asked or argument != "name":
                self.marks[variable] = f"{part.address}.{argument}"
        return ArmCall("variables", (variable,))

    def name(self, part: Part) -> ArmValue:
        """The name of a part as its resource states it: all segments."""
        segments = self.segments(part)
        if len(segments) == 1:
            return segments[0]
        if all(isinstance(s, str) for s in segments):
            return "/".join(str(s) for s in segments)
        text = "/".join(
            s.replace("{", "{{").replace("}", "}}") if isinstance(s, str) else "{}"
            for s in segments
        )
        arguments = [s for s in segments if not isinstance(s, str)]
        pieces = text.split("{}") if len(arguments) == text.count("{}") else None
        if pieces is None:
            raise Inexpressible("a name with empty braces")
        numbered = "".join(
            piece + (f"{{{n}}}" if n < len(arguments) else "") for n, piece in enumerate(pieces)
        )
        return ArmCall("format", (numbered, *arguments))

    # ---- places

    def _place(self, part: Part) -> Place:
        found = self.places.of(part.address) if self.places is not None else None
        return self.here if found is None else found

    def _elsewhere(self, part: Part) -> bool:
        home = self.homes.get(part.address, part.address)
        return self.members is not None and home not in self.members

    def _place_id(self, place: Place) -> ArmValue:
        """The id of a group or of the subscription, as other ids begin."""
        if place == SUBSCRIPTION:
            return ArmMember(ArmCall("subscription"), "id")
        if place == self.here:
            return ArmMember(ArmCall("resourceGroup"), "id")
        group = self.group_name(place)
        if isinstance(group, str):
            text = f"/subscriptions/{{0}}/resourceGroups/{group}"
            return ArmCall("format", (text, _SUBSCRIPTION))
        return ArmCall("format", ("/subscriptions/{0}/resourceGroups/{1}", _SUBSCRIPTION, group))

    def group_name(self, place: Place) -> ArmValue:
        """The name of a group."""
        assert self.values is not None
        if place.group is None:
            return self.values.expression(place.name)
        return self.reference(ResourceRef(place.group, ("name",), place.instance))

    def resource_id(self, place: Place, native: str, *names: ArmValue) -> ArmValue:
        """The id of what is of that type and so called in a place."""
        if place == SUBSCRIPTION:
            return ArmCall("subscriptionResourceId", (native, *names))
        if place == self.here:
            return ArmCall("resourceId", (native, *names))
        return ArmCall("resourceId", (_SUBSCRIPTION, self.group_name(place), native, *names))

    # ---- references

    def identifier(self, part: Part, instance: Value = None) -> ArmValue:
        """The id of a part."""
        if part.type == GROUP:
            return self._place_id(Place(part.address, instance))
        segments = self.segments(part, instance)
        scope = part.arguments.get("scope")
        if scope is not None and not self.is_deployed_to(scope):
            assert self.values is not None
            place = self.values.expression(_at_instance(scope, instance))
            return ArmCall("extensionResourceId", (place, azure_type(part.type), *segments))
        return self.resource_id(self._place(part), azure_type(part.type), *segments)

    def own_part(self, collection: str, name: ArmValue) -> ArmValue:
        """The id of a part of the resource that is being written."""
        if self.current is None:
            raise Inexpressible("a part of its own, where no resource is")
        if self.current.type in WITHIN_PARENT | PERHAPS_WITHIN_PARENT:
            above = azure_type(self.current.type).rpartition("/")[0]
            names = self.segments(self.current)[:-1]
            return self.resource_id(
                self._place(self.current), f"{above}/{collection}", *names, name
            )
        native = f"{azure_type(self.current.type)}/{collection}"
        return self.resource_id(
            self._place(self.current), native, *self.segments(self.current), name
        )

    def is_deployed_to(self, scope: Value) -> bool:
        """Whether what belongs to this is deployed to it: to the subscription, or to a group."""
        part = self.parts.get(scope.address) if isinstance(scope, ResourceRef) else None
        if part is not None:
            return part.type == GROUP
        return scope == SUBSCRIPTION_ID or (self.places is not None and is_group_id(scope))

    def reference(self, ref: ResourceRef) -> ArmValue:
        """What a reference of the document is in the template."""
        part = self.parts.get(ref.address)
        if part is None:
            raise Inexpressible(f"{ref.address} is no resource of this template")
        if part.count is not None and ref.instance is None:
            raise Inexpressible(f"{ref.address} is a loop: say which instance is meant")
        if part.type == GROUP:
            return self._of_group(part, ref)
        if ref.path == ("id",):
            return self.identifier(part, ref.instance)
        if ref.path == ("name",):
            return self._own(part, ref.instance)
        return self._runtime(part, ref)

    def _of_group(self, part: Part, ref: ResourceRef) -> ArmValue:
        if ref.path[:1] not in (("id",), ("name",), ("location",), ("tags",)):
            raise Inexpressible(f"{'.'.join(map(str, ref.path))} of the resource group")
        if Place(part.address, ref.instance) == self.here:
            return _members(ArmCall("resourceGroup"), ref.path)
        if ref.path == ("id",):
            return self.identifier(part, ref.instance)
        if ref.path == ("name",):
            return self._own(part, ref.instance)
        assert self.values is not None
        # `reference` may not stand where Azure wants a location: what the group says is repeated.
        argument = str(ref.path[0])
        if part.count is None and part.arguments.get(argument) is not None:
            variable = variable_of(part, argument)
            return _members(self._variable(variable, part, argument), ref.path[1:])
        value = _at_instance(part.arguments.get(argument), ref.instance)
        return _members(self.values.expression(value), ref.path[1:])

    def _runtime(self, part: Part, ref: ResourceRef) -> ArmValue:
        """What only the deployed resource knows: by `reference`, or by one of the `list` functions
        where the path begins with it."""
        if _is_chosen(ref.instance):
            # Azure's reference() and list functions take no variable of a lambda.
            raise Inexpressible(f"{'.'.join(map(str, ref.path))} of each of {part.address}")
        answer = self.answered(part, ref)
        if answer is not None:
            return answer
        identifier = self.identifier(part, ref.instance)
        version = self.api_version(part)
        if not ref.path:
            return ArmCall("reference", (identifier, version, "full"))
        first, rest = str(ref.path[0]), ref.path[1:]
        if FUNCTION.match(first):
            return _members(ArmCall(first[:-2], (identifier, version)), rest)
        if first == "properties":
            return _members(ArmCall("reference", (identifier, version)), rest)
        return _members(ArmCall("reference", (identifier, version, "full")), ref.path)

    def api_version(self, part: Part) -> str:
        given = part.native.get("apiVersion")
        version = (
            given if isinstance(given, str) else self.catalog.api_version(azure_type(part.type))
        )
        if version is None:
            raise Inexpressible(f"which API version {part.type} has is not known: say it in native")
        return version

    # ---- waiting

    def _targets(self, part: Part) -> Iterator[tuple[Part, Value]]:
        """The parts, with their instance, that a part refers to or is said to wait for."""
        values = {**part.arguments, "": [part.condition, part.count, dict(part.native)]}
        for ref in references(values):
            target = self.parts.get(ref.address)
            home = self._home_of(target)
            if home is not None and home.address != part.address:
                yield home, ref.instance
        for address in part.awaited:
            target = self.parts.get(address)
            if target is None:
                raise Inexpressible(f"depends_on: there is no {address}")
            home = self._home_of(target)
            if home is not None and home.address != part.address:
                yield home, None

    def _home_of(self, part: Part | None) -> Part | None:
        """What is waited for in place of what stands in it."""
        return self.parts[self.homes.get(part.address, part.address)] if part else None

    def needed(self, part: Part) -> list[Part]:
        """What a part cannot do without."""
        return list({target.address: target for target, _ in self._targets(part)}.values())

    def depends_on(self, part: Part) -> list[ArmValue]:
        """What Azure has to make first: `resourceId` alone makes nothing wait."""
        found: dict[ArmValue, None] = {}
        for target, instance in self._targets(part):
            found.update(dict.fromkeys(self.awaited(target, instance)))
        return list(found)

    def awaited(self, target: Part, instance: Value = None) -> list[ArmValue]:
        if self._elsewhere(target):
            return self.awaited_elsewhere(target)
        if target.address == self.group:
            return []
        if target.count is not None and (instance is None or _is_chosen(instance)):
            return [self.copies[target.address]]
        if target.type == GROUP:
            return [self.group_resource(target, instance)]
        return [self.identifier(target, instance)]

    def group_resource(self, part: Part, instance: Value = None) -> ArmValue:
        """A resource group as a resource of the subscription, to wait for."""
        return ArmCall("subscriptionResourceId", (GROUP, self._own(part, instance)))

    def order_elsewhere(self, part: Part) -> list[str]:
        """The parts that the author lets this one wait for and `dependsOn` does not name: those of
        other templates, and those that stand in another part."""
        named = (a for a in part.awaited if a in self.parts)
        return [a for a in named if a in self.homes or self._elsewhere(self.parts[a])]


def _is_chosen(instance: Value) -> bool:
    """Whether a loop over values chooses the instance: then all of them are needed."""
    return any(isinstance(n, Symbol) and n != Symbol(("count", "index")) for n in walk(instance))


def _at_instance(value: Value, instance: Value) -> Value:
    """The value with the index of one instance in place of the loop's own."""
    if instance is None:
        return value

    def change(node: Value) -> Value:
        return instance if node == Symbol(("count", "index")) else node

    return transform(value, change)


def _members(owner: ArmValue, path: Sequence[str | int]) -> ArmValue:
    for step in path:
        owner = ArmMember(owner, step) if isinstance(step, str) else ArmIndex(owner, step)
    return owner
