"""Values of the model as arguments of a program's resources.

An argument takes plain values and outputs: structures stay structures, a reference is the
reference, and a computation with outputs in it is applied to them (`apply`).
"""

from __future__ import annotations

import re
from dataclasses import replace

from dharma.core.errors import NotExpressible
from dharma.generator.conditions import conjuncts
from dharma.generator.pulumi.computations import Computations, Place
from dharma.generator.pulumi.functions import text_of
from dharma.generator.pulumi.names import ANY, STRING, Field, Kind
from dharma.generator.pulumi.syntax import (
    Choice,
    Each,
    Invoke,
    Item,
    Lambda,
    Leaf,
    Literal,
    Mapping,
    Member,
    Name,
    Node,
    Pattern,
    Sequence,
    Spread,
    Text,
)
from dharma.generator.pulumi.trees import leaves, mentions, without_leaves
from dharma.model.expressions.conversion import as_text
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    ForList,
    Index,
    Splat,
    Template,
    Unary,
    Value,
    VariableRef,
)

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,6})?\Z")


class Translator(Computations):
    """What computations are where a value is given to something."""

    def given(self, value: Value, kind: Kind, path: str) -> Node:
        """The value as an argument of this kind; errors name the path."""
        try:
            return self._given(value, kind, path)
        except NotExpressible as error:
            if error.message.startswith(path):
                raise
            raise NotExpressible(f"{path}: {error.message}") from None

    def _given(self, value: Value, kind: Kind, path: str) -> Node:
        if kind.single or (isinstance(value, list) and kind.name not in ("list", "any")):
            value = _only(value, path)
            kind = replace(kind, single=False)
        if isinstance(value, dict):
            return self._given_mapping(value, kind, path)
        if isinstance(value, list):
            return self._given_list(value, kind, path)
        if value is None or isinstance(value, bool | int | float | str):
            return self._given_literal(value, kind)
        if isinstance(value, Conditional) and self._is_plain(value.condition):
            return self._given_choice(value, kind, path)
        if isinstance(value, Template):
            return self._given_text(value, path)
        if isinstance(value, ForList) and self._is_plain(value.collection, value.condition):
            return self._given_each(value, kind.element or ANY, path)
        if isinstance(value, Call) and value.name == "jsonencode" and len(value.arguments) == 1:
            return self._json_text(value.arguments[0], path)
        node, have = self.computed(value), self._kind_of(value)
        return self._converted(node, have, kind, output=not self._is_plain(value))

    def _given_mapping(self, value: dict[str, Value], kind: Kind, path: str) -> Node:
        items: list[tuple[str | Node, Node]] = []
        for key, member in value.items():
            below = f"{path}.{key}"
            if kind.name == "object" and kind.shape is not None:
                if member is None or (member == [] and kind.shape.get(key) is None):
                    continue
                field = self.field(kind.shape.get(key), below)
                items.append((self.outputs.name_of(field), self.given(member, field.kind, below)))
            elif kind.name in ("map", "any"):
                items.append((key, self.given(member, kind.element or ANY, below)))
            else:
                raise NotExpressible(f"{path}: {kind.name} is wanted, not an object")
        return Mapping(tuple(items))

    def field(self, field: Field | None, path: str) -> Field:
        if field is None:
            raise NotExpressible(f"{path}: Pulumi has no such property")
        if field.computed:
            raise NotExpressible(f"{path}: Pulumi knows it only as an output")
        return field

    def _given_list(self, value: list[Value], kind: Kind, path: str) -> Node:
        element = kind.element or ANY
        items: list[Node] = []
        for number, member in enumerate(value):
            below = f"{path}[{number}]"
            if isinstance(member, Conditional) and None in (member.then, member.otherwise):
                items.append(self._optional(member, element, below))
            else:
                items.append(self.given(member, element, below))
        if len(items) == 1 and isinstance(items[0], Spread):
            return items[0].node
        return Sequence(tuple(items))

    def _optional(self, member: Conditional, kind: Kind, path: str) -> Node:
        """An element that is there under a condition: none or one of it."""

        def some(branch: Value) -> Node:
            return Sequence(() if branch is None else (self.given(branch, kind, path),))

        condition = self.decided(member.condition, path)
        return Spread(Choice(condition, some(member.then), some(member.otherwise)))

    def _given_literal(self, value: None | bool | int | float | str, kind: Kind) -> Node:
        if value is None:
            return Literal(None)
        if kind.name == "string" and not isinstance(value, str):
            return Literal(as_text(value))
        if kind.name == "number" and isinstance(value, str) and _NUMBER.match(value):
            return Literal(float(value) if "." in value else int(value))
        if kind.name == "bool" and value in ("true", "false"):
            return Literal(value == "true")
        if kind.name in ("file", "archive") and isinstance(value, str):
            return self._asset(Literal(value), kind)
        return Literal(value)

    def _asset(self, path: Node, kind: Kind) -> Node:
        name = "FileArchive" if kind.name == "archive" else "FileAsset"
        module = "pulumi.asset." if self.language == "typescript" else "pulumi."
        return Invoke(Name(f"{module}{name}"), (path,), new=True)

    def _given_choice(self, value: Conditional, kind: Kind, path: str) -> Node:
        condition = self.plain(value.condition)
        before = self._place
        self._place = Place(before.part, (*before.holds, *conjuncts(value.condition)))
        then = self._given(value.then, kind, path)
        against = conjuncts(Unary("!", value.condition))
        self._place = Place(before.part, (*before.holds, *against))
        otherwise = self._given(value.otherwise, kind, path)
        self._place = before
        return Choice(condition, then, otherwise)

    def _given_text(self, value: Template, path: str) -> Node:
        parts: list[str | Node] = []
        lifted = False
        for part in value.parts:
            if isinstance(part, str):
                parts.append(part)
            elif self._is_plain(part):
                parts.append(self._as_text(part))
            else:
                lifted = True
                found = self._given(part, STRING, path)
                parts.append(found)
        return Text(tuple(parts), lifted)

    def _given_each(self, value: ForList, element: Kind, path: str) -> Node:
        collection, indexed = self._collection(value.collection, value.key)
        with_names = self._bind(value.key, value.value, value.collection)
        condition = None if value.condition is None else self.plain(value.condition)
        result = self._given(value.result, element, f"{path}[*]")
        key, name = with_names
        self._unbind(value.key, value.value)
        return Each(key, name, collection, result, condition, indexed)

    def _json_text(self, value: Value, path: str) -> Node:
        if self._is_plain(value):
            return self._json(self.plain(value))
        name = "jsonStringify" if self.language == "typescript" else "Output.json_dumps"
        return Invoke(Name(f"pulumi.{name}"), (self._given(value, ANY, path),))

    def computed(self, value: Value) -> Node:
        """A computation: as it is when all is plain, else applied to the outputs in it."""
        node = self.plain(value)
        if isinstance(node, Leaf):
            return node.node
        outputs: dict[Node, str] = {}
        for leaf in leaves(node):
            outputs.setdefault(leaf.node, leaf.hint)
        if not outputs:
            return node
        names: dict[Node, str] = {}
        for output, hint in outputs.items():
            wanted, count = self.fresh(self._spelled(hint)), 2
            name = wanted
            while name in names.values():
                name, count = f"{wanted}{count}", count + 1
            names[output] = name
        return self._applied(node, names)

    def _applied(self, node: Node, names: dict[Node, str]) -> Node:
        outputs = tuple(names)
        if len(outputs) == 1:
            body = without_leaves(node, lambda leaf: Name(names[leaf.node]))
            function = Lambda((names[outputs[0]],), body, captured=self._captured(body))
            return Invoke(Member(self.outputs.certain(outputs[0]), "apply"), (function,))
        if self.language == "typescript":
            body = without_leaves(node, lambda leaf: Name(names[leaf.node]))
            every = Invoke(Name("pulumi.all"), (Sequence(outputs),))
            function = Lambda(tuple(names.values()), body, listed=True)
            return Invoke(Member(every, "apply"), (function,))
        body = without_leaves(node, lambda leaf: Item(Name("args"), Literal(names[leaf.node])))
        every = Invoke(Name("pulumi.Output.all"), (), tuple((n, o) for o, n in names.items()))
        function = Lambda(("args",), body, captured=self._captured(body))
        return Invoke(Member(every, "apply"), (function,))

    def _captured(self, body: Node) -> tuple[str, ...]:
        loops = dict.fromkeys(("i", "key", "value", *self._bound.values()))
        return tuple(name for name in loops if mentions(body, {name}))

    def _converted(self, node: Node, have: Kind, want: Kind, *, output: bool) -> Node:
        """Terraform turns numbers and bools into text and back by itself."""
        if want.name in ("file", "archive"):
            return self._asset(node, want)
        if have.name == want.name or "any" in (have.name, want.name):
            return node
        if want.name == "string" and have.name in ("number", "bool"):
            code = text_of(have.name, self.language)
        elif want.name == "number" and have.name == "string":
            code = "Number({0})" if self.language == "typescript" else "int({0})"
        elif want.name == "bool" and have.name == "string":
            code = '{0} === "true"' if self.language == "typescript" else '({0} == "true")'
        else:
            return node
        if not output:
            return Pattern(code, (node,))
        name = self.fresh("given")
        return Invoke(Member(node, "apply"), (Lambda((name,), Pattern(code, (Name(name),))),))


def _only(value: Value, path: str) -> Value:
    """The element of a list of at most one; of an expression, its first."""
    if isinstance(value, list):
        if len(value) > 1:
            raise NotExpressible(f"{path}: Pulumi takes one of it, and there are {len(value)}")
        return value[0] if value else None
    if isinstance(value, ForList | VariableRef | Splat):
        return Index(value, 0)
    if isinstance(value, Conditional):
        return Conditional(value.condition, _only(value.then, path), _only(value.otherwise, path))
    return value
