"""A template that is deployed to a subscription: its resource groups, and one deployment for each.

A nested template has a scope of its own (`inner`): the variables that it uses come in as its
parameters, what the outside wants to know of its resources goes out as its outputs. An id says the
group of what it means; a secret is asked of the resource itself, since outputs are kept in the
history of deployments. A deployment waits for the group that it goes into and for those whose
resources its own need. Two groups that need each other are deployed in stages (`stages`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dharma.catalog import Catalog
from dharma.catalog.document import Note, Part
from dharma.catalog.naming import Names, pascal
from dharma.generator.arm.metadata import metadata
from dharma.generator.arm.names import FUNCTION, ArmNames
from dharma.generator.arm.outputs import ArmOutputs
from dharma.generator.arm.parameters import arm_type, parameter, parameter_names
from dharma.generator.arm.parts import ArmParts, variable_of
from dharma.generator.arm.places import GROUP, SUBSCRIPTION, Places
from dharma.generator.arm.resources import ArmTemplate
from dharma.generator.arm.stages import Stage, staged
from dharma.generator.arm.within import Within
from dharma.generator.inexpressible import Inexpressible
from dharma.model.arm_language import ArmCall, ArmMember, ArmValue, print_text
from dharma.model.blueprint import Blueprint, Output
from dharma.model.expressions.nodes import Ambient, ResourceRef, Value, VariableRef

SCHEMA = (
    "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
)
GROUP_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
DEPLOYMENT = "Microsoft.Resources/deployments"
# https://learn.microsoft.com/rest/api/resources/deployments: the version, and a name's characters.
DEPLOYMENT_VERSION = "2025-04-01"
NAME_MAX = 64
_REGION = ArmMember(ArmCall("deployment"), "location")


def version_of(bp: Blueprint) -> str:
    """Azure's `contentVersion` has four numbers."""
    return f"{bp.version.partition('-')[0].partition('+')[0]}.0"


class _Nested:
    """One deployment into a group."""

    def __init__(self, stage: Stage, name: str, writing: ArmTemplate) -> None:
        self.stage = stage
        self.name = name
        self.writing = writing
        self.outputs: dict[str, Any] = {}
        self.names = Names()
        self.known: dict[ResourceRef, str] = {}
        self.resources = writing.resources(stage.parts)

    def identifier(self, names: ArmNames) -> ArmValue:
        """Its id, seen from the template of `names`."""
        return names.resource_id(self.stage.place, DEPLOYMENT, self.name)


class SubscriptionTemplate:
    """`nested` are the templates of the deployments by their places in the whole."""

    def __init__(
        self,
        bp: Blueprint,
        parts: Sequence[Part],
        catalog: Catalog,
        *,
        places: Places,
        outputs: Sequence[Output],
        within: Within,
    ) -> None:
        self.bp = bp
        self.shown = outputs
        self.loops = list(within.loops.values())
        self.parameters = parameter_names(bp)
        self.notes: list[Note] = []
        self.nested: dict[str, Any] = {}
        stages = staged(within.parts, places, within.homes)
        self.stage_of = {part.address: stage for stage in stages for part in stage.parts}
        self.root_parts = [part for part in within.parts if part.address not in self.stage_of]
        for address, home in within.homes.items():
            if home in self.stage_of:
                self.stage_of[address] = self.stage_of[home]
        named = ArmParts(parts, across=True)
        self.root = ArmTemplate(
            bp, named, catalog, self.parameters, SUBSCRIPTION,
            places=places, own=self.root_parts, region=_REGION, outputs=outputs, within=within,
        )  # fmt: skip
        taken = Names()
        for name in self.parameters.values():
            taken.take(name, name)
        self.deployment_name = taken.take("deploymentName", "the name of the deployment")
        names = Names()
        self.deployments = [
            _Nested(
                stage,
                names.take(self._name(stage), stage.place.key + str(stage.level), "-"),
                ArmTemplate(
                    bp,
                    named,
                    catalog,
                    self.parameters,
                    stage.place,
                    places=places,
                    own=stage.parts,
                    deployment=self.deployment_name,
                    within=within,
                ),
            )
            for stage in stages
        ]
        self.by_stage = {id(d.stage): d for d in self.deployments}
        self.outputs = ArmOutputs(bp, self.root.names.parts, catalog)
        self.root.names.answered = self._answer
        self.root.names.awaited_elsewhere = self._deployment_of

    def _name(self, stage: Stage) -> str:
        place = stage.place
        word: Value = place.name
        if place.group is not None:
            part = self.root.names.parts[place.group]
            word = (part.owner or part.address).rpartition(".")[2]
            word = word if place.instance is None else f"{word}-{place.instance}"
        elif isinstance(word, VariableRef):
            word = word.name
        name = f"{self.bp.name}-{word if isinstance(word, str) else 'group'}"
        behind = f"-{stage.level + 1}" if stage.level else ""
        # Room for what tells two of the same name apart.
        return re.sub(r"[^\w.()-]", "-", name)[: NAME_MAX - 10] + behind

    def build(self) -> dict[str, Any]:
        resources = self.root.resources(self.root_parts)
        shown = self.outputs.section(self.shown, self.root.values)
        groups = [r for r in resources if r["type"] == GROUP]
        others = [r for r in resources if r["type"] != GROUP]
        deployments = [self._deployment(d) for d in self.deployments]
        marks = self.root.names.marks
        sections: dict[str, Any] = {"$schema": SCHEMA, "contentVersion": version_of(self.bp)}
        extra = {"references": _sorted(marks)} if marks else {}
        sections["metadata"] = metadata(self.bp, self.parameters, extra, self.loops)
        sections["parameters"] = {self.parameters[v.name]: parameter(v) for v in self.bp.variables}
        sections["variables"] = self.root.variables
        sections["resources"] = [*groups, *deployments, *others]
        sections["outputs"] = shown
        for template in (self.root, *(d.writing for d in self.deployments)):
            self.notes.extend(template.notes)
        return {k: v for k, v in sections.items() if v or k == "resources"}

    def _deployment(self, nested: _Nested) -> dict[str, Any]:
        names = self.root.names
        place = nested.stage.place
        body: dict[str, Any] = {
            "type": DEPLOYMENT,
            "apiVersion": DEPLOYMENT_VERSION,
            "name": nested.name,
        }
        waits = self._awaited(nested)
        try:
            body["resourceGroup"] = print_text(names.group_name(place))
            if place.group is not None:
                group = names.parts[place.group]
                if group.condition is not None:
                    body["condition"] = self.root.values.json(group.condition)
        except Inexpressible as error:
            raise error.at(place.group or "resource_group_name") from None
        if waits:
            body["dependsOn"] = sorted(waits)
        template = self._template(nested)
        self.nested[nested.name] = template
        properties: dict[str, Any] = {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
        }
        if nested.writing.used:
            properties["parameters"] = {
                name: {"value": print_text(self._given(name))}
                for name in self._in_order(nested.writing.used)
            }
        return {**body, "properties": {**properties, "template": template}}

    def _given(self, parameter: str) -> ArmValue:
        if parameter == self.deployment_name:
            return self.root.values.expression(Ambient("deployment_name"))
        return ArmCall("parameters", (parameter,))

    def _in_order(self, used: set[str]) -> list[str]:
        known = [*self.parameters.values(), self.deployment_name]
        return [name for name in known if name in used]

    def _template(self, nested: _Nested) -> dict[str, Any]:
        writing = nested.writing
        about: dict[str, Any] = {"blueprint": self.bp.name}
        if writing.names.marks:
            about["references"] = _sorted(writing.names.marks)
        kinds = {
            self.parameters[v.name]: arm_type(v.type, sensitive=v.sensitive)
            for v in self.bp.variables
        }
        sections: dict[str, Any] = {"$schema": GROUP_SCHEMA, "contentVersion": version_of(self.bp)}
        sections["metadata"] = {"dharma": about}
        sections["parameters"] = {
            name: {"type": kinds.get(name, "string")} for name in self._in_order(writing.used)
        }
        sections["variables"] = writing.variables
        sections["resources"] = nested.resources
        sections["outputs"] = nested.outputs
        return {k: v for k, v in sections.items() if v}

    # ---- between templates

    def _deployment_of(self, part: Part) -> list[ArmValue]:
        stage = self.stage_of.get(part.address)
        if stage is None:
            return []
        return [self.by_stage[id(stage)].identifier(self.root.names)]

    def _awaited(self, nested: _Nested) -> set[str]:
        """What one deployment waits for: its group, the stage before, and what its parts need."""
        names, stage = self.root.names, nested.stage
        found: list[ArmValue] = []
        if stage.place.group is not None:
            group = names.parts[stage.place.group]
            found.append(names.group_resource(group, stage.place.instance))
        if stage.before is not None:
            found.append(self.by_stage[id(stage.before)].identifier(names))
        own = {part.address for part in stage.parts}
        for part in stage.parts:
            for target in names.needed(part):
                if target.address not in own:
                    found.extend(names.awaited(target))
        return {print_text(value) for value in found}

    def _answer(self, part: Part, ref: ResourceRef) -> ArmValue | None:
        """An output of a deployment, for what one of its resources knows; a secret is asked of the
        resource itself."""
        stage = self.stage_of.get(part.address)
        if stage is None or not ref.path or FUNCTION.match(str(ref.path[0])):
            return None
        if ref.instance is not None and not isinstance(ref.instance, int):
            return None
        nested = self.by_stage[id(stage)]
        if ref not in nested.known:
            steps = "".join(pascal(str(step)) for step in ref.path if step != "properties")
            instance = "" if ref.instance is None else str(ref.instance)
            wanted = f"{variable_of(part).removesuffix('Name')}{instance}{steps}"
            name = nested.names.take(wanted, repr(ref))
            nested.known[ref] = name
            nested.outputs[name] = self.outputs.body(ref, nested.writing.values)
        called = ArmCall("reference", (nested.identifier(self.root.names), DEPLOYMENT_VERSION))
        output = ArmMember(ArmMember(called, "outputs"), nested.known[ref])
        return ArmMember(output, "value")


def _sorted(marks: dict[str, str]) -> dict[str, str]:
    return dict(sorted(marks.items()))
