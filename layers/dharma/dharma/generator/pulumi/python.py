"""Expressions as Python, laid out as its common formatters do."""

from __future__ import annotations

import builtins
import keyword
import re

from dharma.generator.pulumi.printing import Printer
from dharma.generator.pulumi.syntax import (
    Choice,
    Each,
    EachPair,
    Invoke,
    Lambda,
    Literal,
    Name,
    Node,
    Operator,
    Text,
)

_OPERATORS = {"&&": "and", "||": "or"}
# What may stand inside a brace of an f-string in every version of Python.
_SIMPLE = re.compile(r"[\w.()\[\], +*/-]+\Z")
_OPTIONS = Name("pulumi.ResourceOptions")
_CONCAT = Name("pulumi.Output.concat")

RESERVED = (
    frozenset(keyword.kwlist)
    | frozenset(dir(builtins))
    | frozenset(
        {"pulumi", "pulumi_aws", "aws", "azure", "gcp", "json", "base64", "math", "re", "hashlib"}
    )
    | frozenset({"helpers", "config", "args", "i", "key", "value", "match", "case", "type"})
)


def quote(text: str) -> str:
    """A string literal that evaluates to exactly `text`."""
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    text = text.replace("\t", "\\t").replace("\r", "\\r")
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(c: str) -> str:
    code = ord(c)
    if 0xD800 <= code < 0xE000:
        return c  # Half a character: it is refused when the file is made.
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class Python(Printer):
    language = "Python"

    def literal(self, value: str | int | float | bool | None) -> str:
        return quote(value) if isinstance(value, str) else repr(value)

    def key(self, key: str | Node) -> str:
        return quote(key) if isinstance(key, str) else str(self.line(key))

    def braces(self, inner: str) -> str:
        return f"{{{inner}}}"

    def spread(self, inner: str) -> str:
        return f"*{inner}"

    def operation(self, operator: str, left: str, right: str, node: Operator) -> str:
        for side, other in ((node.left, right), (node.right, left)):
            if isinstance(side, Literal) and side.value is None and operator in ("==", "!="):
                return f"{other} is {'not ' if operator == '!=' else ''}None"
        return f"{left} {_OPERATORS.get(operator, operator)} {right}"

    def negation(self, operator: str, inner: str) -> str:
        return f"not {inner}" if operator == "!" else f"{operator}{inner}"

    def choice(self, node: Choice) -> str | None:
        then = self.operand(node.then) if isinstance(node.then, Choice) else self.line(node.then)
        parts = [then, self.operand(node.condition), self.line(node.otherwise)]
        return None if None in parts else "{} if {} else {}".format(*parts)

    def choice_broken(self, node: Choice, depth: int) -> str:
        inner = "    " * (depth + 1)
        then = self._wrapped(node.then, depth + 1)
        condition = self._wrapped(node.condition, depth + 1)
        otherwise = self.text(node.otherwise, depth + 1, len(inner) + 5)
        return (
            f"(\n{inner}{then}\n{inner}if {condition}\n{inner}else {otherwise}\n{'    ' * depth})"
        )

    def _named(self, node: Invoke) -> list[tuple[str, Node]]:
        named = list(node.named)
        if node.options:
            options = Invoke(_OPTIONS, (), node.options)
            named.append(("opts", options))
        return named

    def invoke_line(self, node: Invoke) -> str | None:
        if node.new and (node.named or node.options):
            return None
        parts = [self.line(a) for a in node.arguments]
        for name, value in self._named(node):
            line = self.line(value)
            parts.append(None if line is None else f"{self.word(name)}={line}")
        if None in parts:
            return None
        return f"{self.operand(node.callee)}({', '.join(filter(None, parts))})"

    def invoke_broken(self, node: Invoke, depth: int) -> str:
        head = f"{self.operand(node.callee)}("
        named = self._named(node)
        if len(node.arguments) == 1 and not named:
            return f"{head}{self.broken(node.arguments[0], depth)})"
        inner = "    " * (depth + 1)
        lines = [f"{inner}{self.text(a, depth + 1, len(inner) + 1)},\n" for a in node.arguments]
        for name, value in named:
            start = f"{inner}{self.word(name)}="
            lines.append(f"{start}{self.text(value, depth + 1, len(start) + 1)},\n")
        return head + "\n" + "".join(lines) + "    " * depth + ")"

    def template(self, node: Text) -> str | None:
        if node.lifted:
            return self._concat(node, None)
        lines = [p if isinstance(p, str) else self.line(p) for p in node.parts]
        holes = [t for t, p in zip(lines, node.parts, strict=True) if not isinstance(p, str)]
        if None in holes:
            return None
        pieces = [
            _escaped(str(t)).replace("{", "{{").replace("}", "}}") if isinstance(p, str) else None
            for t, p in zip(lines, node.parts, strict=True)
        ]
        if all(_SIMPLE.match(str(h)) for h in holes):
            shown = (f"{{{t}}}" if p is None else p for t, p in zip(lines, pieces, strict=True))
            return f'f"{"".join(shown)}"'
        text = "".join("{}" if p is None else p for p in pieces)
        return f'"{text}".format({", ".join(map(str, holes))})'

    def template_broken(self, node: Node, depth: int) -> str:
        assert isinstance(node, Text)
        if node.lifted:
            return str(self._concat(node, depth))
        inner = "    " * (depth + 1)
        text = "".join(
            _escaped(p).replace("{", "{{").replace("}", "}}") if isinstance(p, str) else "{}"
            for p in node.parts
        )
        holes = [
            f"{inner}{self.text(p, depth + 1, len(inner) + 1)},\n"
            for p in node.parts
            if not isinstance(p, str)
        ]
        return f'"{text}".format(\n{"".join(holes)}{"    " * depth})'

    def _concat(self, node: Text, depth: int | None) -> str | None:
        parts = tuple(Literal(p) if isinstance(p, str) else p for p in node.parts)
        call = Invoke(_CONCAT, parts)
        return self.invoke_line(call) if depth is None else self.invoke_broken(call, depth)

    def function(self, node: Lambda, depth: int | None) -> str:
        body = self.line(node.body)
        if body is None or (depth is not None and len(body) > 60):
            body = self.text(node.body, depth or 0, 200)
        names = [self.word(p) for p in node.parameters]
        # It is called when the loop is over: defaults are made while it runs.
        names += [f"{self.word(c)}={c}" for c in node.captured]
        return f"lambda {', '.join(names)}: {body}"

    def _clauses(self, node: Each | EachPair) -> tuple[str, str] | None:
        collection = self.operand(node.collection)
        condition = self.operand(node.condition) if node.condition is not None else ""
        if collection is None or condition is None:
            return None
        value = self.word(node.value)
        if node.key is None:
            head = f"for {value} in {collection}"
        elif node.indexed:
            head = f"for {self.word(node.key)}, {value} in enumerate({collection})"
        else:
            head = f"for {self.word(node.key)}, {value} in {collection}.items()"
        return head, f"if {condition}" if condition else ""

    def each(self, node: Each | EachPair) -> str | None:
        clauses, result = self._clauses(node), self.line(node.result)
        if clauses is None or result is None:
            return None
        tail = " ".join(c for c in clauses if c)
        if isinstance(node, EachPair):
            key = self.line(node.result_key)
            return None if key is None else f"{{{key}: {result} {tail}}}"
        return f"[{result} {tail}]"

    def each_broken(self, node: Each | EachPair, depth: int) -> str:
        inner = "    " * (depth + 1)
        clauses = self._clauses(node)
        if clauses is None:
            collection = self.text(node.collection, depth + 1, len(inner))
            names = node.value if node.key is None else f"{node.key}, {node.value}"
            clauses = (f"for {names} in {collection}", "")
        result = self.text(node.result, depth + 1, len(inner))
        if isinstance(node, EachPair):
            result = f"{self.line(node.result_key)}: {result}"
        lines = "".join(f"{inner}{t}\n" for t in (result, *clauses) if t)
        opening, closing = ("{", "}") if isinstance(node, EachPair) else ("[", "]")
        return f"{opening}\n{lines}{'    ' * depth}{closing}"
