"""Nodes of a SAM template: what they hold, merged with what is said for all, and new ones."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.tree import Members, members
from dharma.blueprint.yaml_source import Node


def properties_of(body: Members) -> Members:
    return members_at(body, "Properties")


def members_at(body: Members, name: str) -> Members:
    return members(body[name][1]) if name in body else {}


def member(node: Node, name: str) -> Any:
    return members(node)[name][1] if name in members(node) else None


def elements(node: Node) -> list[Node]:
    """The elements of a list; what is no list is its only one."""
    return node.value if isinstance(node.value, list) else [node]


def is_plain_object(node: Node) -> bool:
    """A mapping that is no intrinsic."""
    value = node.value
    if not isinstance(value, dict):
        return False
    first = next(iter(value), "")
    return not (len(value) == 1 and (first == "Ref" or first.startswith("Fn::")))


def merged(usual: Members, own: Members) -> Members:
    found = dict(usual)
    for name, (key, node) in own.items():
        found[name] = (key, _joined(usual[name][1], node) if name in usual else node)
    return found


def _joined(usual: Node, own: Node) -> Node:
    if isinstance(usual.value, list) and isinstance(own.value, list):
        return Node([*usual.value, *own.value], own.line, own.column)
    if is_plain_object(usual) and is_plain_object(own):
        return Node(merged(members(usual), members(own)), own.line, own.column)
    return own


def as_node(value: Any, at: Node) -> Node:
    """Plain data with nodes in it, as a node at a place."""
    if isinstance(value, Node):
        return value
    if isinstance(value, dict):
        made = {
            name: (Node(name, at.line, at.column), as_node(part, at))
            for name, part in value.items()
        }
        return Node(made, at.line, at.column)
    if isinstance(value, list):
        return Node([as_node(part, at) for part in value], at.line, at.column)
    return Node(value, at.line, at.column)
