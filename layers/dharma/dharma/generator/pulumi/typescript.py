"""Expressions as TypeScript, four spaces deep, in double quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from dharma.generator.pulumi.printing import Printer
from dharma.generator.pulumi.syntax import (
    Choice,
    Each,
    EachPair,
    Invoke,
    Lambda,
    Literal,
    Mapping,
    Node,
    Operator,
    Text,
)

_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\Z")
# Control characters, line separators of JavaScript, marks that no editor shows, halves of pairs.
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_OPERATORS = {"==": "===", "!=": "!=="}

RESERVED = frozenset(
    [
        "abstract",
        "any",
        "arguments",
        "as",
        "async",
        "await",
        "boolean",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "declare",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "eval",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "from",
        "function",
        "get",
        "if",
        "implements",
        "import",
        "in",
        "instanceof",
        "interface",
        "is",
        "keyof",
        "let",
        "module",
        "namespace",
        "never",
        "new",
        "null",
        "number",
        "object",
        "of",
        "package",
        "private",
        "protected",
        "public",
        "readonly",
        "require",
        "return",
        "set",
        "static",
        "string",
        "super",
        "switch",
        "symbol",
        "this",
        "throw",
        "true",
        "try",
        "type",
        "typeof",
        "undefined",
        "unique",
        "unknown",
        "var",
        "void",
        "while",
        "with",
        "yield",
        "pulumi",
        "aws",
        "azure",
        "gcp",
        "helpers",
        "config",
        "exports",
        "process",
        "Object",
        "Array",
        "Math",
        "String",
        "Number",
        "Boolean",
        "JSON",
        "Error",
        "RegExp",
        "Buffer",
        "Set",
        "Map",
        "Record",
        "i",
        "key",
        "value",
        "__dirname",
        "__filename",
        "globalThis",
        "NaN",
        "Infinity",
        "console",
    ]
)


def quote(text: str) -> str:
    """A string literal that evaluates to exactly `text`."""
    return _ODD.sub(_escape, json.dumps(text, ensure_ascii=False))


def template_text(text: str) -> str:
    """Text inside a template literal that evaluates to exactly `text`."""
    text = text.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")
    return _ODD.sub(_escape, text.replace("\n", "\\n"))


def _escape(odd: re.Match[str]) -> str:
    return f"\\u{ord(odd[0]):04x}"


class TypeScript(Printer):
    language = "TypeScript"

    def literal(self, value: str | int | float | bool | None) -> str:
        if value is None:
            return "undefined"
        if isinstance(value, str):
            return quote(value)
        return json.dumps(value)

    def key(self, key: str | Node) -> str:
        if not isinstance(key, str):
            return f"[{self.line(key)}]"
        if key == "__proto__":
            # Bare or quoted it would set the prototype.
            return '["__proto__"]'
        return key if _WORD.match(key) else quote(key)

    def braces(self, inner: str) -> str:
        return f"{{ {inner} }}" if inner else "{}"

    def spread(self, inner: str) -> str:
        return f"...{inner}"

    def operation(self, operator: str, left: str, right: str, node: Operator) -> str:
        sign = _OPERATORS.get(operator, operator)
        for side, other in ((node.left, right), (node.right, left)):
            if isinstance(side, Literal) and side.value is None and operator in ("==", "!="):
                # null of a configuration and undefined of what is not given are both nothing.
                return f"{other} {operator} null"
        return f"{left} {sign} {right}"

    def negation(self, operator: str, inner: str) -> str:
        return f"{operator}{inner}"

    def is_compound(self, node: Node) -> bool:
        return super().is_compound(node) or (isinstance(node, Invoke) and node.new)

    def choice(self, node: Choice) -> str | None:
        parts = [self.operand(node.condition), self.line(node.then), self.line(node.otherwise)]
        return None if None in parts else "{} ? {} : {}".format(*parts)

    def choice_broken(self, node: Choice, depth: int) -> str:
        inner = "    " * (depth + 1)
        then = self.text(node.then, depth + 1, len(inner) + 2)
        otherwise = self.text(node.otherwise, depth + 1, len(inner) + 2)
        condition = self._wrapped(node.condition, depth)
        return f"{condition}\n{inner}? {then}\n{inner}: {otherwise}"

    def _arguments(self, node: Invoke) -> list[Node]:
        arguments = list(node.arguments)
        if node.named or node.options:
            arguments.append(Mapping(node.named))
        if node.options:
            arguments.append(Mapping(node.options))
        return arguments

    def invoke_line(self, node: Invoke) -> str | None:
        if node.new and (node.named or node.options):
            return None
        parts = [self.line(a) for a in self._arguments(node)]
        if None in parts:
            return None
        return f"{self._head(node)}({', '.join(filter(None, parts))})"

    def invoke_broken(self, node: Invoke, depth: int) -> str:
        arguments = self._arguments(node)
        texts = [self.line(a) for a in arguments]
        big = [n for n, t in enumerate(texts) if t is None or isinstance(arguments[n], Mapping)]
        head = f"{self._head(node)}("
        if all(isinstance(arguments[n], Mapping) for n in big) or len(arguments) == 1:
            shown = []
            for n, argument in enumerate(arguments):
                own = texts[n]
                small = own is not None and len(own) < 40 and n > 0 and node.named
                whole = isinstance(argument, Mapping) and argument.items
                if n in big and whole and not (small and n == len(arguments) - 1):
                    shown.append(self.broken(argument, depth))
                else:
                    shown.append(self.text(argument, depth, 4 * depth + len(head)))
            return head + ", ".join(shown) + ")"
        inner = "    " * (depth + 1)
        lines = [f"{inner}{self.text(a, depth + 1, len(inner) + 1)},\n" for a in arguments]
        return head + "\n" + "".join(lines) + "    " * depth + ")"

    def _head(self, node: Invoke) -> str:
        return f"{'new ' if node.new else ''}{self.operand(node.callee)}"

    def template(self, node: Text) -> str | None:
        tag = "pulumi.interpolate" if node.lifted else ""
        out = []
        for part in node.parts:
            if isinstance(part, str):
                out.append(template_text(part))
            else:
                line = self.line(part)
                if line is None:
                    return None
                out.append(f"${{{line}}}")
        # A dollar before a hole that is text itself would open another one.
        text = ""
        for piece in out:
            if text.endswith("$") and piece.startswith("{"):
                text = text[:-1] + "\\$"
            text += piece
        return f"{tag}`{text}`"

    def template_broken(self, node: Node, depth: int) -> str:
        assert isinstance(node, Text)
        tag = "pulumi.interpolate" if node.lifted else ""
        out = [
            template_text(p) if isinstance(p, str) else f"${{{self.text(p, depth, 4 * depth)}}}"
            for p in node.parts
        ]
        return f"{tag}`{''.join(out)}`"

    def function(self, node: Lambda, depth: int | None) -> str:
        names = ", ".join(self.word(p) for p in node.parameters)
        head = f"([{names}]) => " if node.listed else f"({names}) => "
        body = self.line(node.body)
        if body is None or (depth is not None and len(body) > 60):
            body = self.text(node.body, depth or 0, 200)
        return head + (f"({body})" if isinstance(node.body, Mapping) else body)

    def each(self, node: Each | EachPair) -> str | None:
        return self._each(node, self.line)

    def each_broken(self, node: Each | EachPair, depth: int) -> str:
        return self._each(node, lambda n: self.text(n, depth, 4 * depth)) or ""

    def _each(self, node: Each | EachPair, show: Callable[[Node], str | None]) -> str | None:
        collection = self.operand(node.collection)
        if collection is None:
            collection = show(node.collection)
        result, condition = show(node.result), node.condition and show(node.condition)
        if None in (collection, result) or (node.condition and condition is None):
            return None
        value = self.word(node.value)
        if node.key is None:
            entry, items = value, collection
        elif node.indexed:
            entry, items = f"{value}, {self.word(node.key)}", collection
        else:
            entry, items = f"[{self.word(node.key)}, {value}]", f"Object.entries({collection})"
        chosen = f"{items}.filter(({entry}) => {condition})" if condition else f"{items}"
        if isinstance(node, EachPair):
            key = show(node.result_key)
            pair = f"[{key}, {result}] as const"
            return None if key is None else (
                f"Object.fromEntries({chosen}.map(({entry}) => {pair}))"
            )  # fmt: skip
        body = f"({result})" if isinstance(node.result, Mapping) else result
        return f"{chosen}.map(({entry}) => {body})"
