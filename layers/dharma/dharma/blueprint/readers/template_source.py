"""The text of a template as a tree: JSON, or YAML with the tags of CloudFormation's intrinsics.

Both forms of an intrinsic come out alike: `!Sub x` is a mapping `{"Fn::Sub": x}`. Limits, encoding
and positions are those of `dharma.blueprint.yaml_source`. Scalars are what CloudFormation makes of
them: YAML 1.1's `yes` and `no` are booleans, dates and digits with a leading zero stay text.
"""

from __future__ import annotations

from typing import Any

import yaml

from dharma.blueprint.yaml_source import Node, TreeBuilder, decode, read_yaml
from dharma.core.errors import Fault, InvalidBlueprint, InvalidTemplate

_WORDS_1_1 = {
    "yes": True, "Yes": True, "YES": True, "on": True, "On": True, "ON": True,
    "no": False, "No": False, "NO": False, "off": False, "Off": False, "OFF": False,
}  # fmt: skip
_STANDARD = "tag:yaml.org,2002:"


def read_tree(data: str | bytes, file: str | None = None) -> Node:
    """The tree of a template. Raises `InvalidTemplate` with file and line, or `LimitExceeded`."""
    try:
        text = decode(data, file)
        if text.lstrip()[:1] in ("{", "["):
            # Between tokens JSON allows tabs and YAML does not; inside its strings there are none.
            text = text.replace("\t", " ")
        return read_yaml(text, file, _TemplateBuilder(file))
    except InvalidBlueprint as error:
        raise InvalidTemplate(error.message, error.faults) from error


def invalid_template(message: str, node: Node, file: str | None) -> InvalidTemplate:
    """The error for a template of which nothing can be read, at the place of a node."""
    fault = Fault(message, file=file, line=node.line, column=node.column)
    return InvalidTemplate(str(fault), [fault])


class _TemplateBuilder(TreeBuilder):
    """Keeps a tag as a mapping with one key, the long form of the function."""

    def __init__(self, file: str | None) -> None:
        super().__init__(file)
        self.tags: list[str | None] = []

    def check_tag(self, event: Any) -> None:
        """Any tag may stand in a template; one that is no intrinsic is reported by name later."""

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            node, anchor = self.open.pop()
            self.keys.pop()
            self.add(_tagged(node, self.tags.pop()), anchor)
        else:
            super().take(event)

    def start(self, event: Any) -> None:
        super().start(event)
        self.tags.append(event.tag)

    def scalar(self, event: Any) -> Node:
        node = super().scalar(event)
        if event.tag is None:
            if not node.style and not self.awaits_key() and isinstance(node.value, str):
                node.value = _WORDS_1_1.get(node.value, node.value)
            return node
        return _tagged(node, event.tag)


def _tagged(node: Node, tag: str | None) -> Node:
    if tag is None or tag == "!" or tag.startswith(_STANDARD):
        return node
    name = tag.removeprefix("!")
    function = name if name in ("Ref", "Condition") else f"Fn::{name}"
    key = Node(function, node.line, node.column, "!")
    return Node({function: (key, node)}, node.line, node.column, size=node.size + 1)
