"""Regular expressions whose time is bounded: the syntax and semantics of Go's RE2, as Terraform's.

Python's `re` backtracks, and `(a+)+$` from a stranger would stop a server. Here a pattern becomes a
program for a machine that walks the text once with a set of threads in order of preference (Pike's
construction), so the work is at most the length of the program times that of the text; the product
is limited. Not in RE2 and refused here: look-around, backreferences, possessive repeats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from dharma.core.errors import LimitExceeded
from dharma.model.expressions.errors import EvaluationError

MAX_PATTERN = 1000
MAX_REPEAT = 1000
MAX_PROGRAM = 5000
MAX_WORK = 5_000_000

_Set = tuple[bool, tuple[tuple[int, int], ...]]  # negated?, ranges of code points
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


# -- the tree of a pattern


@dataclass(slots=True)
class _Node:
    """kind: set, any, assert, cat, alt, repeat, group"""

    kind: str
    set: _Set | None = None
    assertion: str = ""
    children: list[_Node] = field(default_factory=list)
    least: int = 0
    most: int | None = None
    greedy: bool = True
    number: int | None = None
    fold: bool = False


class _Reader:
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

    def whole(self) -> _Node:
        node = self.alternatives()
        if self.at < len(self.pattern):
            raise self.fail("a ) without its (")
        return node

    def alternatives(self) -> _Node:
        self.depth += 1
        if self.depth > 50:
            raise self.fail("nested too deeply")
        branches = [self.sequence()]
        while self.take("|"):
            branches.append(self.sequence())
        self.depth -= 1
        return branches[0] if len(branches) == 1 else _Node("alt", children=branches)

    def sequence(self) -> _Node:
        items: list[_Node] = []
        while self.at < len(self.pattern) and not self.peek("|") and not self.peek(")"):
            atom = self.atom()
            if atom is not None:
                items.append(self.repeated(atom))
        return _Node("cat", children=items)

    def repeated(self, atom: _Node) -> _Node:
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
            atom = _Node("repeat", children=[atom], least=bounds[0], most=bounds[1], greedy=greedy)

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

    def atom(self) -> _Node | None:
        char = self.pattern[self.at]
        self.at += 1
        if char == "(":
            return self.group()
        if char == "[":
            return _Node("set", set=self.char_class(), fold=self.fold)
        if char == ".":
            every: _Set = (True, () if self.dotall else ((10, 10),))
            return _Node("set", set=every)
        if char == "^":
            return _Node("assert", assertion="line start" if self.lines else "start")
        if char == "$":
            return _Node("assert", assertion="line end" if self.lines else "end")
        if char == "\\":
            return self.escape()
        if char in "*+?":
            raise self.fail("nothing to repeat")
        return self.literal(char)

    def literal(self, char: str) -> _Node:
        return _Node("set", set=(False, ((ord(char), ord(char)),)), fold=self.fold)

    def escape(self) -> _Node:
        if self.at >= len(self.pattern):
            raise self.fail("a \\ at the end")
        char = self.pattern[self.at]
        assertions = {"A": "start", "z": "end", "b": "boundary", "B": "no boundary"}
        if char in assertions:
            self.at += 1
            return _Node("assert", assertion=assertions[char])
        return _Node("set", set=self.escaped_set(), fold=self.fold)

    def escaped_set(self) -> _Set:
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

    def group(self) -> _Node | None:
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
        return _Node("group", children=[inner], number=number)

    def set_flags(self, letters: str, on: bool) -> None:
        for letter in letters:
            name = {"i": "fold", "m": "lines", "s": "dotall", "U": "ungreedy"}[letter]
            setattr(self, name, on)

    def char_class(self) -> _Set:
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


# -- the program of a pattern

# (operation, first, second): set number; split preferred, other; jump to; save slot; assert number
_Instruction = tuple[str, int, int]
_Slots = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Match:
    text: str
    slots: _Slots

    def span(self) -> tuple[int, int]:
        return self.slots[0] or 0, self.slots[1] or 0

    def group(self, number: int) -> str | None:
        start, end = self.slots[2 * number], self.slots[2 * number + 1]
        return None if start is None or end is None else self.text[start:end]


_ASSERTIONS = ("start", "end", "line start", "line end", "boundary", "no boundary")


@dataclass(slots=True)
class _Step:
    """The threads at one position of the text, in order of preference."""

    text: str
    position: int
    seen: set[int] = field(default_factory=set)
    entered: list[tuple[int, _Slots]] = field(default_factory=list)


class Pattern:
    """A compiled pattern. `groups` counts the captures, `names` gives the numbers of named ones."""

    def __init__(self, pattern: str) -> None:
        reader = _Reader(pattern)
        tree = reader.whole()
        self.groups = reader.groups
        self.names = reader.names
        self.program: list[_Instruction] = []
        self.sets: list[re.Pattern[str]] = []
        self.emitted = 0
        self.emit(_Node("group", children=[tree], number=0))
        self.add("match")

    def add(self, operation: str, first: int = 0, second: int = 0) -> int:
        if len(self.program) >= MAX_PROGRAM:
            raise LimitExceeded("a pattern is too large; repeat less")
        self.program.append((operation, first, second))
        return len(self.program) - 1

    def emit(self, node: _Node) -> None:
        self.emitted += 1
        if self.emitted > 4 * MAX_PROGRAM:  # repeats of nothing add no instruction
            raise LimitExceeded("a pattern is too large; repeat less")
        if node.kind == "set":
            assert node.set is not None
            self.add("set", self.set_number(node.set, node.fold))
        elif node.kind == "assert":
            self.add("assert", _ASSERTIONS.index(node.assertion))
        elif node.kind == "cat":
            for child in node.children:
                self.emit(child)
        elif node.kind == "alt":
            self.emit_alternatives(node.children)
        elif node.kind == "group":
            if node.number is not None:
                self.add("save", 2 * node.number)
            self.emit(node.children[0])
            if node.number is not None:
                self.add("save", 2 * node.number + 1)
        else:
            self.emit_repeat(node)

    def emit_alternatives(self, branches: list[_Node]) -> None:
        jumps = []
        for branch in branches[:-1]:
            split = self.add("split")
            self.emit(branch)
            jumps.append(self.add("jump"))
            self.program[split] = ("split", split + 1, len(self.program))
        self.emit(branches[-1])
        for jump in jumps:
            self.program[jump] = ("jump", len(self.program), 0)

    def emit_repeat(self, node: _Node) -> None:
        child = node.children[0]
        for _ in range(node.least):
            self.emit(child)
        if node.most is None:
            split = self.add("split")
            self.emit(child)
            self.add("jump", split)
            self.set_split(split, node.greedy)
            return
        splits = []
        for _ in range(node.most - node.least):
            splits.append(self.add("split"))
            self.emit(child)
        for split in splits:
            self.set_split(split, node.greedy)

    def set_split(self, split: int, greedy: bool) -> None:
        inside, behind = split + 1, len(self.program)
        self.program[split] = ("split", *((inside, behind) if greedy else (behind, inside)))

    def set_number(self, members: _Set, fold: bool) -> int:
        """A one-character set, tested by Python's own matcher, which cannot backtrack on it."""
        negated, ranges = members
        inner = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)
        source = f"[{'^' if negated else ''}{inner}]" if ranges else r"[\s\S]" if negated else "$^"
        self.sets.append(re.compile(source, re.IGNORECASE if fold else 0))
        return len(self.sets) - 1

    # -- running

    def search(self, text: str, start: int = 0, anchored: bool = False) -> Match | None:
        """The leftmost match at or behind `start`, with the preferences of Perl's order."""
        work = len(self.program) * (len(text) - start + 1)
        if work > MAX_WORK:
            raise LimitExceeded("a pattern and its text are too large together")
        threads: list[tuple[int, _Slots]] = []
        best: _Slots | None = None
        blank: _Slots = (None,) * (2 * self.groups + 2)
        for position in range(start, len(text) + 1):
            step = _Step(text, position)
            for pc, slots in threads:
                self.enter(pc, slots, step)
            if best is None and (position == start or not anchored):
                self.enter(0, blank, step)
            threads = []
            char = text[position : position + 1]
            for pc, slots in step.entered:
                operation, first, _ = self.program[pc]
                if operation == "match":
                    best = slots
                    break
                if char and self.sets[first].match(char):
                    threads.append((pc + 1, slots))
            if not threads and (best is not None or anchored):
                break
        return None if best is None else Match(text, best)

    def enter(self, pc: int, slots: _Slots, step: _Step) -> None:
        """Follow everything that reads no character; what reads one is added in preference."""
        stack = [(pc, slots)]
        while stack:
            at, saved = stack.pop()
            if at in step.seen:
                continue
            step.seen.add(at)
            operation, first, second = self.program[at]
            if operation == "jump":
                stack.append((first, saved))
            elif operation == "split":
                stack.append((second, saved))
                stack.append((first, saved))
            elif operation == "save":
                stack.append((at + 1, (*saved[:first], step.position, *saved[first + 1 :])))
            elif operation == "assert":
                if _holds(_ASSERTIONS[first], step.text, step.position):
                    stack.append((at + 1, saved))
            else:
                step.entered.append((at, saved))

    def find_all(self, text: str) -> Iterator[Match]:
        position = 0
        last = -1
        work = 0
        while position <= len(text):
            found = self.search(text, position)
            if found is None:
                return
            start, end = found.span()
            work += (end - position + 1) * len(self.program)
            if work > MAX_WORK:
                raise LimitExceeded("a pattern and its text are too large together")
            # An empty match right behind the one before does not count.
            if end > start or start > last:
                yield found
            last = end
            position = end if end > start else end + 1

    def replace(self, text: str, replacement: str) -> str:
        """All matches replaced; `$1`, `${1}` and `${name}` in the replacement are captures."""
        parts: list[str] = []
        position = 0
        for found in self.find_all(text):
            start, end = found.span()
            if start < position:
                continue
            parts.append(text[position:start])
            parts.append(self.expanded(found, replacement))
            position = end
        return "".join([*parts, text[position:]])

    def expanded(self, found: Match, replacement: str) -> str:
        def value(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            if match[0] == "$$":
                return "$"
            number = int(name) if name.isdigit() else self.names.get(name, -1)
            return (found.group(number) or "") if 0 <= number <= self.groups else ""

        return re.sub(r"\$\$|\$(\w{1,50})|\$\{(\w{1,50})\}", value, replacement)


def _holds(assertion: str, text: str, position: int) -> bool:
    if assertion == "start":
        return position == 0
    if assertion == "end":
        return position == len(text)
    if assertion == "line start":
        return position == 0 or text[position - 1] == "\n"
    if assertion == "line end":
        return position == len(text) or text[position] == "\n"
    before = position > 0 and _is_word(text[position - 1])
    after = position < len(text) and _is_word(text[position])
    return (before != after) == (assertion == "boundary")


def _is_word(char: str) -> bool:
    return char == "_" or (char.isascii() and char.isalnum())


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """Raises EvaluationError for a pattern that is none, LimitExceeded for one too large."""
    return Pattern(pattern)
