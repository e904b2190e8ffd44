"""ARM: one template, `azuredeploy.json`, for `az deployment group create`.

Variables are parameters; a name that other resources use is a variable of the template; `dependsOn`
names exactly what a resource refers to, since `resourceId` alone makes nothing wait. A resource
group of the blueprint is the group that the template is deployed to: Azure's own tools create the
group first and deploy into it (docs/decisions/0012). What reading the template back needs stands
under `metadata.dharma`, of the template and of resources whose name in the blueprint their Azure
name does not tell.

`native.arm` of a resource: members beside its type (`plan`, `zones`, `apiVersion`), those of
`properties` added to what the model says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from dharma.catalog import Catalog
from dharma.catalog.document import Document, Note, Part
from dharma.catalog.formats import PLACES, azure_type
from dharma.catalog.naming import snake
from dharma.core.errors import NotExpressible
from dharma.generator.arm_names import GROUP, VARIABLES_MAX, ArmNames
from dharma.generator.arm_parameters import (
    arm_type,
    camel,
    is_optional,
    lost_patterns,
    parameter,
    parameter_names,
)
from dharma.generator.arm_values import ArmValues, Scope, shown
from dharma.generator.inexpressible import Inexpressible
from dharma.model.arm_language import print_text
from dharma.model.blueprint import Blueprint, Lifecycle, Output
from dharma.model.expressions.inference import Declared, infer
from dharma.model.expressions.nodes import (
    Ambient,
    Conditional,
    Expression,
    ResourceRef,
    Value,
    VariableRef,
    walk,
)
from dharma.model.types import ANY, Type, parse_type

FILE = "azuredeploy.json"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
BYTES_MAX = 4 * 1024 * 1024
LIMITS = {"parameters": 256, "variables": VARIABLES_MAX, "resources": 800, "outputs": 64}
_TYPE = re.compile(r"[A-Za-z0-9.]+(?:/[A-Za-z0-9]+)+\Z")
_SUBNET = "Microsoft.Network/virtualNetworks/subnets"
_FIRST = ("type", "apiVersion", "name", "location", "tags", "sku", "kind", "identity", "zones")


def write_arm(
    bp: Blueprint, document: Document, outputs: Sequence[Output], catalog: Catalog
) -> tuple[dict[str, str], list[Note]]:
    """The file and its warnings. `document` and `outputs` use ARM's own names. Raises
    `NotExpressible` naming the path."""
    writing = _Template(bp, document, catalog)
    template = writing.build(outputs)
    text = json.dumps(template, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return {FILE: text}, [*writing.notes, *lost_patterns(bp.variables), *_limits(template, text)]


def _limits(template: dict[str, Any], text: str) -> list[Note]:
    notes = []
    for section, most in LIMITS.items():
        if (count := len(template.get(section, ()))) > most:
            said = f"{count} {section}; Azure takes {most} in a template"
            notes.append(Note("approximated", "template", section, said))
    if (size := len(text.encode("utf-8", "surrogatepass"))) > BYTES_MAX:
        said = f"{size} bytes; Azure takes {BYTES_MAX} in a template"
        notes.append(Note("approximated", "template", "", said))
    return notes


class _Template:
    def __init__(self, bp: Blueprint, document: Document, catalog: Catalog) -> None:
        self.bp = bp
        self.catalog = catalog
        self.notes: list[Note] = []
        self.group = _group_of(document.parts)
        self.parts = document.parts
        self.parameters = parameter_names(bp)
        self.names = ArmNames(
            document.parts, catalog, None if not self.group else self.group.address
        )
        scope = Scope(
            parameters=self.parameters,
            reference=self.names.reference,
            optional=frozenset(v.name for v in bp.variables if is_optional(v)),
            booleans=frozenset(v.name for v in bp.variables if v.type == "bool"),
            texts=frozenset(v.name for v in bp.variables if v.type == "string"),
            own_part=self.names.own_part,
        )
        self.values = ArmValues(scope)
        self.names.values = self.values
        self.serial = _serial(document.parts)
        self.place: Value = None
        self.has_place = False

    def build(self, outputs: Sequence[Output]) -> dict[str, Any]:
        resources = [self._resource(part) for part in self.parts if part is not self.group]
        self.names.current = None
        shown_outputs = self._outputs(outputs)
        sections: dict[str, Any] = {"$schema": SCHEMA, "contentVersion": _version(self.bp.version)}
        sections["metadata"] = self._metadata()
        sections["parameters"] = {self.parameters[v.name]: parameter(v) for v in self.bp.variables}
        sections["variables"] = dict(sorted(self.names.variables.items()))
        sections["resources"] = resources
        sections["outputs"] = shown_outputs
        return {k: v for k, v in sections.items() if v or k == "resources"}

    def _metadata(self) -> dict[str, Any]:
        """What reading the template back needs to find the same names. Azure evaluates nothing
        here; the expressions are for the reader."""
        about: dict[str, Any] = {"blueprint": self.bp.name, "version": self.bp.version}
        odd = {p: name for name, p in self.parameters.items() if snake(p) != name}
        if odd:
            about["variables"] = odd
        optional = [self.parameters[v.name] for v in self.bp.variables if is_optional(v)]
        if optional:
            about["optional"] = optional
        if self.group is not None:
            about["resourceGroup"] = self._own_group(self.group)
        elif self.has_place:
            about["resourceGroupName"] = self._json(self.place, "resource_group_name")
        metadata: dict[str, Any] = {"dharma": about}
        if self.bp.description:
            metadata["description"] = self.bp.description
        return metadata

    def _own_group(self, part: Part) -> dict[str, Any]:
        arguments = {k: v for k, v in part.arguments.items() if k not in PLACES or k == "name"}
        place = part.owner or part.address
        try:
            own = self.values.members({**arguments, **part.native})
        except Inexpressible as error:
            raise error.at(place) from None
        return {"resource": place.rpartition(".")[2], **own}

    def _json(self, value: Value, place: str) -> Any:
        try:
            return self.values.json(value)
        except Inexpressible as error:
            raise error.at(place) from None

    # ---- resources

    def _resource(self, part: Part) -> dict[str, Any]:
        where = part.owner or part.address
        if not _TYPE.match(azure_type(part.type)):
            raise NotExpressible(f"{where}: {part.type!r} is no type of resource of Azure")
        if part.for_each is not None:
            raise NotExpressible(f"{where}.for_each: ARM counts its loops; expand it first")
        if part.lifecycle != Lifecycle():
            said = "ARM's templates have no rules of a lifecycle; a lock keeps a resource"
            self.notes.append(Note("no_counterpart", where, "lifecycle", said, part.origin))
        self._check_place(part, where)
        try:
            return self._body(part)
        except Inexpressible as error:
            raise error.at(where) from None

    def _check_place(self, part: Part, where: str) -> None:
        """One template deploys to one resource group."""
        place = part.arguments.get("resourceGroup")
        if place is None or self.names.is_group(place):
            return
        if self.has_place and place != self.place:
            known, other = _said(self.place), _said(place)
            raise NotExpressible(
                f"{where}.resource_group_name: a template is deployed to one resource group, and "
                f"other resources are in {known}, not {other}"
            )
        if self.group is not None:
            raise NotExpressible(
                f"{where}.resource_group_name: a template is deployed to one resource group, here "
                f"{self.group.owner or self.group.address}, not {_said(place)}"
            )
        self.place, self.has_place = place, True

    def _body(self, part: Part) -> dict[str, Any]:
        names = self.names
        names.current = part
        body: dict[str, Any] = {
            "type": azure_type(part.type),
            "apiVersion": names.api_version(part),
            "name": print_text(names.name(part)),
        }
        if not self._tells(part):
            _, _, name = (part.owner or part.address).rpartition(".")
            body["metadata"] = {"dharma": {"name": name}}
        if part.condition is not None:
            body["condition"] = self.values.json(part.condition)
        if part.count is not None:
            count = self.values.json(part.count)
            body["copy"] = {"name": names.copies[part.address], "count": count}
        scope = part.arguments.get("scope")
        if scope is not None and not names.is_group(scope):
            body["scope"] = self.values.json(scope)
        own = {k: v for k, v in part.arguments.items() if k not in PLACES}
        if location := self._location_of_parent(part):
            own["location"] = location
        body |= self.values.members(_merged(own, part.native))
        depends_on = {print_text(value) for value in names.depends_on(part)}
        before = self.serial.get(part.address)
        if before is not None:
            depends_on.add(print_text(names.identifier(before)))
        if depends_on:
            body["dependsOn"] = sorted(depends_on)
        first = {k: body[k] for k in _FIRST if k in body}
        last = {k: body.pop(k) for k in ("properties",) if k in body}
        return first | {k: v for k, v in body.items() if k not in first} | last

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

    def _tells(self, part: Part) -> bool:
        """Whether the name of the resource in the blueprint can be read from its Azure name."""
        if part.owner is None or part.address.rpartition(".")[2] != part.owner.rpartition(".")[2]:
            return True  # A piece has no name of its own in the blueprint.
        name = part.arguments.get("name")
        return isinstance(name, str) and snake(name) == part.owner.rpartition(".")[2]

    # ---- outputs

    def _outputs(self, outputs: Sequence[Output]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for output in outputs:
            place = f"outputs.{output.name}"
            name = camel(output.name)
            try:
                body: dict[str, Any] = {"type": self._output_type(output)}
                if output.condition is not None:
                    body["condition"] = self.values.json(output.condition)
                body["value"] = self.values.json(output.value)
            except Inexpressible as error:
                raise error.at(place) from None
            if output.description:
                body["metadata"] = {"description": output.description}
            if snake(name) != output.name:
                body.setdefault("metadata", {})["dharma"] = {"name": output.name}
            found[name] = body
        return found

    def _output_type(self, output: Output) -> str:
        secrets = {v.name for v in self.bp.variables if v.sensitive}
        leaks = any(isinstance(n, VariableRef) and n.name in secrets for n in walk(output.value))
        types = {v.name: parse_type(v.type) for v in self.bp.variables}

        def variable(name: str) -> Type:
            return types.get(name, ANY)

        inferred = infer(output.value, Declared(variable, self._attribute_type))
        name = inferred.name if inferred.name != "any" else "string"
        return arm_type(name, sensitive=output.sensitive or leaks)

    def _attribute_type(self, ref: ResourceRef) -> Type:
        """What the catalog says of a native attribute."""
        part = self.names.parts.get(ref.address)
        kind = self.catalog.kind((part.owner or "").partition(".")[0]) if part else None
        mapping = kind.mapping("arm") if kind is not None else None
        native = ".".join(map(str, ref.path))
        model = mapping.model_attributes.get(native) if mapping is not None else None
        said = kind.attributes.get(model) if kind is not None and model is not None else None
        return parse_type(said) if said is not None else ANY


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


def _group_of(parts: Sequence[Part]) -> Part | None:
    """The resource group that everything is deployed to."""
    groups = [part for part in parts if part.type == GROUP]
    if len(groups) > 1:
        names = ", ".join(g.owner or g.address for g in groups)
        place = groups[1].owner or groups[1].address
        raise NotExpressible(
            f"{place}: a template is deployed to one resource group, and there are {names}: make a "
            "blueprint of each"
        )
    for group in groups:
        if group.count is not None or group.condition is not None or group.for_each is not None:
            raise NotExpressible(
                f"{group.owner or group.address}: the group that a template is deployed to exists "
                "before it, neither under a condition nor in a loop"
            )
    return groups[0] if groups else None


def _version(version: str) -> str:
    """Azure's `contentVersion` has four numbers."""
    return f"{version.partition('-')[0].partition('+')[0]}.0"


def _merged(own: dict[str, Value], native: dict[str, Value]) -> dict[str, Value]:
    merged = dict(own)
    for key, value in native.items():
        if key == "apiVersion":
            continue
        merged[key] = _with_native(merged.get(key), value)
    return merged


def _with_native(own: Value, native: Value) -> Value:
    """A member with what is said for ARM alone; where it is there under a condition, so is that."""
    if isinstance(own, dict) and isinstance(native, dict):
        return _merged(own, native)
    if isinstance(own, Conditional) and isinstance(native, dict):
        branches = (own.then, own.otherwise)
        if all(b is None or isinstance(b, dict | Conditional) for b in branches):
            return Conditional(
                own.condition, *(None if b is None else _with_native(b, native) for b in branches)
            )
    return native


def _said(value: Value) -> str:
    return shown(value) if isinstance(value, Expression) else repr(value)
