"""How a template spells a resource's name, and what the blueprint calls it after that."""

from __future__ import annotations

import re

from dharma.blueprint.yaml_source import Node
from dharma.catalog.naming import snake
from dharma.model.arm_language import ArmCall, ArmSyntaxError, ArmValue, parse_text
from dharma.model.expressions.nodes import Template, Value, VariableRef


def wanted_name(own: Value, native: str) -> str:
    """A name in the blueprint for what is called so in Azure."""
    words = ""
    if isinstance(own, str):
        words = own
    elif isinstance(own, VariableRef):
        words = re.sub(r"_?name$", "", own.name) or own.name
    elif isinstance(own, Template):
        texts = [p if isinstance(p, str) else p.name for p in own.parts
                 if isinstance(p, str | VariableRef)]  # fmt: skip
        words = "_".join(texts)
    name = snake(words)
    if not name or not name[:1].isalpha():
        name = snake(native.rsplit("/", maxsplit=1)[-1])
    return name[:60].strip("_") or "resource"


def spelled(node: Node) -> ArmValue:
    """The text of a node as ARM's language; empty where it is none."""
    if not isinstance(node.value, str):
        return ""
    try:
        return parse_text(node.value)
    except ArmSyntaxError:
        return ""


def last_name(name: ArmValue) -> ArmValue:
    """The resource's own name in one with those of its parents: the last placeholder of a format,
    the last argument of a concat."""
    if not isinstance(name, ArmCall) or len(name.arguments) < 2:
        return name
    if name.name.lower() == "format" and isinstance(name.arguments[0], str):
        last = re.search(r"/\{(\d+)\}\Z", name.arguments[0])
        if last and int(last.group(1)) + 1 < len(name.arguments):
            return name.arguments[int(last.group(1)) + 1]
    before = name.arguments[-2]
    if name.name.lower() == "concat" and isinstance(before, str) and before.endswith("/"):
        return name.arguments[-1]
    return name
