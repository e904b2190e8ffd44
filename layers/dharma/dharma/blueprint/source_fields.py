"""Fields of a blueprint's text as values of the model: names, texts, numbers, lists, expressions.

What has the wrong form is noted with line and column, and reading goes on.
"""

from __future__ import annotations

import re

from dharma.blueprint.nearest import suggestion
from dharma.blueprint.yaml_source import Node, Scalar
from dharma.core.errors import Fault, LimitExceeded
from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.grammar import is_identifier, is_type_name
from dharma.model.expressions.nodes import ObjectConstructor, Value, is_known
from dharma.model.expressions.parser import parse_template
from dharma.model.origin import Origin

MAX_FAULTS = 2000


class TooManyFaults(Exception):
    """Enough has been found to stop."""


class FieldReading:
    """What any part of a document is read with. Every method gives its best result and notes the
    faults; TooManyFaults ends them all."""

    def __init__(self, file: str | None) -> None:
        self.file = file
        self.faults: list[Fault] = []

    # -- shapes

    def fields(
        self, node: Node, path: str, known: tuple[str, ...] = (), required: tuple[str, ...] = ()
    ) -> dict[str, Node] | None:
        """The entries of a mapping; unknown keys (where `known` is given) and missing ones are
        faults."""
        if not isinstance(node.value, dict):
            self.fault(node, f"{_shape(node)} where a mapping should be", path, "write key: value")
            return None
        fields: dict[str, Node] = {}
        for name, (key, value) in node.value.items():
            if known and name not in known:
                hint = suggestion(name, known) or "known: " + ", ".join(known)
                self.fault(
                    key if key.line else value, f"unknown key {name!r}", _join(path, name), hint
                )
            else:
                fields[name] = value
        for name in required:
            if name not in fields:
                self.fault(node, f"{name} is missing", _join(path, name))
        return fields

    def members(self, fields: dict[str, Node], key: str) -> list[tuple[str, Node]]:
        node = fields.get(key)
        if node is None or node.value is None:
            return []
        if not isinstance(node.value, list):
            self.fault(node, f"{_shape(node)} where a list should be", key, "begin each with '- '")
            return []
        return [(f"{key}[{n}]", member) for n, member in enumerate(node.value)]

    def constant(self, fields: dict[str, Node], key: str, value: str) -> None:
        if key in fields:
            self.check(
                fields[key],
                key,
                fields[key].value == value,
                f"{fields[key].value!r} is not supported",
                f"write {key}: {value}",
            )

    def text(self, fields: dict[str, Node], key: str, path: str) -> str | None:
        node = fields.get(key)
        if node is None or node.value is None:
            return None
        if isinstance(node.value, str):
            return node.value
        self.fault(
            node,
            f"{_shape(node)} where text should be",
            _join(path, key),
            None if isinstance(node.value, list | dict) else "quote it",
        )
        return None

    def name(self, fields: dict[str, Node], path: str, what: str, key: str = "name") -> str:
        name = self.text(fields, key, path)
        if name is not None:
            self.check(
                fields[key],
                _join(path, key),
                is_identifier(name) and len(name) <= 128,
                f"{name!r} is no name for {what}",
                "a letter or _, then letters, digits, _ and -",
            )
        elif key in fields and fields[key].value is None:
            self.fault(fields[key], f"{key} is empty", _join(path, key))
        return name or ""

    def type_name(self, fields: dict[str, Node], path: str) -> str:
        name = self.text(fields, "type", path)
        if name is not None:
            self.check(
                fields["type"],
                _join(path, "type"),
                is_type_name(name) and len(name) <= 256,
                f"{name!r} is no type of resource",
                "a kind of the catalog such as aws_s3_bucket",
            )
        elif "type" in fields and fields["type"].value is None:
            self.fault(fields["type"], "type is empty", _join(path, "type"))
        return name or ""

    def flag(self, fields: dict[str, Node], key: str, path: str, default: bool) -> bool:
        node = fields.get(key)
        if node is None or node.value is None:
            return default
        if isinstance(node.value, bool):
            return node.value
        self.fault(node, f"{_shape(node)} where true or false should be", _join(path, key))
        return default

    def number(self, fields: dict[str, Node], key: str, path: str) -> float | None:
        node = fields.get(key)
        if node is None or node.value is None:
            return None
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return node.value
        self.fault(node, f"{_shape(node)} where a number should be", _join(path, key))
        return None

    def names(self, fields: dict[str, Node], key: str, path: str) -> tuple[str, ...]:
        node = fields.get(key)
        if node is None or node.value is None:
            return ()
        if not isinstance(node.value, list):
            self.fault(node, f"{_shape(node)} where a list should be", _join(path, key))
            return ()
        names = []
        for n, member in enumerate(node.value):
            if isinstance(member.value, str):
                names.append(member.value)
            else:
                self.fault(
                    member, f"{_shape(member)} where a name should be", f"{_join(path, key)}[{n}]"
                )
        return tuple(names)

    # -- values

    def literal(self, fields: dict[str, Node], key: str, path: str) -> Value:
        value = self.template(fields, key, path, {})
        if not is_known(value):
            self.fault(
                fields[key],
                f"{key} has to be a plain value",
                _join(path, key),
                "write $${ where ${ is meant as text",
            )
            return None
        return value

    def template(
        self,
        fields: dict[str, Node],
        key: str,
        path: str,
        marks: dict[tuple[str | int, ...], tuple[int, int]],
    ) -> Value:
        node = fields.get(key)
        return None if node is None else self.value(node, _join(path, key), marks, (f"@{key}",))

    def mapping(
        self, node: Node, path: str, marks: dict[tuple[str | int, ...], tuple[int, int]]
    ) -> dict[str, Value]:
        if node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self.fault(node, f"{_shape(node)} where a mapping should be", path, "write key: value")
            return {}
        value = self.value(node, path, marks, ())
        if isinstance(value, dict):
            return value
        self.fault(node, "the name of a property cannot be an expression", path)
        return {}

    def value(
        self,
        node: Node,
        path: str,
        marks: dict[tuple[str | int, ...], tuple[int, int]],
        steps: tuple[str | int, ...],
    ) -> Value:
        """A property's value; notes in `marks` where everything below it stands."""
        marks[steps] = (node.line, node.column)
        raw = node.value
        if isinstance(raw, str):
            return self.parsed(node, raw, path)
        if isinstance(raw, list):
            return [
                self.value(inner, f"{path}[{n}]", marks, (*steps, n)) for n, inner in enumerate(raw)
            ]
        if not isinstance(raw, dict):
            return raw
        items: list[tuple[Value, Value]] = []
        plain: dict[str, Value] = {}
        for name, (key, inner) in raw.items():
            value = self.value(inner, f"{path}.{name}", marks, (*steps, name))
            parsed = self.parsed(key, name, path) if "{" in name else name
            items.append((parsed, value))
            if isinstance(parsed, str):
                plain[parsed] = value
        if len(plain) == len(items):
            return plain
        return ObjectConstructor(tuple(items))

    def parsed(self, node: Node, text: str, path: str) -> Value:
        try:
            return parse_template(text)
        except ExpressionError as error:
            line, column = _inside(node, text, error.offset)
            hint = error.hint or _expression_hint(text, error.offset)
            self.note(Fault(error.message, path, self.file, line, column, hint))
        except LimitExceeded as error:
            self.fault(node, error.message, path)
        return None

    # -- faults

    def origin(self, node: Node, address: str | None) -> Origin:
        return Origin(self.file, node.line, node.column, address)

    def check(self, node: Node, path: str, right: bool, message: str, hint: str) -> None:
        if not right:
            self.fault(node, message, path, hint)

    def fault(self, node: Node, message: str, path: str, hint: str | None = None) -> None:
        self.note(Fault(message, path, self.file, node.line, node.column, hint))

    def note(self, fault: Fault) -> None:
        self.faults.append(fault)
        if len(self.faults) == MAX_FAULTS:
            message = f"more than {MAX_FAULTS} faults, the rest is not listed"
            self.faults.append(Fault(message, "", self.file, fault.line, fault.column))
            raise TooManyFaults


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _shape(node: Node) -> str:
    value: Scalar | list[Node] | dict[str, tuple[Node, Node]] = node.value
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    names = {str: "text", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
    return names[type(value)]


def _inside(node: Node, text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character of a scalar: exact for one-line and `|` strings without
    escapes, else the start of the scalar."""
    before = text[:offset]
    if node.style == "|":
        return node.line + 1 + before.count("\n"), len(before) - before.rfind("\n")
    if node.style == ">" or "\n" in before or (node.style == '"' and "\\" in before):
        return node.line, node.column
    return node.line, node.column + (1 if node.style else 0) + offset


def _expression_hint(text: str, offset: int) -> str | None:
    if re.match(r"\$\{[a-z]+:[A-Za-z]", text[max(0, text.rfind("${", 0, offset + 2)) :]):
        return "write $${ where ${ is meant as text"
    return None
