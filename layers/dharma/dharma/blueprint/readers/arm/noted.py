"""What this project's writer noted in a template (`metadata.dharma`), so that it reads back as it
was: names, order, loops, and what variables stand for.
"""

from __future__ import annotations

import re

from dharma.blueprint.readers.arm.entry import Entry
from dharma.blueprint.tree import Members, members
from dharma.blueprint.yaml_source import Node
from dharma.model.expressions.nodes import Call, ResourceRef, Value

_NAME = re.compile(r"[A-Za-z_][\w-]*\Z")


def noted(owner: Members) -> Members:
    """The notes on a template, a resource or an output."""
    about = members(owner["metadata"][1]) if "metadata" in owner else {}
    return members(about["dharma"][1]) if "dharma" in about else {}


def noted_name(owner: Members) -> str | None:
    """What the blueprint calls a resource."""
    said = noted(owner).get("name")
    return _as_name(said[1]) if said is not None else None


def noted_children(entry: Entry) -> dict[str, str]:
    """What the children in a resource are called, by their place: `subnets[0]`."""
    about = noted(entry.body)
    listed = members(about["children"][1]) if "children" in about else {}
    named = {place: _as_name(node) for place, (_, node) in listed.items()}
    return {place: name for place, name in named.items() if name is not None}


def noted_order(entry: Entry) -> list[str]:
    """The resources of other templates that it awaits."""
    about = noted(entry.body)
    listed = about["dependsOn"][1].value if "dependsOn" in about else []
    return [str(node.value) for node in listed] if isinstance(listed, list) else []


def noted_loop(entry: Entry) -> Value:
    """What a counted resource goes over."""
    about = noted(entry.body)
    said = members(about["forEach"][1]) if "forEach" in about else {}
    if "over" not in said or entry.count is None:
        return None
    over = entry.expressions.at(entry.where, "copy", said["over"][1]).value(said["over"][1])
    word = said["as"][1].value if "as" in said else None
    return Call(word, (over,)) if word in ("toset", "tomap") else over


def noted_references(template: Members) -> dict[str, ResourceRef] | None:
    """The attributes that the variables of a nested template stand for. None in a template of
    somebody else."""
    about = noted(template)
    if "blueprint" not in about:
        return None
    listed = members(about["references"][1]) if "references" in about else {}
    return references_in(listed)


def references_in(listed: Members) -> dict[str, ResourceRef]:
    """`Microsoft.Network/virtualNetworks.main.name` by the variable that stands for it."""
    found = {}
    for variable, (_, node) in listed.items():
        address, _, attribute = str(node.value).rpartition(".")
        if address and attribute:
            found[variable] = ResourceRef(address, (attribute,))
    return found


def _as_name(node: Node) -> str | None:
    found = node.value
    return found if isinstance(found, str) and _NAME.match(found) else None
