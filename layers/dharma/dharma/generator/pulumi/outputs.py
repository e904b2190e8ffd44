"""Outputs of resources, as a program comes by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dharma.catalog.document import Part
from dharma.core.errors import NotExpressible
from dharma.generator.pulumi.functions import Language
from dharma.generator.pulumi.names import ANY, STRING, Field, Kind, ResourceNames
from dharma.generator.pulumi.syntax import (
    Invoke,
    Item,
    Lambda,
    Leaf,
    Literal,
    Member,
    Name,
    Node,
    Pattern,
    Spread,
)
from dharma.generator.pulumi.trees import has_mode


@dataclass(frozen=True, slots=True)
class Target:
    """A resource as a program knows it: the identifier of its variable and what it is."""

    part: Part
    names: ResourceNames
    variable: str


class Outputs:
    """`fresh` gives a name to the parameter of a function."""

    def __init__(self, language: Language, fresh: Callable[[str], str]) -> None:
        self._language = language
        self._fresh = fresh

    def attribute(self, node: Node, target: Target, path: tuple[str | int, ...]) -> Leaf:
        """The output of a resource, in Terraform's path of attributes."""
        hint = target.variable
        kind = Kind("object", shape=target.names.shape)
        for number, step in enumerate(path):
            if isinstance(step, int):
                if kind.single or kind.name == "object":
                    kind = replace(kind, single=False)
                    continue
                node, kind = Item(node, Literal(step)), kind.element or ANY
                continue
            if number == 0 and step == "id":
                node, kind, hint = Member(node, "id"), STRING, "id"
            elif kind.name == "object" and kind.shape is not None:
                field = kind.shape.get(step)
                if field is None:
                    shown = ".".join(map(str, path))
                    raise NotExpressible(
                        f"{target.part.address}.{shown}: Pulumi has no such output"
                    )
                node, kind, hint = Member(node, self.name_of(field)), field.kind, step
            else:
                node, kind, hint = Item(node, Literal(step)), kind.element or ANY, step
        first = target.names.shape.get(str(path[0])) if path else None
        if self._language == "typescript" and first is not None and not first.computed:
            node = self._surely(node, first.camel)
        return Leaf(node, hint)

    def kind_at(self, target: Target, path: tuple[str | int, ...]) -> Kind:
        if path == ("id",):
            return STRING
        kind = Kind("object", shape=target.names.shape)
        for step in path:
            if isinstance(step, int):
                if not kind.single and kind.name != "object":
                    kind = kind.element or ANY
                continue
            field = kind.shape.get(step) if kind.shape is not None else None
            kind = field.kind if field is not None else kind.element or ANY
        return kind

    def name_of(self, field: Field) -> str:
        """A property as the language spells it."""
        return field.camel if self._language == "typescript" else field.name

    def all_of(self, outputs: Node, hint: str) -> Node:
        """A list of outputs as one output."""
        if self._language == "typescript":
            return Leaf(Invoke(Name("pulumi.all"), (outputs,)), f"{hint}s")
        return Leaf(Invoke(Name("pulumi.Output.all"), (Spread(outputs),)), f"{hint}s")

    def values_of(self, node: Node) -> Node:
        code = "Object.values({0})" if self._language == "typescript" else "{0}.values()"
        return Pattern(code, (node,))

    def certain(self, node: Node) -> Node:
        """An output even where the resource may not be there."""
        if isinstance(node, Member | Item | Invoke | Name) and not has_mode(node):
            return node
        name = "pulumi.output" if self._language == "typescript" else "pulumi.Output.from_input"
        return Invoke(Name(name), (node,))

    def _surely(self, node: Node, first: str) -> Node:
        """A part of what TypeScript takes for absent perhaps, because it can be left out. It is
        there: something refers to it."""
        steps: list[Node] = []
        while not (isinstance(node, Member) and node.name == first):
            steps.append(node)
            assert isinstance(node, Member | Item)
            node = node.object
        if not steps:
            return node
        name = self._fresh(first)
        body: Node = Pattern("{0}!", (Name(name),))
        for step in reversed(steps):
            assert isinstance(step, Member | Item)
            body = replace(step, object=body)
        return Invoke(Member(node, "apply"), (Lambda((name,), body),))
