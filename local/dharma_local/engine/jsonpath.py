"""JSONPath as state machines use it: parsed once, applied to JSON values.

`$.a.b[0]['c d']`, negative indexes, unions, slices, `*`, `..`, and filters with comparisons.
A path that can only ever name one place is *definite* and gives that value or fails; any other
gives the list of what it found. A *reference path* (ResultPath and the like) is definite, without
negative indexes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_MAX_LENGTH = 2000


class PathSyntaxError(ValueError):
    """No JSONPath that is known here."""


class PathNotFound(LookupError):
    """A definite path that leads nowhere in this value."""


@dataclass(frozen=True, slots=True)
class Name:
    name: str

    def apply(self, values: list[Any], root: Any) -> list[Any]:
        return [v[self.name] for v in values if isinstance(v, dict) and self.name in v]


@dataclass(frozen=True, slots=True)
class Index:
    index: int

    def apply(self, values: list[Any], root: Any) -> list[Any]:
        return [
            v[self.index] for v in values if isinstance(v, list) and -len(v) <= self.index < len(v)
        ]


@dataclass(frozen=True, slots=True)
class Slice:
    start: int | None
    stop: int | None
    step: int | None

    def apply(self, values: list[Any], root: Any) -> list[Any]:
        cut = slice(self.start, self.stop, self.step)
        return [item for v in values if isinstance(v, list) for item in v[cut]]


@dataclass(frozen=True, slots=True)
class Wildcard:
    def apply(self, values: list[Any], root: Any) -> list[Any]:
        return [item for v in values for item in _children(v)]


@dataclass(frozen=True, slots=True)
class Union:
    steps: tuple[Name | Index, ...]

    def apply(self, values: list[Any], root: Any) -> list[Any]:
        return [found for v in values for step in self.steps for found in step.apply([v], root)]


@dataclass(frozen=True, slots=True)
class Descend:
    """`..`: the value itself and everything below it."""

    def apply(self, values: list[Any], root: Any) -> list[Any]:
        found: list[Any] = []
        for value in values:
            _collect(value, found)
        return found


@dataclass(frozen=True, slots=True)
class Filter:
    test: Callable[[Any, Any], bool]
    text: str

    def apply(self, values: list[Any], root: Any) -> list[Any]:
        return [item for v in values for item in _children(v) if self.test(item, root)]


Step = Name | Index | Slice | Wildcard | Union | Descend | Filter


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path; `context` when it begins with `$$`, the context object."""

    text: str
    steps: tuple[Step, ...]
    context: bool = False

    @property
    def definite(self) -> bool:
        return all(isinstance(step, Name | Index) for step in self.steps)

    @property
    def reference(self) -> bool:
        return not self.context and all(
            isinstance(s, Name) or (isinstance(s, Index) and s.index >= 0) for s in self.steps
        )

    def find(self, value: Any) -> list[Any]:
        """Everything that the path names in the value."""
        found = [value]
        for step in self.steps:
            found = step.apply(found, value)
        return found

    def read(self, value: Any) -> Any:
        """The one value of a definite path (`PathNotFound`), the list of any other."""
        found = self.find(value)
        if not self.definite:
            return found
        if not found:
            raise PathNotFound(self.text)
        return found[0]

    def write(self, value: Any, new: Any) -> Any:
        """A copy of the value with `new` at this reference path; missing objects are made.

        `PathNotFound` when the path leads through something that is no container of that kind.
        """
        return _write(value, self.steps, new, self.text)


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """`PathSyntaxError` says where it stops making sense."""
    if len(text) > _MAX_LENGTH:
        raise PathSyntaxError(f"a path of {len(text)} characters")
    context = text.startswith("$$")
    parser = _Parser(text, 2 if context else 1)
    if not text.startswith("$"):
        raise PathSyntaxError(f"{text!r} does not begin with $")
    steps = parser.steps()
    if parser.at < len(text):
        raise PathSyntaxError(f"{text!r}: nothing fits at character {parser.at + 1}")
    return Path(text, steps, context)


_NAME = re.compile(r"[^\s.\[\]()'\",=<>!&|@$*?:]+")
_INTEGER = re.compile(r"-?\d+")
_SLICE = re.compile(r"(-?\d*):(-?\d*)(?::(-?\d*))?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_COMPARISON = re.compile(r"==|!=|<=|>=|<|>")
_MISSING = object()


class _Parser:
    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def fail(self) -> PathSyntaxError:
        return PathSyntaxError(f"{self.text!r}: nothing fits at character {self.at + 1}")

    def looking_at(self, wanted: str) -> bool:
        return self.text.startswith(wanted, self.at)

    def take(self, wanted: str) -> bool:
        if self.looking_at(wanted):
            self.at += len(wanted)
            return True
        return False

    def expect(self, wanted: str) -> None:
        if not self.take(wanted):
            raise self.fail()

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def blank(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def steps(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        while self.at < len(self.text):
            if self.take(".."):
                steps.append(Descend())
                steps.append(self.bracket() if self.looking_at("[") else self.dotted())
            elif self.take("."):
                steps.append(self.bracket() if self.looking_at("[") else self.dotted())
            elif self.looking_at("["):
                steps.append(self.bracket())
            else:
                break
        return tuple(steps)

    def dotted(self) -> Step:
        if self.take("*"):
            return Wildcard()
        name = self.match(_NAME)
        if not name:
            raise self.fail()
        return Name(name[0])

    def bracket(self) -> Step:
        self.expect("[")
        self.blank()
        step: Step
        if self.take("*"):
            step = Wildcard()
        elif self.take("?"):
            step = self.filter()
        elif self.looking_at("'") or self.looking_at('"'):
            step = self.union(lambda: Name(self.quoted()))
        elif found := self.match(_SLICE):
            numbers = [int(part) if part else None for part in found.groups()]
            if numbers[2] == 0:
                raise self.fail()
            step = Slice(*numbers)
        else:
            step = self.union(lambda: Index(self.integer()))
        self.blank()
        self.expect("]")
        return step

    def union(self, one: Callable[[], Name | Index]) -> Step:
        members = [one()]
        self.blank()
        while self.take(","):
            self.blank()
            members.append(one())
            self.blank()
        return members[0] if len(members) == 1 else Union(tuple(members))

    def integer(self) -> int:
        number = self.match(_INTEGER)
        if not number:
            raise self.fail()
        return int(number[0])

    def quoted(self) -> str:
        quote = self.text[self.at : self.at + 1]
        if quote not in ("'", '"'):
            raise self.fail()
        self.at += 1
        said = ""
        while self.at < len(self.text) and self.text[self.at] != quote:
            if self.text[self.at] == "\\" and self.at + 1 < len(self.text):
                self.at += 1
            said += self.text[self.at]
            self.at += 1
        self.expect(quote)
        return said

    def filter(self) -> Filter:
        start = self.at
        self.blank()
        self.expect("(")
        test = self.any_of()
        self.blank()
        self.expect(")")
        return Filter(test, self.text[start : self.at])

    def any_of(self) -> Callable[[Any, Any], bool]:
        tests = [self.all_of()]
        self.blank()
        while self.take("||"):
            tests.append(self.all_of())
            self.blank()
        return tests[0] if len(tests) == 1 else lambda v, r: any(test(v, r) for test in tests)

    def all_of(self) -> Callable[[Any, Any], bool]:
        tests = [self.comparison()]
        self.blank()
        while self.take("&&"):
            tests.append(self.comparison())
            self.blank()
        return tests[0] if len(tests) == 1 else lambda v, r: all(test(v, r) for test in tests)

    def comparison(self) -> Callable[[Any, Any], bool]:
        self.blank()
        if self.looking_at("!") and not self.looking_at("!="):
            self.at += 1
            test = self.comparison()
            return lambda v, r: not test(v, r)
        if self.take("("):
            inner = self.any_of()
            self.blank()
            self.expect(")")
            return inner
        left, exists = self.operand()
        self.blank()
        sign = self.match(_COMPARISON)
        if not sign:
            if not exists:
                raise self.fail()
            return lambda v, r: left(v, r) is not _MISSING
        right, _ = self.operand()
        holds = _COMPARE[sign[0]]
        return lambda v, r: holds(left(v, r), right(v, r))

    def operand(self) -> tuple[Callable[[Any, Any], Any], bool]:
        self.blank()
        if self.take("@"):
            path = Path("@", self.steps())
            return (lambda v, r: _one(path, v)), True
        if self.take("$"):
            path = Path("$", self.steps())
            return (lambda v, r: _one(path, r)), True
        if self.looking_at("'") or self.looking_at('"'):
            text = self.quoted()
            return (lambda v, r: text), False
        for word, literal in (("true", True), ("false", False), ("null", None)):
            if self.take(word):
                return (lambda v, r, literal=literal: literal), False
        number = self.match(_NUMBER)
        if not number:
            raise self.fail()
        plain = number[0].lstrip("-").isdigit()
        amount: int | float = int(number[0]) if plain else float(number[0])
        return (lambda v, r: amount), False


def _one(path: Path, value: Any) -> Any:
    found = path.find(value)
    if not path.definite:
        return found
    return found[0] if found else _MISSING


def same(left: Any, right: Any) -> bool:
    """JSON's equality: true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        for kind in (str, (int, float)):
            if isinstance(left, kind) and isinstance(right, kind):
                return (
                    not isinstance(left, bool)
                    and not isinstance(right, bool)
                    and holds(left, right)
                )
        return False

    return compare


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a is not _MISSING and b is not _MISSING and same(a, b),
    "!=": lambda a, b: a is not _MISSING and b is not _MISSING and not same(a, b),
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
}


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _collect(value: Any, found: list[Any]) -> None:
    found.append(value)
    for child in _children(value):
        if isinstance(child, dict | list):
            _collect(child, found)


def _write(value: Any, steps: tuple[Step, ...], new: Any, text: str) -> Any:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if isinstance(step, Name):
        if not isinstance(value, dict):
            raise PathNotFound(text)
        return {**value, step.name: _write(value.get(step.name, {}), rest, new, text)}
    if isinstance(step, Index):
        if not isinstance(value, list) or not 0 <= step.index < len(value):
            raise PathNotFound(text)
        copy = list(value)
        copy[step.index] = _write(copy[step.index], rest, new, text)
        return copy
    raise PathNotFound(text)
