"""`Fn::ForEach` of the transform AWS::LanguageExtensions, written out.

    Fn::ForEach::Topics: [Name, [orders, returns], {"${Name}Topic": {Type: AWS::SNS::Topic}}]

stands for a member for each element; `${Name}` and `Ref: Name` are the element, `&{Name}` its
letters and digits. Loops may stand inside of loops, and wherever a mapping is. The elements are
written down, found in a mapping, or the default of a parameter.
Source: "Fn::ForEach", AWS CloudFormation template reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from dharma.blueprint.readers.cloudformation.functions import sole_argument, sole_key
from dharma.blueprint.tree import Members, members
from dharma.blueprint.yaml_source import Node
from dharma.core.errors import LimitExceeded

EXTENSIONS = "AWS::LanguageExtensions"
LOOP = "Fn::ForEach::"
_NODES_MAX = 200_000
_SECTIONS = ("Conditions", "Resources", "Outputs")
Report = Callable[[str, Node, str], None]
"""Takes a message, a place and an address."""


def written_out(sections: Members, report: Report) -> Members:
    """The sections with their loops written out; one whose elements cannot be told stays, and is
    reported. Raises `LimitExceeded`."""
    loops = _Loops(sections, report)
    return {
        name: (key, loops.expanded(node, name) if name in _SECTIONS else node)
        for name, (key, node) in sections.items()
    }


class _Loops:
    def __init__(self, sections: Members, report: Report) -> None:
        self._parameters = members(sections["Parameters"][1]) if "Parameters" in sections else {}
        self._mappings = members(sections["Mappings"][1]) if "Mappings" in sections else {}
        self._report = report
        self._made = 0

    def expanded(self, node: Node, address: str) -> Node:
        if isinstance(node.value, list):
            return _like(node, [self.expanded(child, address) for child in node.value])
        if not isinstance(node.value, dict):
            return node
        found: Members = {}
        for name, (key, child) in node.value.items():
            if name.startswith(LOOP):
                found.update(self._loop(name, key, child, address))
            else:
                found[name] = (key, self.expanded(child, f"{address}.{name}"))
        return _like(node, found)

    def _loop(self, name: str, key: Node, node: Node, address: str) -> Members:
        words = node.value if isinstance(node.value, list) else []
        elements = self._elements(words[1]) if len(words) == 3 else None
        if elements is None or not isinstance(words[0].value, str):
            return {name: (key, node)}
        body, found = words[2], dict[str, tuple[Node, Node]]()
        for element in elements:
            made = self.expanded(self._put(words[0].value, element, body), address)
            found.update(members(made))
        return found

    def _elements(self, node: Node) -> list[str] | None:
        """The texts that a loop goes over, None where they cannot be told."""
        if isinstance(node.value, list):
            plain = [child.value for child in node.value]
            if all(isinstance(value, str | int | float) for value in plain):
                return [str(value) for value in plain]
            nested = [self._elements(child) for child in node.value]
            known = [inner for inner in nested if inner is not None]
            return (
                [text for inner in known for text in inner] if len(known) == len(nested) else None
            )
        if not isinstance(node.value, dict):
            return [str(node.value)] if node.value is not None else None
        argument = sole_argument(node) if sole_key(node) is not None else node
        if sole_key(node) == "Ref" and isinstance(argument.value, str):
            return self._default(argument)
        if sole_key(node) == "Fn::FindInMap" and isinstance(argument.value, list):
            return self._looked_up(argument.value)
        return None

    def _default(self, name: Node) -> list[str] | None:
        said = self._parameters.get(str(name.value))
        default = members(said[1]).get("Default") if said is not None else None
        if default is None or not isinstance(default[1].value, str | int):
            return None
        message = f"the loop goes over the default of the parameter {name.value}"
        self._report(message, name, f"Parameters.{name.value}")
        return [text.strip() for text in str(default[1].value).split(",")]

    def _looked_up(self, words: list[Node]) -> list[str] | None:
        found = Node(self._mappings, 0, 0)
        for word in words[:3]:
            said = word
            if sole_key(word) == "Ref" and isinstance(sole_argument(word).value, str):
                default = self._default(sole_argument(word))
                said = Node(default[0], word.line, word.column) if default else word
            row = members(found).get(said.value) if isinstance(said.value, str) else None
            if row is None:
                return None
            found = row[1]
        return self._elements(found) if isinstance(found.value, list) else None

    def _put(self, name: str, element: str, node: Node) -> Node:
        """A body with an element in the place of the name."""
        self._made += 1
        if self._made > _NODES_MAX:
            raise LimitExceeded(f"the loops of the template make more than {_NODES_MAX} values")
        if isinstance(node.value, str):
            return _like(node, _with(name, element, node.value))
        if isinstance(node.value, list):
            return _like(node, [self._put(name, element, child) for child in node.value])
        if not isinstance(node.value, dict):
            return node
        if sole_key(node) == "Ref" and sole_argument(node).value == name:
            return _like(node, element)
        return _like(
            node,
            {
                (said := _with(name, element, key)): (
                    _like(place, said),
                    self._put(name, element, child),
                )
                for key, (place, child) in node.value.items()
            },
        )


def _with(name: str, element: str, text: str) -> str:
    if "{" not in text:
        return text
    letters = re.sub(r"[^A-Za-z0-9]", "", element)
    return text.replace(f"${{{name}}}", element).replace(f"&{{{name}}}", letters)


def _like(node: Node, value: str | list[Node] | Members) -> Node:
    return Node(value, node.line, node.column, node.style)
