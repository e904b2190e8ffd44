"""Reading the tree that regorus gives of a module (`get_ast_as_json`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]


def nodes(tree: Any) -> Iterator[tuple[str, Any]]:
    """Every tagged node of a tree (`("Call", {...})`), parents first."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            yield from node.items()
            stack.extend(reversed(list(node.values())))
        elif isinstance(node, list):
            stack.extend(reversed(node))


def called(call: Node) -> str:
    """The dotted name of the function of a `Call` node (`data.lib.f`, `count`)."""
    return dotted(call["fcn"])


def dotted(reference: Node) -> str:
    """`a.b["c"]` as `a.b.c`; a part that is not constant is left out."""
    ((tag, node),) = reference.items()
    if tag == "Var":
        return str(node["value"])
    if tag == "RefDot":
        return f"{dotted(node['refr'])}.{node['field'][1]}"
    if tag == "RefBrack":
        ((index_tag, index),) = node["index"].items()
        base = dotted(node["refr"])
        return f"{base}.{index['value']}" if index_tag == "String" else base
    return ""
