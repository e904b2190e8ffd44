"""Nodes to text in Terraform's expression syntax: the exact inverse of the parser.

`parse_expression(print_expression(v)) == v` for every value in normal form (templates as
`templates.join_parts` makes them). The text is on one line and spaced as `terraform fmt` does it.
"""

from __future__ import annotations

import math
import re

from dharma.core.errors import NotExpressible
from dharma.model.expressions.grammar import AMBIENT_SPELLING, BINDING_POWER, is_identifier
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    Expression,
    ForList,
    ForMap,
    GetAttr,
    Index,
    ObjectConstructor,
    ResourceRef,
    Splat,
    Symbol,
    Template,
    Unary,
    Unknown,
    Value,
    VariableRef,
)

_UNARY, _PRIMARY = 7, 8
_AMBIENT_TEXT = {name: ".".join(path) for path, name in reversed(AMBIENT_SPELLING.items())}
# Controls, line separators and byte order marks too: no text file may hold them.
_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MARKERS = re.compile(r"([$%])\{")


class Spelling:
    """How references are written; a writer overrides what its format names differently."""

    def variable(self, ref: VariableRef) -> str:
        return f"var.{ref.name}"

    def address(self, ref: ResourceRef) -> str:
        """The text before `[instance]` and the path."""
        return ref.address

    def ambient(self, ref: Ambient) -> str:
        return _AMBIENT_TEXT[ref.name]

    def unknown(self, value: Unknown) -> str:
        raise NotExpressible(f"a value that is not known has no text: {value.reason}")


PLAIN = Spelling()


def print_expression(value: Value, spelling: Spelling = PLAIN) -> str:
    """The text of a bare expression, as it stands after `=` in HCL. Raises NotExpressible for an
    unknown value and for numbers that are not finite."""
    return _Printer(spelling).at(value, 0)


def shown(value: Value) -> str:
    """A value for a message, not too long."""
    text = "an unknown value" if isinstance(value, Unknown) else print_expression(value)
    return text if len(text) <= 80 else text[:77] + "..."


def print_template(value: Value, spelling: Spelling = PLAIN) -> str:
    """The text inside a string of a blueprint: literal text as it is, expressions as `${...}`."""
    if isinstance(value, str):
        return _marked(value)
    printer = _Printer(spelling)
    if isinstance(value, Template):
        return printer.template_text(value, quoted=False)
    return "${" + _inside_marks(printer.at(value, 0)) + "}"


def print_string(text: str) -> str:
    """A quoted literal."""
    return '"' + _escaped(_marked(text)) + '"'


def print_number(number: int | float) -> str:
    if isinstance(number, int):
        return str(number)
    if not math.isfinite(number):
        raise NotExpressible(f"{number} is not a number of Terraform's")
    if number.is_integer() and abs(number) < 2**53:
        return str(int(number))
    return repr(number)


def print_step(step: str | int) -> str:
    """One attribute or index of a path: `.name`, `["other name"]`, `[0]`."""
    if isinstance(step, int):
        return f"[{step}]"
    bare = is_identifier(step) and step.isascii()
    return f".{step}" if bare else f"[{print_string(step)}]"


def _marked(text: str) -> str:
    """`${` and `%{` of literal text, doubled so that they stay text."""
    return _MARKERS.sub(r"\1\1{", text)


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda m: _ESCAPES.get(m[0], f"\\u{ord(m[0]):04x}"), text)


class _Printer:
    def __init__(self, spelling: Spelling) -> None:
        self.spelling = spelling

    def at(self, value: Value, least: int) -> str:
        """The text, in parentheses where it binds weaker than its surroundings ask."""
        text, power = self.text(value)
        return f"({text})" if power < least else text

    def text(self, value: Value) -> tuple[str, int]:
        """The text and how strongly it binds."""
        if isinstance(value, Expression):
            return self.operation(value)
        if value is None:
            return "null", _PRIMARY
        if isinstance(value, bool):
            return ("true" if value else "false"), _PRIMARY
        if isinstance(value, str):
            return print_string(value), _PRIMARY
        if isinstance(value, list):
            return "[" + self.sequence(value) + "]", _PRIMARY
        if isinstance(value, dict):
            return self.object(tuple(value.items())), _PRIMARY
        return print_number(value), _UNARY if value < 0 else _PRIMARY

    def sequence(self, values: list[Value] | tuple[Value, ...]) -> str:
        return ", ".join(self.at(v, 0) for v in values)

    def object(self, items: tuple[tuple[Value, Value], ...]) -> str:
        if not items:
            return "{}"
        return "{ " + ", ".join(f"{self.key(k)} = {self.at(v, 0)}" for k, v in items) + " }"

    def key(self, key: Value) -> str:
        if isinstance(key, str):
            # `for` would open a for expression; which letters beyond ASCII may stand bare depends
            # on the Unicode version of whoever reads it.
            bare = is_identifier(key) and key.isascii() and key != "for"
            return key if bare else print_string(key)
        return f"({self.at(key, 0)})"

    def operation(self, node: Expression) -> tuple[str, int]:
        if isinstance(node, Binary):
            power = BINDING_POWER[node.operator]
            left, right = self.at(node.left, power), self.at(node.right, power + 1)
            return f"{left} {node.operator} {right}", power
        if isinstance(node, Unary):
            number = isinstance(node.operand, int | float) and not isinstance(node.operand, bool)
            # -(5): the operation; -5 would be the number.
            operand = self.at(node.operand, _PRIMARY + 1 if number else _UNARY)
            return node.operator + operand, _UNARY
        if isinstance(node, Conditional):
            condition = self.at(node.condition, 1)
            return f"{condition} ? {self.at(node.then, 0)} : {self.at(node.otherwise, 0)}", 0
        return self.primary(node), _PRIMARY

    def primary(self, node: Expression) -> str:
        if isinstance(node, VariableRef):
            return self.spelling.variable(node)
        if isinstance(node, ResourceRef):
            instance = "" if node.instance is None else f"[{self.at(node.instance, 0)}]"
            path = self.path(node.path)
            first = node.path[0] if node.path and not instance else None
            if isinstance(first, str) and is_identifier(first):
                # In brackets it would be read as an instance.
                path = f".{first}{self.path(node.path[1:])}"
            return self.spelling.address(node) + instance + path
        if isinstance(node, Ambient):
            return self.spelling.ambient(node)
        if isinstance(node, Symbol):
            return str(node.path[0]) + self.path(node.path[1:])
        if isinstance(node, GetAttr):
            melts = isinstance(node.object, ResourceRef | Symbol | Splat)
            return self.owner(node.object, melts) + "." + node.name
        if isinstance(node, Index):
            melts = _index_melts(node.collection, node.key)
            return self.owner(node.collection, melts) + f"[{self.at(node.key, 0)}]"
        if isinstance(node, Splat):
            melts = isinstance(node.collection, Splat)
            return self.owner(node.collection, melts) + "[*]" + self.path(node.path)
        if isinstance(node, Call):
            dots = "..." if node.expand else ""
            return f"{node.name}({self.sequence(node.arguments)}{dots})"
        if isinstance(node, Template):
            return '"' + self.template_text(node, quoted=True) + '"'
        if isinstance(node, ObjectConstructor):
            return self.object(node.items)
        if isinstance(node, ForList | ForMap):
            return self.for_expression(node)
        if isinstance(node, Unknown):
            return self.spelling.unknown(node)
        raise TypeError(f"no text for {type(node).__name__}")

    def path(self, path: tuple[str | int, ...]) -> str:
        return "".join(map(print_step, path))

    def owner(self, value: Value, melts: bool) -> str:
        """The value before a step, in parentheses where the parser would melt the two together."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return self.at(value, _PRIMARY + 1 if melts or number else _PRIMARY)

    def template_text(self, node: Template, quoted: bool) -> str:
        texts: list[str] = []
        for n, part in enumerate(node.parts):
            if not isinstance(part, str):
                texts.append("${" + _inside_marks(self.at(part, 0)) + "}")
                continue
            # Dollars before an interpolation would read as an escape of it.
            before = part.rstrip("$") if n + 1 < len(node.parts) else part
            text = _marked(before)
            texts.append(_escaped(text) if quoted else text)
            if len(before) < len(part):
                texts.append('${"' + part[len(before) :] + '"}')
        return "".join(texts)

    def for_expression(self, node: ForList | ForMap) -> str:
        names = node.value if node.key is None else f"{node.key}, {node.value}"
        head = f"for {names} {_behind_word('in', self.at(node.collection, 0))} : "
        condition = ""
        if node.condition is not None:
            condition = f" {_behind_word('if', self.at(node.condition, 0))}"
        if isinstance(node, ForList):
            return f"[{head}{self.at(node.result, 0)}{condition}]"
        dots = "..." if node.grouping else ""
        result = f"{self.at(node.result_key, 0)} => {_led(self.at(node.result, 0))}{dots}"
        return f"{{ {head}{result}{condition} }}"


def _led(text: str) -> str:
    """Text behind `in`, `if`, `=>` and `${`: there `terraform fmt` takes a minus for a subtraction
    and puts a blank behind it."""
    return f"- {text[1:]}" if text.startswith("-") else text


def _behind_word(word: str, text: str) -> str:
    """`terraform fmt` takes a word before a parenthesis for the name of a function."""
    return word + text if text.startswith("(") else f"{word} {_led(text)}"


def _inside_marks(text: str) -> str:
    """Text inside `${ }`, with its own braces kept apart from these."""
    text = f" {text}" if text.startswith("{") else _led(text)
    return f"{text} " if text.endswith("}") else text


def _index_melts(collection: Value, key: Value) -> bool:
    # A number like 0.0 is printed, and read again, as 0.
    whole = isinstance(key, int) or (isinstance(key, float) and key.is_integer())
    literal = isinstance(key, str) or (whole and not isinstance(key, bool))
    if isinstance(collection, ResourceRef):
        return literal or not (collection.path or collection.instance is not None)
    return isinstance(collection, Splat) or (isinstance(collection, Symbol) and literal)
