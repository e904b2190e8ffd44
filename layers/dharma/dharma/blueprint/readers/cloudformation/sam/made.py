"""The resources of a template while SAM's are replaced by what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dharma.blueprint.readers.cloudformation.functions import sole_argument, sole_key
from dharma.blueprint.readers.cloudformation.sam.nodes import (
    as_node,
    elements,
    members_at,
    merged,
    properties_of,
)
from dharma.blueprint.tree import Members, members
from dharma.blueprint.yaml_source import Node

Report = Callable[[str, Node, str], None]
"""Takes a message, a place and an address."""

# What SAM gives to everything that it makes of a resource.
_FOR_ALL = ("Condition", "DeletionPolicy", "UpdateReplacePolicy")


@dataclass(frozen=True, slots=True)
class Owner:
    """A resource of SAM: its logical id, where it stands, and what it says with the globals."""

    logical: str
    place: Node
    body: Members
    properties: Members

    @property
    def address(self) -> str:
        return f"Resources.{self.logical}"


@dataclass(frozen=True, slots=True)
class Called:
    """How a function, or the alias that events call, is referred to by name and by ARN."""

    name: Any
    arn: Any


@dataclass(frozen=True, slots=True)
class Event:
    """An event source of a function or a state machine."""

    owner: Owner
    title: str
    place: Node
    said: Members

    @property
    def name(self) -> str:
        return f"{self.owner.logical}{self.title}"

    @property
    def address(self) -> str:
        return f"{self.owner.address}.Events.{self.title}"

    @property
    def type(self) -> str:
        return str(self.said["Type"][1].value) if "Type" in self.said else ""

    @property
    def properties(self) -> Members:
        return properties_of(self.said)


class Made:
    """What has been made so far. `names` are the logical ids behind the names that SAM gives to
    what it made (`Orders.Alias`); `given` are the template's own resources."""

    def __init__(self, sections: Members, report: Report) -> None:
        self.given = members(sections["Resources"][1])
        self.report = report
        self.resources: Members = {}
        self.names: dict[str, str] = {}
        self._globals = members(sections["Globals"][1]) if "Globals" in sections else {}

    def owner(self, logical: str, section: str, place: Node, body: Members) -> Owner:
        usual = members_at(self._globals, section)
        if "IgnoreGlobals" in body:
            ignored = [node.value for node in elements(body["IgnoreGlobals"][1])]
            usual = {
                name: said
                for name, said in usual.items()
                if name not in ignored and "*" not in ignored
            }
        return Owner(logical, place, body, merged(usual, properties_of(body)))

    def add(
        self,
        logical: str,
        kind: str,
        properties: dict[str, Any],
        owner: Owner,
        place: Node | None = None,
    ) -> None:
        """A resource of CloudFormation; members that are None are left out."""
        at = place or owner.place
        said = {name: value for name, value in properties.items() if value is not None}
        node = as_node({"Type": kind, "Properties": said}, at)
        kept = (*_FOR_ALL, "DependsOn") if logical == owner.logical else _FOR_ALL
        members(node).update({name: owner.body[name] for name in kept if name in owner.body})
        self.resources[logical] = (Node(logical, at.line, at.column), node)

    def keep(self, logical: str) -> None:
        """A resource that is not SAM's stays as it is."""
        self.resources[logical] = self.given[logical]

    def extend(self, logical: str, said: dict[str, Any], waits_for: str | None, at: Node) -> None:
        """More properties for a resource of the template, and what has to be there before it."""
        key, node = self.resources[logical]
        more = members(as_node({"Properties": said}, at))
        body = merged(members(node), more)
        if waits_for is not None:
            first = body["DependsOn"][1] if "DependsOn" in body else Node([], at.line, at.column)
            after = Node(
                [*elements(first), Node(waits_for, at.line, at.column)], at.line, at.column
            )
            body["DependsOn"] = (key, after)
        self.resources[logical] = (key, Node(body, node.line, node.column))

    def named(self, node: Node | None, kind: str) -> str | None:
        """The logical id of a resource of the template that `Ref` or its name alone refers to."""
        if node is None:
            return None
        found = sole_argument(node).value if sole_key(node) == "Ref" else node.value
        if not isinstance(found, str) or found not in self.given:
            return None
        said = members(self.given[found][1]).get("Type")
        return found if said is not None and said[1].value == kind else None

    def unread(self, owner: Owner, known: frozenset[str]) -> None:
        for name, (place, _) in owner.properties.items():
            if name not in known:
                self.report(
                    "the property of SAM is not understood", place, f"{owner.address}.{name}"
                )
