"""YAML (or JSON) text to a tree in which everything knows its line and column.

The tree is built from libyaml's events, not by its composer, so that depth, aliases and duplicate
keys are under our control: an alias is never expanded beyond `MAX_NODES`, nothing nests deeper than
`MAX_DEPTH`. Plain scalars follow the core schema of YAML 1.2: `no` and `on` are text, so are dates
(`2012-10-17`), digits with a leading zero (`012345678901`) and `22:22`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from dharma.core.errors import Fault, InvalidBlueprint, LimitExceeded

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 1_000_000
MAX_DIGITS = 300
MAX_FAULTS = 1000
"""More than these nobody reads; half a file of rubbish has millions."""

Scalar: TypeAlias = None | bool | int | float | str

_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_BASED = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_WRONG_BOMS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


@dataclass(slots=True)
class Node:
    """A scalar, a list of nodes, or a mapping of names to (key, value) nodes.

    `size` counts the nodes below with aliases expanded. `style` is that of a scalar: "" for plain,
    else its quote or `|` or `>`.
    """

    value: Scalar | list[Node] | dict[str, tuple[Node, Node]]
    line: int
    column: int
    style: str = ""
    size: int = 1


def read_yaml(
    data: str | bytes, file: str | None = None, builder: TreeBuilder | None = None
) -> Node:
    """The tree of a document. Raises InvalidBlueprint or LimitExceeded, with file and line.

    `builder` makes the tree; another format's may take tags and words that a blueprint has not.
    """
    text = decode(data, file)
    if file is not None and file.endswith(".json"):
        _check_json(text, file)
        # YAML takes these for line breaks; in JSON they can only stand inside a string.
        text = re.sub("[\x85\u2028\u2029]", lambda m: f"\\u{ord(m[0]):04x}", text)
    if "\\u" in text:
        # YAML has no surrogate pairs; JSON writes characters beyond the first plane so.
        text = _SURROGATES.sub(_joined_surrogates, text)
    builder = builder or TreeBuilder(file)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise invalid(_syntax_fault(error, text, file)) from error
    except yaml.reader.ReaderError as error:
        raise invalid(Fault(f"unreadable: {error.reason}", file=file)) from error
    if builder.faults:
        raise InvalidBlueprint(_summary(builder.faults), builder.faults)
    if builder.root is None:
        raise invalid(Fault("the file is empty", file=file, line=1, column=1))
    return builder.root


def decode(data: str | bytes, file: str | None) -> str:
    """The text of a file: UTF-8, of acceptable size, without characters that no text has."""
    if len(data) > MAX_BYTES:
        fault = Fault(f"the file is larger than {MAX_BYTES // 1024 // 1024} MB", file=file)
        raise LimitExceeded(str(fault), [fault])
    if isinstance(data, bytes):
        for mark, name in _WRONG_BOMS:
            if data.startswith(mark):
                message, hint = f"the file is {name}", "save it as UTF-8"
                raise invalid(Fault(message, file=file, line=1, column=1, hint=hint))
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line, column = _place(data[: error.start].decode("utf-8"), error.start)
            message = f"byte 0x{data[error.start]:02x} is not UTF-8"
            fault = Fault(message, file=file, line=line, column=column, hint="save it as UTF-8")
            raise invalid(fault) from error
    else:
        text = data
    text = text.removeprefix("\ufeff")
    bad = _CONTROL.search(text)
    if bad:
        line, column = _place(text, bad.start())
        message = f"the character U+{ord(bad[0]):04X} is not allowed in a text file"
        hint = "remove it, or write it as an escape in double quotes"
        raise invalid(Fault(message, file=file, line=line, column=column, hint=hint))
    return text


def invalid(fault: Fault) -> InvalidBlueprint:
    return InvalidBlueprint(str(fault), [fault])


def _summary(faults: list[Fault]) -> str:
    return str(faults[0]) if len(faults) == 1 else f"{len(faults)} faults, first: {faults[0]}"


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _joined_surrogates(match: re.Match[str]) -> str:
    high, low = int(match[1], 16), int(match[2], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _check_json(text: str, file: str) -> None:
    """Judge a .json file by JSON's own grammar: its messages fit what the author wrote."""
    try:
        # Numbers are not converted here: thousands of digits would be refused by the conversion.
        json.loads(text, parse_int=len, parse_float=len, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg}"
        ends = error.pos >= len(text.rstrip())
        hint = "the file ends too early" if ends else None
        raise invalid(
            Fault(message, file=file, line=error.lineno, column=error.colno, hint=hint)
        ) from error
    except RecursionError as error:
        fault = Fault(f"nested deeper than {MAX_DEPTH} levels", file=file)
        raise LimitExceeded(str(fault), [fault]) from error


def _no_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is not a value", name, 0)


def _syntax_fault(error: yaml.MarkedYAMLError, text: str, file: str | None) -> Fault:
    problem = error.problem or "unreadable"
    mark = error.problem_mark or error.context_mark
    message, hint = problem, None
    here = _character(text, mark)
    if "cannot start any token" in problem and here == "\t":
        message, hint = "a tab is used for indentation", "indent with spaces"
    elif "cannot start any token" in problem:
        hint = "quote the value"
    elif (mark and not here) or "end of stream" in problem:
        message = f"the file ends too early: {problem}"
        hint = "is a quote, a bracket or a ':' missing?"
    elif "mapping values are not allowed" in problem:
        message = "a second ': ' in one value"
        hint = "quote the value, or indent it as a mapping of its own"
        if mark and "${" in text.split("\n")[mark.line]:
            hint = "quote the expression: '${ ... }'"
    elif "flow" in (error.context or "") or "flow" in problem:
        hint = 'inside { } and [ ] quote every expression: "${...}"'
    elif "block" in (error.context or ""):
        hint = "check the indentation of this line and the one above"
    if error.context and message == problem:
        message = f"{problem} {error.context}"
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    return Fault(message, file=file, line=line, column=column, hint=hint)


def _character(text: str, mark: yaml.Mark | None) -> str:
    """The character at a mark; empty at the end of the file."""
    lines = text.split("\n")
    if mark is None or mark.line >= len(lines):
        return ""
    return lines[mark.line][mark.column : mark.column + 1]


class TreeBuilder:
    """Events in, tree out; faults that leave the rest readable are collected."""

    def __init__(self, file: str | None) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.root: Node | None = None
        self.documents = 0
        self.anchors: dict[str, Node] = {}
        # Open containers, each with its anchor; of a mapping also the key that waits for a value.
        self.open: list[tuple[Node, str | None]] = []
        self.keys: list[Node | None] = []

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self.add(self.scalar(event), event.anchor)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self.start(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            node, anchor = self.open.pop()
            self.keys.pop()
            self.add(node, anchor)
        elif isinstance(event, yaml.AliasEvent):
            self.alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents == 2:
                self.fault(event.start_mark, "a second document in the file", "one per file")

    def fault(self, mark: Any, message: str, hint: str | None = None) -> None:
        self.note(
            Fault(message, file=self.file, line=mark.line + 1, column=mark.column + 1, hint=hint)
        )

    def note(self, fault: Fault) -> None:
        self.faults.append(fault)
        if len(self.faults) >= MAX_FAULTS:
            raise InvalidBlueprint(_summary(self.faults), self.faults)

    def limit(self, mark: Any, message: str) -> LimitExceeded:
        self.fault(mark, message)
        return LimitExceeded(str(self.faults[-1]), self.faults[-1:])

    def start(self, event: Any) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise self.limit(event.start_mark, f"nested deeper than {MAX_DEPTH} levels")
        mark = event.start_mark
        self.check_tag(event)
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.open.append((Node(value, mark.line + 1, mark.column + 1), event.anchor))
        self.keys.append(None)

    def check_tag(self, event: Any) -> None:
        known = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!")
        if event.tag is not None and event.tag not in known:
            name = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.fault(event.start_mark, f"the tag {name} is not part of a blueprint")

    def scalar(self, event: Any) -> Node:
        mark = event.start_mark
        self.check_tag(event)
        plain = event.style is None or event.style == ""
        value: Scalar = event.value
        if plain and event.tag is None and not self.awaits_key():
            try:
                value = resolve_plain(event.value)
            except ValueError as error:
                self.fault(mark, str(error), "quote it if text is meant")
        return Node(value, mark.line + 1, mark.column + 1, "" if plain else event.style)

    def awaits_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1][0].value, dict) and not self.keys[-1]

    def alias(self, event: Any) -> None:
        target = self.anchors.get(event.anchor)
        mark = event.start_mark
        if target is None:
            self.fault(mark, f"the alias *{event.anchor} has no anchor before it")
            target = Node(None, mark.line + 1, mark.column + 1)
        self.add(target, None)

    def add(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = node
        if not self.open:
            if self.root is None:
                self.root = node
            return
        parent = self.open[-1][0]
        parent.size += node.size
        if parent.size > MAX_NODES:
            message = f"more than {MAX_NODES} values, aliases included"
            fault = Fault(message, file=self.file, line=node.line, column=node.column)
            raise LimitExceeded(str(fault), [fault])
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif self.keys[-1] is None:
            self.keys[-1] = node
        else:
            self.entry(parent, self.keys[-1], node)
            self.keys[-1] = None

    def entry(self, parent: Node, key: Node, value: Node) -> None:
        assert isinstance(parent.value, dict)
        name = key.value
        if not isinstance(name, str):
            self.node_fault(key, "a key has to be a single word or text")
        elif name == "<<" and not key.style:
            self.merge(parent.value, value)
        elif name in parent.value and parent.value[name][0] is not _MERGED:
            first = parent.value[name][0]
            self.node_fault(key, f"the key {name!r} is given twice", f"first in line {first.line}")
        else:
            parent.value[name] = (key, value)

    def merge(self, into: dict[str, tuple[Node, Node]], value: Node) -> None:
        """`<<: *defaults`; what stands in the mapping itself wins."""
        sources = value.value if isinstance(value.value, list) else [value]
        for source in sources:
            if not isinstance(source.value, dict):
                self.node_fault(value, "<< needs a mapping or a list of mappings")
                return
            for name, (_, inner) in source.value.items():
                into.setdefault(name, (_MERGED, inner))

    def node_fault(self, node: Node, message: str, hint: str | None = None) -> None:
        self.note(Fault(message, file=self.file, line=node.line, column=node.column, hint=hint))


_MERGED = Node("<<", 0, 0)


def resolve_plain(text: str) -> Scalar:
    """What an unquoted scalar means. Raises ValueError for numbers that no format can hold."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first not in "-+.0123456789":
        return text
    if _INTEGER.match(text):
        if len(text) > MAX_DIGITS:
            raise ValueError(f"a number is longer than {MAX_DIGITS} digits")
        return int(text)
    if _BASED.match(text) and len(text) <= MAX_DIGITS:
        return int(text, 0)
    if _FLOAT.match(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise ValueError(f"the number {text} is out of range")
        return number
    if _NOT_FINITE.match(text):
        raise ValueError(f"{text} is not a number that a cloud knows")
    return text
