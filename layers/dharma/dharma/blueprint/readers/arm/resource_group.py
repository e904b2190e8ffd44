"""The resource group that an ARM template is deployed to, as a resource of the blueprint.

In the blueprint everything names it (docs/decisions/0012); in a template only the deployment does.
"""

from __future__ import annotations

from collections.abc import Mapping

from dharma.blueprint.readers.arm.entry import GROUP
from dharma.blueprint.readers.arm.expressions import ArmExpressions
from dharma.blueprint.readers.arm.names import Names
from dharma.blueprint.readers.arm.sections import Sections
from dharma.blueprint.tree import members
from dharma.catalog.document import Note, Part
from dharma.model.blueprint import Variable
from dharma.model.expressions.nodes import ResourceRef, Value, VariableRef
from dharma.model.origin import Origin

_MADE = "resourceGroup()"
_DESCRIPTIONS = {
    "name": "The resource group to deploy into.",
    "location": "Where the resource group is.",
}


def resource_group(
    sections: Sections, variables: Mapping[str, Variable], names: Names
) -> tuple[Part | None, Value]:
    """The group, and what names it: as the writer noted it, or made up with variables for what only
    the deployment says. `variables` are by parameter. None in a template of the subscription."""
    if any(map(sections.is_deployed_to, ("subscription", "tenant", "managementGroup"))):
        return None, None
    expressions = ArmExpressions(names, sections.file, sections.notes)
    said = sections.marks.get("resourceGroup")
    if said is not None and isinstance(said.value, dict):
        body = dict(said.value)
        own = body.pop("resource", None)
        arguments = {k: expressions.value(node) for k, (_, node) in body.items()}
        address = f"{GROUP}.{own[1].value if own else 'main'}"
        origin = Origin(sections.file, said.line, said.column, "metadata.dharma.resourceGroup")
        return Part(address, GROUP, arguments, origin=origin), ResourceRef(address, ("name",))
    known = sections.marks.get("resourceGroupName")
    if known is not None:
        return None, expressions.value(known)
    return _made(sections, variables)


def variables_of_group(group: Part | None, variables: Mapping[str, Variable]) -> list[Variable]:
    """The variables that were made for the group."""
    if group is None or group.origin.address != _MADE:
        return []
    declared = {v.name for v in variables.values()}
    return [
        Variable(value.name, required=True, description=description)
        for argument, description in _DESCRIPTIONS.items()
        if isinstance(value := group.arguments[argument], VariableRef)
        and value.name not in declared
    ]


def _made(sections: Sections, variables: Mapping[str, Variable]) -> tuple[Part, ResourceRef]:
    address = f"{GROUP}.main"
    name = _variable("resource_group_name", variables)
    place = _location(sections, variables) or _variable("location", variables)
    origin = Origin(sections.file, 1, 1, _MADE)
    message = (
        f"the group that the template is deployed to became azurerm_resource_group.main; "
        f"var.{name} and var.{place} say which"
    )
    sections.notes.append(Note("approximated", _MADE, "", message, origin))
    arguments: dict[str, Value] = {"name": VariableRef(name), "location": VariableRef(place)}
    return Part(address, GROUP, arguments, origin=origin), ResourceRef(address, ("name",))


def _location(sections: Sections, variables: Mapping[str, Variable]) -> str | None:
    """The parameter that stands for the place of the group: by default it is that."""
    for parameter, variable in variables.items():
        body = members(sections.members("parameters")[parameter][1])
        default = body["defaultValue"][1].value if "defaultValue" in body else None
        if isinstance(default, str) and default.lower() == "[resourcegroup().location]":
            return variable.name
    return None


def _variable(name: str, variables: Mapping[str, Variable]) -> str:
    """A variable of that name; where the template has one, it may be another thing."""
    taken = {v.name for v in variables.values()}
    return name if name not in taken else f"{name}_of_group"
