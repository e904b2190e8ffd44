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


def data_references(tree: Any) -> Iterator[tuple[str, int]]:
    """Every constant path below `data` that a module looks at (`data.limits.size`), and its line.
    Paths with a variable in them count up to it."""
    for tag, node in nodes(tree):
        if tag in {"RefDot", "RefBrack"}:
            path = _constant_path({tag: node})
            if path is not None and path.startswith("data."):
                yield path, node["span"]["line"]


def _constant_path(reference: Node) -> str | None:
    ((tag, node),) = reference.items()
    if tag == "Var":
        return str(node["value"])
    if tag not in {"RefDot", "RefBrack"}:
        return None
    base = _constant_path(node["refr"])
    if base is None:
        return None
    if tag == "RefDot":
        return f"{base}.{node['field'][1]}"
    ((index_tag, index),) = node["index"].items()
    return f"{base}.{index['value']}" if index_tag == "String" else None
