"""What names mean in one ARM template, or in one nested in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dharma.blueprint.tree import Members, folded_members, members
from dharma.blueprint.yaml_source import Node
from dharma.model.expressions.nodes import ResourceRef, Value


@dataclass(frozen=True, slots=True)
class OwnFunction:
    """A function that the template declares: the names of its parameters, and what it gives."""

    parameters: tuple[str, ...]
    result: Node


@dataclass
class Names:
    """Parameters, variables and functions of one template. Which parameters and variables there
    are is settled before the first of them is looked up."""

    parameters: Mapping[str, Value]
    types: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Node] = field(default_factory=dict)
    loops: frozenset[str] = frozenset()
    """Variables that are a loop: their node is an element of the section's `copy`."""
    optional: frozenset[str] = frozenset()
    defaults: Mapping[str, Node] = field(default_factory=dict)
    """Parameters whose default Azure computes out of what the blueprint can say too."""
    functions: Mapping[str, OwnFunction] = field(default_factory=dict)
    group: Value = None
    """The id-less reference to the resource group, or the value of its name."""
    references: Mapping[str, ResourceRef] = field(default_factory=dict)
    """Variables of which this project's writer noted what they stand for."""

    def parameter(self, name: Value) -> str | None:
        """The parameter of that name, as it was declared: case does not count."""
        return self._parameters.get(name.lower()) if isinstance(name, str) else None

    def variable(self, name: Value) -> str | None:
        """The variable of that name, as it was declared."""
        return self._variables.get(name.lower()) if isinstance(name, str) else None

    @cached_property
    def _parameters(self) -> dict[str, str]:
        return {key.lower(): key for key in self.parameters}

    @cached_property
    def _variables(self) -> dict[str, str]:
        return {key.lower(): key for key in self.variables}


def own_variables(section: Members) -> tuple[dict[str, Node], frozenset[str]]:
    """The variables that a template declares, and those of them that are a loop."""
    found = {name: node for name, (_, node) in section.items() if not _is_copy(name, node)}
    loops = {}
    for name, (_, node) in section.items():
        for loop in node.value if _is_copy(name, node) and isinstance(node.value, list) else ():
            said = members(loop).get("name")
            if said is not None and isinstance(said[1].value, str):
                loops[said[1].value] = loop
    return found | loops, frozenset(loops)


def _is_copy(name: str, node: Node) -> bool:
    return name.lower() == "copy" and isinstance(node.value, list)


def own_functions(section: Node) -> dict[str, OwnFunction]:
    """The functions that a template declares, by namespace and name in small letters."""
    found: dict[str, OwnFunction] = {}
    for group in section.value if isinstance(section.value, list) else ():
        body = folded_members(group)
        namespace = body["namespace"].value if "namespace" in body else None
        for name, function in folded_members(body.get("members")).items():
            said = folded_members(function)
            output = folded_members(said.get("output"))
            declared = said["parameters"].value if "parameters" in said else None
            listed = declared if isinstance(declared, list) else []
            names = [folded_members(parameter).get("name") for parameter in listed]
            if isinstance(namespace, str) and "value" in output:
                parameters = tuple(str(n.value).lower() for n in names if n is not None)
                found[f"{namespace}.{name}".lower()] = OwnFunction(parameters, output["value"])
    return found
