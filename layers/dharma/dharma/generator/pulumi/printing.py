"""What the printers of both languages share: when a line is broken, and how."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence as Many

from dharma.core.errors import NotExpressible
from dharma.generator.pulumi.syntax import (
    Choice,
    Each,
    EachPair,
    Invoke,
    Item,
    Lambda,
    Leaf,
    Literal,
    Mapping,
    Member,
    Name,
    Negation,
    Node,
    Operator,
    Pattern,
    Sequence,
    Spread,
    Text,
)

WIDTH = 100
_DOTS = {"": ".", "!": "!.", "?": "?."}
_HOLE = re.compile(r"\{(\d)\}")
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\Z")


class Printer(ABC):
    """`text` prints an expression that begins `column` characters into a line that is indented by
    `depth` steps. Raises `NotExpressible` for a name that is none."""

    def text(self, node: Node, depth: int, column: int) -> str:
        line = self.line(node)
        if line is not None and column + len(line) <= WIDTH:
            return line
        return self.broken(node, depth)

    def line(self, node: Node) -> str | None:
        """The expression on one line, None where it takes several."""
        match node:
            case Name(text):
                return text
            case Literal(value):
                return self.literal(value)
            case Member(object, name, mode):
                outer = self.operand(object)
                return None if outer is None else f"{outer}{_DOTS[mode]}{self.word(name)}"
            case Item(object, key):
                inner = self.line(key)
                outer = self.operand(object)
                return None if inner is None or outer is None else f"{outer}[{inner}]"
            case Operator():
                return self.operator(node)
            case Negation(operator, operand):
                inner = self.operand(operand)
                return None if inner is None else self.negation(operator, inner)
            case Choice():
                return self.choice(node)
            case Sequence(items):
                lines = [self.line(i) for i in items]
                return None if None in lines else f"[{', '.join(filter(None, lines))}]"
            case Spread(inner_node):
                inner = self.line(inner_node)
                return None if inner is None else self.spread(inner)
            case Mapping(items):
                return self._mapping_line(items)
            case Pattern(code, arguments):
                return self._filled(code, [self.operand(a) for a in arguments])
            case Leaf(inner_node):
                return self.line(inner_node)
            case Invoke():
                return self.invoke_line(node)
            case Text():
                return self.template(node)
            case Lambda():
                return self.function(node, None)
            case Each() | EachPair():
                return self.each(node)

    def operand(self, node: Node) -> str | None:
        """The same where an operator or a dot follows."""
        text = self.line(node)
        if text is not None and self.is_compound(node):
            return f"({text})"
        return text

    def is_compound(self, node: Node) -> bool:
        if isinstance(node, Literal):
            return isinstance(node.value, int | float) and node.value < 0
        if isinstance(node, Leaf):
            return self.is_compound(node.node)
        return isinstance(node, Operator | Negation | Choice | Lambda)

    def _mapping_line(self, items: tuple[tuple[str | Node, Node], ...]) -> str | None:
        if len(items) > 2 or any(isinstance(v, Mapping) and v.items for _, v in items):
            return None
        pairs = []
        for key, value in items:
            shown, line = self.key(key), self.line(value)
            if line is None:
                return None
            pairs.append(f"{shown}: {line}")
        return self.braces(", ".join(pairs))

    def _filled(self, code: str, arguments: Many[str | None]) -> str | None:
        if None in arguments:
            return None
        return _HOLE.sub(lambda hole: str(arguments[int(hole[1])]), code)

    def broken(self, node: Node, depth: int) -> str:
        """The expression over several lines; one that cannot be broken stays as it is."""
        inner, outer = "    " * (depth + 1), "    " * depth
        match node:
            case Mapping(items) if items:
                lines = []
                for key, value in items:
                    start = f"{inner}{self.key(key)}: "
                    lines.append(f"{start}{self.text(value, depth + 1, len(start) + 1)},\n")
                return "{\n" + "".join(lines) + outer + "}"
            case Sequence(items) if items:
                if len(items) == 1 and isinstance(items[0], Mapping):
                    return f"[{self.broken(items[0], depth)}]"
                lines = [f"{inner}{self.text(i, depth + 1, len(inner) + 1)},\n" for i in items]
                return "[\n" + "".join(lines) + outer + "]"
            case Spread(element):
                return self.spread(self.text(element, depth, len(inner)))
            case Invoke():
                return self.invoke_broken(node, depth)
            case Choice():
                return self.choice_broken(node, depth)
            case Lambda():
                return self.function(node, depth)
            case Each() | EachPair():
                return self.each_broken(node, depth)
            case Pattern(code, arguments):
                shown = []
                for argument in arguments:
                    text = self.text(argument, depth, len(outer) + len(code))
                    shown.append(f"({text})" if self.is_compound(argument) else text)
                return self._filled(code, shown) or ""
            case Leaf(element):
                return self.broken(element, depth)
        line = self.line(node)
        if line is not None:
            return line
        return self.last_resort(node, depth)

    def last_resort(self, node: Node, depth: int) -> str:
        """An operand that takes several lines: operators, members, texts."""
        match node:
            case Member(object, name, mode):
                return f"{self._wrapped(object, depth)}{_DOTS[mode]}{self.word(name)}"
            case Item(object, key):
                key_text = self.text(key, depth, 4 * depth)
                return f"{self._wrapped(object, depth)}[{key_text}]"
            case Operator(operator, left, right):
                return self.operation(
                    operator, self._wrapped(left, depth), self._wrapped(right, depth), node
                )
            case Negation(operator, operand):
                return self.negation(operator, self._wrapped(operand, depth))
        return self.template_broken(node, depth)

    def _wrapped(self, node: Node, depth: int) -> str:
        text = self.text(node, depth, 4 * depth)
        return f"({text})" if self.is_compound(node) else text

    def word(self, name: str) -> str:
        if not _WORD.match(name):
            raise NotExpressible(f"{name!r} is no name in {self.language}")
        return name

    language: str

    def operator(self, node: Operator) -> str | None:
        left, right = self._side(node, node.left), self._side(node, node.right)
        if left is None or right is None:
            return None
        return self.operation(node.operator, left, right, node)

    def _side(self, node: Operator, side: Node) -> str | None:
        if isinstance(side, Operator) and side.operator == node.operator == "&&":
            return self.line(side)
        return self.operand(side)

    @abstractmethod
    def literal(self, value: str | int | float | bool | None) -> str: ...
    @abstractmethod
    def key(self, key: str | Node) -> str: ...
    @abstractmethod
    def braces(self, inner: str) -> str: ...
    @abstractmethod
    def spread(self, inner: str) -> str: ...
    @abstractmethod
    def operation(self, operator: str, left: str, right: str, node: Operator) -> str: ...
    @abstractmethod
    def negation(self, operator: str, inner: str) -> str: ...
    @abstractmethod
    def choice(self, node: Choice) -> str | None: ...
    @abstractmethod
    def choice_broken(self, node: Choice, depth: int) -> str: ...
    @abstractmethod
    def invoke_line(self, node: Invoke) -> str | None: ...
    @abstractmethod
    def invoke_broken(self, node: Invoke, depth: int) -> str: ...
    @abstractmethod
    def template(self, node: Text) -> str | None: ...
    @abstractmethod
    def template_broken(self, node: Node, depth: int) -> str: ...
    @abstractmethod
    def function(self, node: Lambda, depth: int | None) -> str: ...
    @abstractmethod
    def each(self, node: Each | EachPair) -> str | None: ...
    @abstractmethod
    def each_broken(self, node: Each | EachPair, depth: int) -> str: ...
