"""The expression language of ARM templates: `[format('{0}-vnet', parameters('x'))]`.

`parse_text` takes a JSON string of a template apart, `print_text` writes one. A string that begins
with `[` and ends with `]` is an expression, unless it begins with `[[`: then the first bracket only
escapes the second. The tree is ARM's own; what the functions mean is known to reader and writer.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, Union

MAX_LENGTH = 24_576  # Azure's own limit on an expression
MAX_DEPTH = 64

ArmValue: TypeAlias = Union[str, int, "ArmCall", "ArmMember", "ArmIndex"]


@dataclass(frozen=True, slots=True)
class ArmCall:
    """`name(arguments...)`; a user's function has its namespace in the name (`contoso.unique`)."""

    name: str
    arguments: tuple[ArmValue, ...] = ()


@dataclass(frozen=True, slots=True)
class ArmMember:
    """`owner.name`"""

    owner: ArmValue
    name: str


@dataclass(frozen=True, slots=True)
class ArmIndex:
    """`owner[key]`"""

    owner: ArmValue
    key: ArmValue


class ArmSyntaxError(ValueError):
    """The text is no expression; the message says where. Stays inside reader and writer."""


_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>[-+]?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>[()\[\],.?]))"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def is_expression(text: str) -> bool:
    """Whether Azure evaluates the text rather than take it as it is."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def parse_text(text: str) -> ArmValue:
    """The literal or expression that a string of a template means. Raises `ArmSyntaxError`."""
    if not (text.startswith("[") and text.endswith("]")):
        return text
    if text.startswith("[["):
        return text[1:]
    return parse_expression(text[1:-1])


def parse_expression(text: str) -> ArmValue:
    """An expression without its brackets."""
    if len(text) > MAX_LENGTH:
        raise ArmSyntaxError(f"an expression of more than {MAX_LENGTH} characters")
    return _Parser(text).whole()


def called(value: ArmValue) -> Iterator[str]:
    """The names of all functions in an expression."""
    if isinstance(value, ArmCall):
        yield value.name
        for argument in value.arguments:
            yield from called(argument)
    elif isinstance(value, ArmMember):
        yield from called(value.owner)
    elif isinstance(value, ArmIndex):
        yield from called(value.owner)
        yield from called(value.key)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        position = 0
        stripped = len(text.rstrip())
        while position < stripped:
            match = _TOKEN.match(text, position)
            if match is None:
                raise ArmSyntaxError(f"column {position + 1}: {text[position]!r} is not understood")
            kind = str(match.lastgroup)
            self.tokens.append((kind, match.group(kind), match.start(kind)))
            position = match.end()
        self.position = 0
        self.depth = 0

    def whole(self) -> ArmValue:
        value = self.value()
        if self.position < len(self.tokens):
            raise self._unexpected("the end")
        return value

    def value(self) -> ArmValue:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ArmSyntaxError(f"nested deeper than {MAX_DEPTH}")
        value = self._primary()
        steps = 0
        while True:
            sign = self._peek()
            if sign in (".", "["):
                steps += 1
                if steps > MAX_DEPTH:
                    raise ArmSyntaxError(f"more than {MAX_DEPTH} accesses in a row")
            if sign == ".":
                self._take(".")
                self._skip("?")
                value = ArmMember(value, self._kind("name", "the name of a member"))
            elif sign == "[":
                self._take("[")
                self._skip("?")
                key = self.value()
                self._take("]")
                value = (
                    ArmMember(value, key)
                    if isinstance(key, str) and _NAME.match(key)
                    else ArmIndex(value, key)
                )
            else:
                self.depth -= 1
                return value

    def _primary(self) -> ArmValue:
        kind, text, _ = self._next("a value")
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            if "." in text:
                raise ArmSyntaxError(f"{text}: expressions know whole numbers only")
            return int(text)
        if kind == "name":
            name = text
            while self._peek() == ".":
                self._take(".")
                name += "." + self._kind("name", "a function")
            return ArmCall(name, tuple(self._arguments(name)))
        self.position -= 1
        raise self._unexpected("a value")

    def _arguments(self, name: str) -> list[ArmValue]:
        if self._peek() != "(":
            raise self._unexpected(f"( after {name}")
        self._take("(")
        arguments: list[ArmValue] = []
        while self._peek() != ")":
            if arguments:
                self._take(",")
            arguments.append(self.value())
        self._take(")")
        return arguments

    def _peek(self) -> str:
        return self.tokens[self.position][1] if self.position < len(self.tokens) else ""

    def _next(self, wanted: str) -> tuple[str, str, int]:
        if self.position >= len(self.tokens):
            raise self._unexpected(wanted)
        self.position += 1
        return self.tokens[self.position - 1]

    def _take(self, sign: str) -> None:
        kind, text, _ = self._next(sign)
        if kind != "sign" or text != sign:
            self.position -= 1
            raise self._unexpected(sign)

    def _skip(self, sign: str) -> None:
        """The safe access `.?` reads like the plain one."""
        if self._peek() == sign:
            self.position += 1

    def _kind(self, kind: str, wanted: str) -> str:
        found, text, _ = self._next(wanted)
        if found != kind:
            self.position -= 1
            raise self._unexpected(wanted)
        return text

    def _unexpected(self, wanted: str) -> ArmSyntaxError:
        if self.position < len(self.tokens):
            _, text, start = self.tokens[self.position]
            return ArmSyntaxError(f"column {start + 1}: {wanted} is expected, not {text}")
        return ArmSyntaxError(f"it ends where {wanted} is expected")


def print_text(value: ArmValue) -> str:
    """The string of a template that means this value; text that looks like an expression is
    escaped."""
    if isinstance(value, str):
        return f"[{value}" if value.startswith("[") and value.endswith("]") else value
    return f"[{print_expression(value)}]"


def print_expression(value: ArmValue) -> str:
    """The expression without its brackets."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, ArmCall):
        return f"{value.name}({', '.join(print_expression(a) for a in value.arguments)})"
    if isinstance(value, ArmMember):
        return f"{print_expression(value.owner)}.{value.name}"
    return f"{print_expression(value.owner)}[{print_expression(value.key)}]"
