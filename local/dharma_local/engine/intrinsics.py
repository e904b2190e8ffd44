"""The intrinsic functions of the Amazon States Language: `States.Format('{}-x', $.name)` ...

Parsed once, at load; a function that is not known or has the wrong number of arguments is refused
there. Source: "Intrinsic functions for JSONPath states", AWS Step Functions developer guide.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dharma_local.engine.errors import INTRINSIC, RUNTIME, StateError
from dharma_local.engine.jsonpath import Path, PathNotFound, PathSyntaxError, parse_path, same

_MAX_DEPTH = 10
_MAX_TEXT = 10_000
_MAX_RANGE = 1000


class IntrinsicSyntaxError(ValueError):
    """No intrinsic that is known here."""


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Literal | Path | Call, ...]
    text: str


Node = Literal | Path | Call


def is_intrinsic(text: str) -> bool:
    return text.startswith("States.")


@lru_cache(maxsize=4096)
def parse_intrinsic(text: str) -> Call:
    """`IntrinsicSyntaxError` names the function or the place."""
    parser = _Parser(text)
    call = parser.call(1)
    parser.blank()
    if parser.at < len(text):
        raise IntrinsicSyntaxError(f"{text!r}: nothing fits at character {parser.at + 1}")
    return call


def evaluate(node: Node, value: Any, context: Any) -> Any:
    """`value` is what `$` stands for, `context` what `$$` does; failures are `StateError`s."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Path):
        try:
            return node.read(context if node.context else value)
        except PathNotFound as error:
            raise StateError(
                RUNTIME, f"The JSONPath '{node.text}' could not be found in the input"
            ) from error
    arguments = [evaluate(argument, value, context) for argument in node.arguments]
    try:
        return _FUNCTIONS[node.name].run(*arguments)
    except (TypeError, ValueError, LookupError) as error:
        raise StateError(INTRINSIC, f"{node.text}: {error}") from error


_WORD = re.compile(r"States\.[A-Za-z0-9]+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        if len(text) > _MAX_TEXT:
            raise IntrinsicSyntaxError(f"an intrinsic of {len(text)} characters")

    def fail(self) -> IntrinsicSyntaxError:
        return IntrinsicSyntaxError(f"{self.text!r}: nothing fits at character {self.at + 1}")

    def blank(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def call(self, depth: int) -> Call:
        if depth > _MAX_DEPTH:
            raise IntrinsicSyntaxError(f"{self.text!r}: nested deeper than {_MAX_DEPTH}")
        start = self.at
        word = _WORD.match(self.text, self.at)
        if not word:
            raise self.fail()
        if word[0] not in _FUNCTIONS:
            raise IntrinsicSyntaxError(f"there is no intrinsic function {word[0]}")
        self.at = word.end()
        if not self.text.startswith("(", self.at):
            raise self.fail()
        self.at += 1
        arguments: list[Node] = []
        self.blank()
        while not self.text.startswith(")", self.at):
            argument = self.argument(depth)
            template = word[0] == "States.Format" and not arguments
            if isinstance(argument, Literal) and isinstance(argument.value, str) and not template:
                argument = Literal(_plain(argument.value))
            arguments.append(argument)
            self.blank()
            if self.text.startswith(",", self.at):
                self.at += 1
                self.blank()
                if self.text.startswith(")", self.at):
                    raise self.fail()
            elif not self.text.startswith(")", self.at):
                raise self.fail()
        self.at += 1
        _FUNCTIONS[word[0]].check(word[0], len(arguments))
        return Call(word[0], tuple(arguments), self.text[start : self.at])

    def argument(self, depth: int) -> Node:
        rest = self.text[self.at : self.at + 7]
        if rest.startswith("'"):
            return Literal(self.quoted())
        if rest.startswith("States."):
            return self.call(depth + 1)
        if rest.startswith("$"):
            return self.path()
        for word, literal in (("true", True), ("false", False), ("null", None)):
            if rest.startswith(word):
                self.at += len(word)
                return Literal(literal)
        number = _NUMBER.match(self.text, self.at)
        if not number:
            raise self.fail()
        self.at = number.end()
        plain = number[0].lstrip("-").isdigit()
        return Literal(int(number[0]) if plain else float(number[0]))

    def path(self) -> Path:
        """Up to the comma or parenthesis that is outside brackets and quotes."""
        start, brackets, quote = self.at, 0, ""
        while self.at < len(self.text):
            sign = self.text[self.at]
            if quote:
                quote = "" if sign == quote else quote
            elif sign in "'\"":
                quote = sign
            elif sign == "[":
                brackets += 1
            elif sign == "]":
                brackets -= 1
            elif brackets == 0 and sign in ",)":
                break
            self.at += 1
        try:
            return parse_path(self.text[start : self.at].strip())
        except PathSyntaxError as error:
            raise IntrinsicSyntaxError(str(error)) from error

    def quoted(self) -> str:
        """Text in single quotes; `\\'` and `\\\\` are resolved, `\\{` is left for States.Format."""
        self.at += 1
        said = ""
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign == "'":
                self.at += 1
                return said
            if sign == "\\":
                if self.at + 1 >= len(self.text):
                    break
                self.at += 1
                following = self.text[self.at]
                said += following if following == "'" else "\\" + following
            else:
                said += sign
            self.at += 1
        raise IntrinsicSyntaxError(f"{self.text!r}: a quote is never closed")


def _format(template: Any, *values: Any) -> str:
    if not isinstance(template, str):
        raise TypeError("the template is no text")
    parts: list[str] = []
    left = list(values)
    at = 0
    while at < len(template):
        sign = template[at]
        if sign == "\\" and at + 1 < len(template):
            parts.append(template[at + 1])
            at += 2
        elif template.startswith("{}", at):
            if not left:
                raise ValueError("more {} than arguments")
            parts.append(_as_text(left.pop(0)))
            at += 2
        elif sign in "{}":
            raise ValueError(f"a lone {sign}")
        else:
            parts.append(sign)
            at += 1
    if left:
        raise ValueError("more arguments than {}")
    return "".join(parts)


def _plain(text: str) -> str:
    """A literal that is no template: its remaining escapes are resolved."""
    return re.sub(r"\\(.)", r"\1", text)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no array")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    if len(value) > _MAX_TEXT:
        raise ValueError(f"a text of more than {_MAX_TEXT} characters")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no number")
    return int(value + 0.5) if isinstance(value, float) else value


def _partition(value: Any, size: Any) -> list[list[Any]]:
    items, count = _list(value), _integer(size)
    if count < 1:
        raise ValueError("the size of a part has to be positive")
    return [items[start : start + count] for start in range(0, len(items), count)]


def _range(first: Any, last: Any, step: Any) -> list[int]:
    start, stop, stride = _integer(first), _integer(last), _integer(step)
    if stride == 0:
        raise ValueError("the step is 0")
    found = range(start, stop + (1 if stride > 0 else -1), stride)
    if len(found) > _MAX_RANGE:
        raise ValueError(f"more than {_MAX_RANGE} numbers")
    return list(found)


def _item(value: Any, index: Any) -> Any:
    items, at = _list(value), _integer(index)
    if not 0 <= at < len(items):
        raise LookupError(f"no item {at} in {len(items)}")
    return items[at]


def _unique(value: Any) -> list[Any]:
    found: list[Any] = []
    for item in _list(value):
        if not any(same(item, other) for other in found):
            found.append(item)
    return found


def _base64_decode(value: Any) -> str:
    try:
        return base64.b64decode(_text(value), validate=True).decode("utf-8")
    except binascii.Error as error:
        raise ValueError(str(error)) from error


_HASHES = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}


def _hash(value: Any, algorithm: Any) -> str:
    if algorithm not in _HASHES:
        raise ValueError(f"no hash {algorithm}")
    return _HASHES[algorithm](_as_text(value).encode()).hexdigest()


def _merge(first: Any, second: Any, deep: Any) -> dict[str, Any]:
    if deep is not False:
        raise ValueError("only shallow merging (false) exists")
    if not isinstance(first, dict) or not isinstance(second, dict):
        raise TypeError("no objects")
    return {**first, **second}


def _random(first: Any, last: Any, seed: Any = None) -> int:
    start, stop = _integer(first), _integer(last)
    chance = random.Random(_integer(seed)) if seed is not None else random.SystemRandom()
    return chance.randrange(start, stop)


def _split(value: Any, delimiters: Any) -> list[str]:
    pattern = "[" + re.escape(_text(delimiters)) + "]"
    return [part for part in re.split(pattern, _text(value)) if part]


@dataclass(frozen=True, slots=True)
class _Function:
    run: Callable[..., Any]
    least: int
    most: int | None

    def check(self, name: str, count: int) -> None:
        if count < self.least or (self.most is not None and count > self.most):
            raise IntrinsicSyntaxError(f"{name} does not take {count} arguments")


_FUNCTIONS: dict[str, _Function] = {
    "States.Format": _Function(_format, 1, None),
    "States.StringToJson": _Function(lambda text: json.loads(_text(text)), 1, 1),
    "States.JsonToString": _Function(lambda value: json.dumps(value, separators=(",", ":")), 1, 1),
    "States.Array": _Function(lambda *values: list(values), 0, None),
    "States.ArrayPartition": _Function(_partition, 2, 2),
    "States.ArrayContains": _Function(
        lambda values, wanted: any(same(item, wanted) for item in _list(values)), 2, 2
    ),
    "States.ArrayRange": _Function(_range, 3, 3),
    "States.ArrayGetItem": _Function(_item, 2, 2),
    "States.ArrayLength": _Function(lambda values: len(_list(values)), 1, 1),
    "States.ArrayUnique": _Function(_unique, 1, 1),
    "States.Base64Encode": _Function(
        lambda text: base64.b64encode(_text(text).encode()).decode(), 1, 1
    ),
    "States.Base64Decode": _Function(_base64_decode, 1, 1),
    "States.Hash": _Function(_hash, 2, 2),
    "States.JsonMerge": _Function(_merge, 3, 3),
    "States.MathRandom": _Function(_random, 2, 3),
    "States.MathAdd": _Function(lambda a, b: _integer(a) + _integer(b), 2, 2),
    "States.StringSplit": _Function(_split, 2, 2),
    "States.UUID": _Function(lambda: str(uuid.uuid4()), 0, 0),
}
