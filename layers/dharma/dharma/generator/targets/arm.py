"""ARM: one template, `azuredeploy.json`, of the scope of a resource group or of the subscription.

`az deployment group create` deploys into one group, which is there already or that of the
blueprint: Azure's own tools create the group first. `az deployment sub create` creates groups, and
resources in several of them. The first is written where it is enough (docs/decisions/0017).

Variables are parameters; a name that other resources use is a variable of the template; `dependsOn`
names exactly what a resource refers to, since `resourceId` alone makes nothing wait. What reading
the template back needs stands under `metadata.dharma`, of the template and of resources whose name
in the blueprint their Azure name does not tell.

`native.arm` of a resource: members beside its type (`plan`, `zones`, `apiVersion`), those of
`properties` added to what the model says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dharma.catalog import Catalog
from dharma.catalog.document import Document, Note, Part
from dharma.catalog.formats import PLACES
from dharma.catalog.kept_elements import Placed, placed
from dharma.core.errors import NotExpressible
from dharma.generator.arm.metadata import metadata
from dharma.generator.arm.outputs import ArmOutputs
from dharma.generator.arm.parameters import lost_patterns, parameter, parameter_names
from dharma.generator.arm.parts import VARIABLES_MAX, ArmParts
from dharma.generator.arm.places import GROUP, SUBSCRIPTION, Places
from dharma.generator.arm.resources import ArmTemplate
from dharma.generator.arm.subscription import SubscriptionTemplate, version_of
from dharma.generator.arm.within import Within, moved_in
from dharma.generator.code import ArmScope
from dharma.generator.inexpressible import Inexpressible
from dharma.generator.yaml_text import to_json
from dharma.model.blueprint import Blueprint, Output
from dharma.model.expressions.nodes import Value

FILE = "azuredeploy.json"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
BYTES_MAX = 4 * 1024 * 1024
LIMITS = {"parameters": 256, "variables": VARIABLES_MAX, "resources": 800, "outputs": 64}


def write_arm(
    bp: Blueprint,
    document: Document,
    outputs: Sequence[Output],
    catalog: Catalog,
    *,
    scope: ArmScope | None = None,
    loops: Mapping[str, Value] | None = None,
) -> tuple[dict[str, str], list[Note]]:
    """The file and its warnings. `document` and `outputs` use ARM's own names. `scope`: what the
    template is deployed to; the subscription where None and one group does not hold everything.
    `loops`: what counted resources of the blueprint go over by their elements, by address.
    Raises `NotExpressible` naming the path."""
    settled = [placed(part) for part in document.parts]
    parts = [each.part for each in settled]
    within = replace(moved_in(parts), loops=loops or {})
    places = Places(parts)
    beyond = places.beyond()
    if scope == "group" and beyond is not None:
        raise NotExpressible(f"{beyond}; a template of the subscription can")
    groups_alone = bool(parts) and all(p.type == GROUP for p in parts)
    if scope == "subscription" or (scope is None and (beyond is not None or groups_alone)):
        writing = SubscriptionTemplate(
            bp, parts, catalog, places=places, outputs=outputs, within=within
        )
        template, notes = writing.build(), writing.notes
        nested = writing.nested
    else:
        template, notes = _of_group(
            bp, parts, catalog, places=places, outputs=outputs, within=within
        )
        nested = {}
    text = to_json(template)
    limits = [n for name, inner in [("template", template), *nested.items()]
              for n in _limits(inner, name)]  # fmt: skip
    notes = [*(n for each in settled for n in _homeless(each)), *notes]
    return {FILE: text}, [*notes, *lost_patterns(bp.variables), *limits, *_too_long(text)]


def _homeless(placed: Placed) -> Iterator[Note]:
    where = placed.part.owner or placed.part.address
    for path in placed.homeless:
        message = "there is no element of this name; it is left out"
        yield Note("no_counterpart", where, f"native.arm.{path}", message, placed.part.origin)


def _limits(template: dict[str, Any], name: str) -> list[Note]:
    notes = []
    for section, most in LIMITS.items():
        if (count := len(template.get(section, ()))) > most:
            said = f"{count} {section}; Azure takes {most} in a template"
            notes.append(Note("approximated", name, section, said))
    return notes


def _too_long(text: str) -> list[Note]:
    if (size := len(text.encode("utf-8", "surrogatepass"))) <= BYTES_MAX:
        return []
    said = f"{size} bytes; Azure takes {BYTES_MAX} in a template"
    return [Note("approximated", "template", "", said)]


def _of_group(
    bp: Blueprint,
    parts: Sequence[Part],
    catalog: Catalog,
    *,
    places: Places,
    outputs: Sequence[Output],
    within: Within,
) -> tuple[dict[str, Any], list[Note]]:
    """A template that is deployed to one resource group. Its own group is no resource of it; what
    it is called stands under `metadata`."""
    here = places.of_one_group()
    parameters = parameter_names(bp)
    named = ArmParts(parts, across=False)
    writing = ArmTemplate(bp, named, catalog, parameters, here, outputs=outputs, within=within)
    resources = writing.resources(part for part in within.parts if part.type != GROUP)
    own_outputs = ArmOutputs(bp, writing.names.parts, catalog).section(outputs, writing.values)
    extra: dict[str, Any] = {}
    if here.group is not None:
        extra["resourceGroup"] = _own_group(writing.names.parts[here.group], writing)
    elif here != SUBSCRIPTION:
        extra["resourceGroupName"] = writing.json(here.name, "resource_group_name")
    if writing.names.marks:
        extra["references"] = dict(sorted(writing.names.marks.items()))
    sections: dict[str, Any] = {"$schema": SCHEMA, "contentVersion": version_of(bp)}
    sections["metadata"] = metadata(bp, parameters, extra, within.loops.values())
    sections["parameters"] = {parameters[v.name]: parameter(v) for v in bp.variables}
    sections["variables"] = writing.variables
    sections["resources"] = resources
    sections["outputs"] = own_outputs
    return {k: v for k, v in sections.items() if v or k == "resources"}, writing.notes


def _own_group(part: Part, writing: ArmTemplate) -> dict[str, Any]:
    arguments = {k: v for k, v in part.arguments.items() if k not in PLACES or k == "name"}
    place = part.owner or part.address
    try:
        own = writing.values.members({**arguments, **part.native})
    except Inexpressible as error:
        raise error.at(place) from None
    return {"resource": place.rpartition(".")[2], **own}
