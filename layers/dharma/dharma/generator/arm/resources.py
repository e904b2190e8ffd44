"""The resources of one ARM template, as they stand under `resources`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from dharma.catalog import Catalog
from dharma.catalog.document import Note, Part
from dharma.catalog.formats import PLACES, azure_type
from dharma.catalog.kept import with_kept
from dharma.catalog.naming import snake
from dharma.core.errors import NotExpressible
from dharma.generator.arm.names import ArmNames
from dharma.generator.arm.parts import ArmParts
from dharma.generator.arm.places import Place, Places
from dharma.generator.arm.values import REGION_OF_GROUP, ArmValues, Scope
from dharma.generator.arm.within import Within
from dharma.generator.inexpressible import Inexpressible
from dharma.model.arm_language import ArmValue, print_text
from dharma.model.blueprint import Blueprint, Lifecycle, Output
from dharma.model.expressions.nodes import Ambient, Call, ResourceRef, Value

_TYPE = re.compile(r"[A-Za-z0-9.]+(?:/[A-Za-z0-9]+)+\Z")
_SUBNET = "Microsoft.Network/virtualNetworks/subnets"
_FIRST = ("type", "apiVersion", "name", "location", "tags", "sku", "kind", "identity", "zones")


class ArmTemplate:
    """One template on its way: its names, its values, its resources."""

    def __init__(
        self,
        bp: Blueprint,
        parts: ArmParts,
        catalog: Catalog,
        parameters: dict[str, str],
        here: Place,
        *,
        places: Places | None = None,
        own: Sequence[Part] | None = None,
        region: ArmValue = REGION_OF_GROUP,
        deployment: str | None = None,
        outputs: Sequence[Output] = (),
        within: Within | None = None,
    ) -> None:
        """`own` are the parts that stand in this template, all where None; `within` those that
        stand in others; see `ArmNames`."""
        self.catalog = catalog
        self.notes: list[Note] = []
        self.own = list(parts.by_address.values()) if own is None else own
        members = None if own is None else frozenset(part.address for part in own)
        self.names = ArmNames(
            parts,
            catalog,
            here,
            places=places,
            members=members,
            asked=[output.value for output in outputs],
            homes=within.homes if within is not None else None,
        )
        self._children = within.names if within is not None else {}
        self._loops = within.loops if within is not None else {}
        scope = Scope(
            parameters=parameters,
            reference=self.names.reference,
            optional=frozenset(v.name for v in bp.variables if v.is_optional),
            booleans=frozenset(v.name for v in bp.variables if v.type == "bool"),
            texts=frozenset(v.name for v in bp.variables if v.type == "string"),
            own_part=self.names.own_part,
            region=region,
            deployment=deployment,
        )
        self.values = ArmValues(scope)
        self.names.values = self.values
        self._serial = _serial(self.own)

    @property
    def variables(self) -> dict[str, Any]:
        """The section as it is by now."""
        return dict(sorted(self.names.variables.items()))

    @property
    def used(self) -> set[str]:
        """The parameters that it needs by now."""
        return self.values.scope.used

    def json(self, value: Value, place: str) -> Any:
        """A value that stands nowhere among the resources."""
        try:
            return self.values.json(value)
        except Inexpressible as error:
            raise error.at(place) from None

    def resources(self, parts: Iterable[Part]) -> list[dict[str, Any]]:
        found = [self._resource(part) for part in parts]
        self.names.current = None
        return found

    def _resource(self, part: Part) -> dict[str, Any]:
        where = part.owner or part.address
        if not _TYPE.match(azure_type(part.type)):
            raise NotExpressible(f"{where}: {part.type!r} is no type of resource of Azure")
        if part.for_each is not None:
            raise NotExpressible(f"{where}.for_each: ARM counts its loops; expand it first")
        if part.lifecycle != Lifecycle():
            said = "ARM's templates have no rules of a lifecycle; a lock keeps a resource"
            self.notes.append(Note("no_counterpart", where, "lifecycle", said, part.origin))
        try:
            return self._body(part)
        except Inexpressible as error:
            raise error.at(where) from None

    def _body(self, part: Part) -> dict[str, Any]:
        names = self.names
        names.current = part
        body: dict[str, Any] = {
            "type": azure_type(part.type),
            "apiVersion": names.api_version(part),
            "name": print_text(names.name(part)),
        }
        if about := self._about(part):
            body["metadata"] = {"dharma": about}
        if part.condition is not None:
            body["condition"] = self.values.json(part.condition)
        if part.count is not None:
            count = self.values.json(part.count)
            body["copy"] = {"name": names.copies[part.address], "count": count}
        scope = part.arguments.get("scope")
        if scope is not None and not names.is_deployed_to(scope):
            body["scope"] = self.values.json(scope)
        own = {k: v for k, v in part.arguments.items() if k not in PLACES}
        if location := self._location_of_parent(part):
            own["location"] = location
        kept = {key: value for key, value in part.native.items() if key != "apiVersion"}
        whole = with_kept(own, kept)
        assert isinstance(whole, dict)
        body |= self.values.members(whole)
        depends_on = {print_text(value) for value in names.depends_on(part)}
        before = self._serial.get(part.address)
        if before is not None:
            depends_on.add(print_text(names.identifier(before)))
        if depends_on:
            body["dependsOn"] = sorted(depends_on)
        first = {k: body[k] for k in _FIRST if k in body}
        last = {k: body.pop(k) for k in ("properties",) if k in body}
        return first | {k: v for k, v in body.items() if k not in first} | last

    def _about(self, part: Part) -> dict[str, Any]:
        """What the resource itself does not tell: its name in the blueprint, and what it waits for
        in other templates, of which only the deployment as a whole can wait."""
        about: dict[str, Any] = {}
        if not _tells(part):
            _, _, about["name"] = (part.owner or part.address).rpartition(".")
        if (over := self._loops.get(part.owner or part.address)) is not None:
            inner = over.arguments[0] if isinstance(over, Call) else over
            about["forEach"] = {"over": self.values.json(inner)}
            if isinstance(over, Call):
                about["forEach"]["as"] = over.name
        if children := self._children.get(part.address):
            about["children"] = children
        if order := self.names.order_elsewhere(part):
            about["dependsOn"] = order
        return about

    def _location_of_parent(self, part: Part) -> Value:
        """Where a resource stands whose location the blueprint leaves to its parent."""
        kind = self.catalog.kind_of("arm", part.type, part.arguments)
        mapping = kind.mapping("arm") if kind is not None else None
        if mapping is None or not mapping.location_of_parent:
            return None
        parent = part.arguments.get("parent")
        owner = self.names.parts.get(parent.address) if isinstance(parent, ResourceRef) else None
        location = owner.arguments.get("location") if owner is not None else None
        return location if location is not None else Ambient("region")


def _tells(part: Part) -> bool:
    """Whether the name of the resource in the blueprint can be read from its Azure name."""
    if part.owner is None or part.address.rpartition(".")[2] != part.owner.rpartition(".")[2]:
        return True  # A piece has no name of its own in the blueprint.
    name = part.arguments.get("name")
    return isinstance(name, str) and snake(name) == part.owner.rpartition(".")[2]


def _serial(parts: Sequence[Part]) -> dict[str, Part]:
    """The part that each subnet waits for: Azure refuses changes to two subnets of a network at
    once, which Terraform's provider prevents by a lock. Where the author says an order, that is
    left alone."""
    networks: dict[str, list[Part]] = {}
    for part in parts:
        if part.type == _SUBNET and part.count is None and part.condition is None:
            networks.setdefault(repr(part.arguments.get("names")), []).append(part)
    found: dict[str, Part] = {}
    for siblings in networks.values():
        addresses = {part.address for part in siblings}
        if not any(addresses & set(part.depends_on) for part in siblings):
            found |= {later.address: first for first, later in pairwise(siblings)}
    return found
