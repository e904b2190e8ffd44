"""The syntax of RE2, https://github.com/google/re2/wiki/Syntax: a pattern as a tree."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dharma.core.errors import LimitExceeded
from dharma.model.expressions.errors import EvaluationError

MAX_PATTERN = 1000
MAX_REPEAT = 1000

CharacterSet = tuple[bool, tuple[tuple[int, int], ...]]  # negated?, ranges of code points
_DIGIT = ((48, 57),)
_SPACE = ((9, 10), (12, 13), (32, 32))
_WORD = ((48, 57), (65, 90), (95, 95), (97, 122))
_CLASSES = {"d": _DIGIT, "s": _SPACE, "w": _WORD}
_POSIX = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": _DIGIT,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": _WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a"}


class UnsupportedPattern(EvaluationError):
    """A pattern of other dialects, which no machine of this kind can match."""


@dataclass(slots=True)
class Node:
    """kind: set, any, assert, cat, alt, repeat, group"""

    kind: str
    set: CharacterSet | None = None
    assertion: str = ""
    children: list[Node] = field(default_factory=list)
    least: int = 0
    most: int | None = None
    greedy: bool = True
    number: int | None = None
    fold: bool = False


class PatternParser:
    """By descent. UnsupportedPattern for what RE2 does not have, EvaluationError for what no
    dialect has, LimitExceeded for a pattern that is too long."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN:
            raise LimitExceeded(f"a pattern is longer than {MAX_PATTERN} characters")
        self.pattern = pattern
        self.at = 0
        self.groups = 0
        self.names: dict[str, int] = {}
        self.fold = self.lines = self.dotall = self.ungreedy = False
        self.depth = 0

    def failure(self, message: str) -> str:
        return f"the pattern {self.pattern[:60]!r}: {message}"

    def fail(self, message: str) -> EvaluationError:
        return EvaluationError(self.failure(message))

    def peek(self, text: str) -> bool:
        return self.pattern.startswith(text, self.at)

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.at += len(text)
            return True
        return False

    def whole(self) -> Node:
        node = self.alternatives()
        if self.at < len(self.pattern):
            raise self.fail("a ) without its (")
        return node

    def alternatives(self) -> Node:
        self.depth += 1
        if self.depth > 50:
            raise self.fail("nested too deeply")
        branches = [self.sequence()]
        while self.take("|"):
            branches.append(self.sequence())
        self.depth -= 1
        return branches[0] if len(branches) == 1 else Node("alt", children=branches)

    def sequence(self) -> Node:
        items: list[Node] = []
        while self.at < len(self.pattern) and not self.peek("|") and not self.peek(")"):
            atom = self.atom()
            if atom is not None:
                items.append(self.repeated(atom))
        return Node("cat", children=items)

    def repeated(self, atom: Node) -> Node:
        again = False
        while True:
            bounds = self.bounds()
            if bounds is None:
                return atom
            if again:
                raise self.fail("two repeats in a row")
            if atom.kind == "assert":
                raise self.fail("nothing to repeat")
            again = True
            greedy = not self.take("?") ^ self.ungreedy
            atom = Node("repeat", children=[atom], least=bounds[0], most=bounds[1], greedy=greedy)

    def bounds(self) -> tuple[int, int | None] | None:
        if self.take("*"):
            return 0, None
        if self.take("+"):
            return 1, None
        if self.take("?"):
            return 0, 1
        match = re.compile(r"\{(\d{1,5})(,(\d{1,5})?)?\}").match(self.pattern, self.at)
        if match is None:
            return None
        self.at = match.end()
        least = int(match[1])
        most = int(match[3]) if match[3] else None if match[2] else least
        if max(least, most or 0) > MAX_REPEAT or (most is not None and most < least):
            raise self.fail(f"a repeat is between 0 and {MAX_REPEAT}")
        return least, most

    def atom(self) -> Node | None:
        char = self.pattern[self.at]
        self.at += 1
        if char == "(":
            return self.group()
        if char == "[":
            return Node("set", set=self.char_class(), fold=self.fold)
        if char == ".":
            every: CharacterSet = (True, () if self.dotall else ((10, 10),))
            return Node("set", set=every)
        if char == "^":
            return Node("assert", assertion="line start" if self.lines else "start")
        if char == "$":
            return Node("assert", assertion="line end" if self.lines else "end")
        if char == "\\":
            return self.escape()
        if char in "*+?":
            raise self.fail("nothing to repeat")
        return self.literal(char)

    def literal(self, char: str) -> Node:
        return Node("set", set=(False, ((ord(char), ord(char)),)), fold=self.fold)

    def escape(self) -> Node:
        if self.at >= len(self.pattern):
            raise self.fail("a \\ at the end")
        char = self.pattern[self.at]
        assertions = {"A": "start", "z": "end", "b": "boundary", "B": "no boundary"}
        if char in assertions:
            self.at += 1
            return Node("assert", assertion=assertions[char])
        return Node("set", set=self.escaped_set(), fold=self.fold)

    def escaped_set(self) -> CharacterSet:
        """The set of an escape; the backslash is consumed, `at` is on the letter."""
        char = self.pattern[self.at]
        self.at += 1
        if char.lower() in _CLASSES:
            return char.isupper(), _CLASSES[char.lower()]
        if char == "x":
            match = re.compile(r"\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2})").match(
                self.pattern, self.at
            )
            if match is None:
                raise self.fail("\\x without hexadecimal digits")
            self.at = match.end()
            code = int(match[1] or match[2], 16)
            return False, ((code, code),)
        if char in _ESCAPED:
            code = ord(_ESCAPED[char])
        elif not char.isalnum():
            code = ord(char)
        elif char.isdigit():
            raise UnsupportedPattern(self.failure("backreferences are not supported"))
        else:
            raise self.fail(f"\\{char} is not supported")
        return False, ((code, code),)

    def group(self) -> Node | None:
        before = (self.fold, self.lines, self.dotall, self.ungreedy)
        number: int | None = None
        if self.take("?"):
            named = re.compile(r"P?<([A-Za-z_]\w*)>").match(self.pattern, self.at)
            flags = re.compile(r"([imsU]*)(?:-([imsU]+))?([:)])").match(self.pattern, self.at)
            if named is not None:
                self.at = named.end()
                self.groups += 1
                number = self.groups
                self.names[named[1]] = number
            elif flags is not None:
                self.at = flags.end()
                self.set_flags(flags[1], True)
                self.set_flags(flags[2] or "", False)
                if flags[3] == ")":
                    return None
            elif re.compile(r"<?[=!]").match(self.pattern, self.at):
                raise UnsupportedPattern(self.failure("look-around is not supported"))
            else:
                raise self.fail("this kind of group is not supported")
        else:
            self.groups += 1
            number = self.groups
        inner = self.alternatives()
        if not self.take(")"):
            raise self.fail("a ( without its )")
        self.fold, self.lines, self.dotall, self.ungreedy = before
        return Node("group", children=[inner], number=number)

    def set_flags(self, letters: str, on: bool) -> None:
        for letter in letters:
            name = {"i": "fold", "m": "lines", "s": "dotall", "U": "ungreedy"}[letter]
            setattr(self, name, on)

    def char_class(self) -> CharacterSet:
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self.peek("]"):
            if self.at >= len(self.pattern):
                raise self.fail("a [ without its ]")
            first = False
            posix = re.compile(r"\[:(\^?)([a-z]+):\]").match(self.pattern, self.at)
            if posix is not None and posix[2] in _POSIX:
                self.at = posix.end()
                ranges.extend(_complement(_POSIX[posix[2]]) if posix[1] else _POSIX[posix[2]])
                continue
            low = self.class_member(ranges)
            if low is None:
                continue
            high = low
            if self.peek("-") and not self.peek("-]"):
                self.at += 1
                end = self.class_member([])
                if end is None or end < low:
                    raise self.fail("a range of characters is the wrong way round")
                high = end
            ranges.append((low, high))
        self.at += 1
        return negated, tuple(ranges)

    def class_member(self, ranges: list[tuple[int, int]]) -> int | None:
        """One code point of a class; None when it was a class of its own (added to `ranges`)."""
        if self.at >= len(self.pattern):
            raise self.fail("a [ without its ]")
        if not self.take("\\"):
            self.at += 1
            return ord(self.pattern[self.at - 1])
        if self.at >= len(self.pattern):
            raise self.fail("a \\ at the end")
        negated, members = self.escaped_set()
        if not negated and len(members) == 1 and members[0][0] == members[0][1]:
            return members[0][0]
        ranges.extend(_complement(members) if negated else members)
        return None


def _complement(ranges: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    result, position = [], 0
    for low, high in sorted(ranges):
        if low > position:
            result.append((position, low - 1))
        position = max(position, high + 1)
    result.append((position, 0x10FFFF))
    return result
