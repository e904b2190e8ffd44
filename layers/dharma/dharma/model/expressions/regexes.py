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
from dharma.model.expressions.regex_syntax import (
    CharacterSet,
    Node,
    PatternParser,
)

MAX_PROGRAM = 5000
MAX_WORK = 5_000_000

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
        reader = PatternParser(pattern)
        tree = reader.whole()
        self.groups = reader.groups
        self.names = reader.names
        self.program: list[_Instruction] = []
        self.sets: list[re.Pattern[str]] = []
        self.emitted = 0
        self.emit(Node("group", children=[tree], number=0))
        self.add("match")

    def add(self, operation: str, first: int = 0, second: int = 0) -> int:
        if len(self.program) >= MAX_PROGRAM:
            raise LimitExceeded("a pattern is too large; repeat less")
        self.program.append((operation, first, second))
        return len(self.program) - 1

    def emit(self, node: Node) -> None:
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

    def emit_alternatives(self, branches: list[Node]) -> None:
        jumps = []
        for branch in branches[:-1]:
            split = self.add("split")
            self.emit(branch)
            jumps.append(self.add("jump"))
            self.program[split] = ("split", split + 1, len(self.program))
        self.emit(branches[-1])
        for jump in jumps:
            self.program[jump] = ("jump", len(self.program), 0)

    def emit_repeat(self, node: Node) -> None:
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

    def set_number(self, members: CharacterSet, fold: bool) -> int:
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
