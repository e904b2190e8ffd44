"""What a node of a source holds, where its form is not known yet."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.yaml_source import Node

Members = dict[str, tuple[Node, Node]]
"""By name: the node of the name, and that of the value."""


def members(node: Node | None) -> Members:
    """The members of an object as they are spelled; none of anything else."""
    return node.value if node is not None and isinstance(node.value, dict) else {}


def folded_members(node: Node | None) -> dict[str, Node]:
    """The values of an object, by their names in small letters."""
    return {name.lower(): value for name, (_, value) in members(node).items()}


def plain(node: Node | None) -> Any:
    """The data, without places; null where there is no node."""
    if node is None:
        return None
    if isinstance(node.value, dict):
        return {name: plain(value) for name, (_, value) in node.value.items()}
    if isinstance(node.value, list):
        return [plain(element) for element in node.value]
    return node.value
