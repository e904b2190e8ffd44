"""Terraform's JSON syntax (`.tf.json`) to bodies.

Texts are templates. Which members are blocks is known for the top and for what Terraform itself
defines; inside a resource only its provider knows, so there every member is an argument.
"""

from __future__ import annotations

from collections.abc import Iterator

from dharma.blueprint.readers.template_source import read_tree
from dharma.blueprint.readers.terraform.body import Argument, Block, Body, Place, invalid
from dharma.blueprint.yaml_source import Node
from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.nodes import Expression, ObjectConstructor, Value
from dharma.model.expressions.parser import parse_template

# How many names stand between a block's type and its body.
LABELS = {
    "resource": 2, "data": 2, "ephemeral": 2, "module": 1, "variable": 1, "output": 1,
    "provider": 1, "check": 1, "locals": 0, "terraform": 0, "moved": 0, "import": 0, "removed": 0,
}  # fmt: skip
_INNER: dict[str, dict[str, int]] = {
    "resource": {"lifecycle": 0, "provisioner": 1, "connection": 0, "dynamic": 1},
    "data": {"lifecycle": 0, "dynamic": 1},
    "variable": {"validation": 0},
    "output": {"precondition": 0},
    "lifecycle": {"precondition": 0, "postcondition": 0},
    "terraform": {"backend": 1, "required_providers": 0, "cloud": 0},
    "provider": {"default_tags": 0, "assume_role": 0},
    "dynamic": {"content": 0, "dynamic": 1},
    "content": {"dynamic": 1},
    "check": {"assert": 0, "data": 2},
    "removed": {"lifecycle": 0},
}
_RAW = {
    ("variable", "type"), ("resource", "provider"), ("data", "provider"),
    ("module", "providers"), ("lifecycle", "ignore_changes"),
    ("lifecycle", "replace_triggered_by"), ("dynamic", "iterator"),
    ("moved", "from"), ("moved", "to"), ("removed", "from"), ("import", "to"),
}  # fmt: skip


def read_json(text: str, file: str) -> Body:
    """Raises `InvalidTemplate` with line and column, `LimitExceeded`."""
    root = read_tree(text, file)
    body = Body()
    for name, node in _members(root, file):
        if name == "//":
            continue
        if name not in LABELS:
            hint = f"there are {', '.join(sorted(LABELS))}"
            raise invalid(f"{name!r} is no block of Terraform", _place(node, file), hint)
        body.blocks.extend(_blocks(name, LABELS[name], node, file, ()))
    return body


def _place(node: Node, file: str) -> Place:
    return Place(file, node.line, node.column)


def _members(node: Node, file: str) -> Iterator[tuple[str, Node]]:
    """The members of an object, or of each object of a list."""
    if isinstance(node.value, list):
        for element in node.value:
            yield from _members(element, file)
        return
    if not isinstance(node.value, dict):
        raise invalid("an object is needed here", _place(node, file))
    for name, (_, value) in node.value.items():
        yield name, value


def _blocks(
    type: str, labels: int, node: Node, file: str, so_far: tuple[str, ...]
) -> Iterator[Block]:
    if labels:
        for name, inner in _members(node, file):
            if name != "//":
                yield from _blocks(type, labels - 1, inner, file, (*so_far, name))
        return
    if isinstance(node.value, list):
        for element in node.value:
            yield from _blocks(type, 0, element, file, so_far)
        return
    body = Body()
    for name, inner in _members(node, file):
        known = _INNER.get(type, {})
        if name == "//":
            continue
        if name in known:
            body.blocks.extend(_blocks(name, known[name], inner, file, ()))
            continue
        raw = _raw(inner) if (type, name) in _RAW else None
        value = None if raw is not None else json_value(inner, file)
        body.arguments[name] = Argument(name, value, _place(inner, file), raw)
    yield Block(type, so_far, body, _place(node, file))


def _raw(node: Node) -> str:
    if isinstance(node.value, list):
        return f"[{', '.join(map(_raw, node.value))}]"
    if isinstance(node.value, dict):
        return "{" + ", ".join(f"{k} = {_raw(v)}" for k, (_, v) in node.value.items()) + "}"
    text = str(node.value)
    return text[2:-1] if text.startswith("${") and text.endswith("}") else text


def json_value(node: Node, file: str) -> Value:
    if isinstance(node.value, list):
        return [json_value(element, file) for element in node.value]
    if isinstance(node.value, dict):
        items = [(_text(k, node, file), json_value(v, file)) for k, (_, v) in node.value.items()]
        if any(isinstance(key, Expression) for key, _ in items):
            return ObjectConstructor(tuple(items))
        return {str(key): value for key, value in items}
    return _text(node.value, node, file) if isinstance(node.value, str) else node.value


def _text(text: str, node: Node, file: str) -> Value:
    try:
        if "${" not in text and "%{" not in text:
            return text.replace("$${", "${").replace("%%{", "%{")
        return parse_template(text)
    except ExpressionError as error:
        raise invalid(error.message, _place(node, file), error.hint) from error
