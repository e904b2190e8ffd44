"""A blueprint as text: YAML or JSON to `Blueprint` and back, without loss.

Reading reports everything that is wrong with the form at once, each fault with line and column:
syntax, unknown and missing keys, wrong shapes, expressions that do not parse. What needs the
catalog or the whole (types, references, cycles) is `dharma.blueprint.validation`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, cast

from dharma.blueprint.dump import dump_blueprint
from dharma.blueprint.nearest import suggestion
from dharma.blueprint.tree import plain
from dharma.blueprint.yaml_source import Node, Scalar, read_yaml
from dharma.core.errors import Fault, InvalidBlueprint, LimitExceeded
from dharma.core.garbage import seldom_collected
from dharma.model.blueprint import (
    Blueprint,
    Lifecycle,
    Output,
    Provider,
    Removed,
    Resource,
    Variable,
)
from dharma.model.expressions.errors import ExpressionError
from dharma.model.expressions.nodes import ObjectConstructor, Value, is_known
from dharma.model.expressions.parser import is_identifier, is_type_name, parse_template
from dharma.model.origin import Origin

__all__ = ["API_VERSION", "dump_blueprint", "load_blueprint"]

API_VERSION = "dharma/v1"
MAX_FAULTS = 2000
PROVIDERS = ("aws", "azure", "gcp")

_TOP = (
    "apiVersion",
    "kind",
    "name",
    "version",
    "provider",
    "description",
    "variables",
    "resources",
    "outputs",
    "removed",
    "metadata",
)
_VARIABLE = (
    "name",
    "type",
    "default",
    "required",
    "description",
    "sensitive",
    "allowed",
    "pattern",
    "min",
    "max",
)
_RESOURCE = (
    "name",
    "type",
    "properties",
    "count",
    "for_each",
    "condition",
    "depends_on",
    "lifecycle",
    "native",
    "region",
    "module",
    "renamed_from",
    "import",
)
_REMOVED = ("address", "destroy")
_OUTPUT = ("name", "value", "description", "sensitive", "condition")
_LIFECYCLE = ("prevent_destroy", "create_before_destroy", "ignore_changes")
_BLUEPRINT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}\Z")


def load_blueprint(text: str | bytes, file: str | None = None) -> Blueprint:
    """Read a blueprint. `file` is for messages and origins; `.json` asks for strict JSON.

    Raises InvalidBlueprint with all faults, or LimitExceeded.
    """
    reading = _Reading(file)
    blueprint = None
    with seldom_collected(), suppress(_TooManyFaults):
        blueprint = reading.blueprint(read_yaml(text, file))
    if blueprint is None or reading.faults:
        faults = sorted(reading.faults, key=lambda f: (f.line or 0, f.column or 0))
        first = str(faults[0])
        raise InvalidBlueprint(
            first if len(faults) == 1 else f"{len(faults)} faults, first: {first}", faults
        )
    return blueprint


class _TooManyFaults(Exception):
    """Enough has been found to stop."""


class _Reading:
    """One pass over the tree. Every method gives its best result and notes the faults."""

    def __init__(self, file: str | None) -> None:
        self.file = file
        self.faults: list[Fault] = []

    # -- the parts of a document

    def blueprint(self, root: Node) -> Blueprint | None:
        fields = self.fields(
            root,
            "",
            _TOP,
            required=("apiVersion", "kind", "name", "version", "provider", "resources"),
        )
        if fields is None:
            return None
        self.constant(fields, "apiVersion", API_VERSION)
        self.constant(fields, "kind", "Blueprint")
        name = self.text(fields, "name", "") or ""
        if "name" in fields and isinstance(fields["name"].value, str):
            self.check(
                fields["name"],
                "name",
                _BLUEPRINT_NAME.match(name) is not None,
                f"{name!r} is no name for a blueprint",
                "a letter, then letters, digits, - and _, 128 at most",
            )
        provider = self.text(fields, "provider", "")
        if provider is not None and provider not in PROVIDERS:
            self.fault(
                fields["provider"],
                f"unknown provider {provider!r}",
                "provider",
                "one of aws, azure, gcp",
            )
        return Blueprint(
            name=name,
            version=self.version(fields),
            provider=cast(Provider, provider),
            description=self.text(fields, "description", ""),
            variables=tuple(
                self.variable(node, path) for path, node in self.members(fields, "variables")
            ),
            resources=tuple(
                self.resource(node, path) for path, node in self.members(fields, "resources")
            ),
            outputs=tuple(
                self.output(node, path) for path, node in self.members(fields, "outputs")
            ),
            removed=tuple(
                self.removed(node, path) for path, node in self.members(fields, "removed")
            ),
            metadata=self.metadata(fields),
            origin=self.origin(root, None),
        )

    def version(self, fields: dict[str, Node]) -> str:
        node = fields.get("version")
        if node is not None and isinstance(node.value, int | float):
            self.fault(node, "the version is a number", "version", 'quote it: "1.0.0"')
            return ""
        version = self.text(fields, "version", "")
        if node is not None and version is not None and not _SEMVER.match(version):
            self.fault(
                node,
                f"{version!r} is no semantic version",
                "version",
                "three numbers: 1.2.0, or 1.2.0-beta.1",
            )
        return version or ""

    def metadata(self, fields: dict[str, Node]) -> dict[str, Any]:
        node = fields.get("metadata")
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self.fault(node, "metadata is not a mapping", "metadata")
            return {}
        return cast(dict[str, Any], plain(node))

    def variable(self, node: Node, path: str) -> Variable:
        fields = self.fields(node, path, _VARIABLE, required=("name",)) or {}
        name = self.name(fields, path, "a variable")
        path = f"variables.{name}" if name else path
        required = self.flag(fields, "required", path, "default" not in fields)
        if required and "default" in fields:
            self.fault(
                fields["default"],
                "a required variable has no default",
                f"{path}.default",
                "drop one of the two",
            )
        kind = self.text(fields, "type", path)
        return Variable(
            name=name,
            type="string" if kind is None else kind,
            default=None if required else self.literal(fields, "default", path),
            required=required,
            description=self.text(fields, "description", path),
            sensitive=self.flag(fields, "sensitive", path, False),
            allowed=self.allowed(fields, path),
            pattern=self.text(fields, "pattern", path),
            min=self.number(fields, "min", path),
            max=self.number(fields, "max", path),
            origin=self.origin(node, f"var.{name}"),
        )

    def allowed(self, fields: dict[str, Node], path: str) -> tuple[Any, ...]:
        values = self.literal(fields, "allowed", path)
        if values is None:
            return ()
        if not isinstance(values, list):
            self.fault(fields["allowed"], "not a list", f"{path}.allowed", "write [a, b]")
            return ()
        return tuple(values)

    def resource(self, node: Node, path: str) -> Resource:
        fields = self.fields(node, path, _RESOURCE, required=("name", "type")) or {}
        name = self.name(fields, path, "a resource")
        kind = self.type_name(fields, path)
        if name and kind:
            path = f"resources.{kind}.{name}"
        marks: dict[tuple[str | int, ...], tuple[int, int]] = {}
        properties: dict[str, Value] = {}
        if (given := fields.get("properties")) is not None:
            marks[()] = (given.line, given.column)
            properties = self.mapping(given, f"{path}.properties", marks)
        chosen = [key for key in ("count", "for_each", "condition") if key in fields]
        if len(chosen) > 1:
            self.fault(
                fields[chosen[1]],
                f"{chosen[0]} and {chosen[1]} exclude each other",
                f"{path}.{chosen[1]}",
                "put the condition into the loop: count = var.on ? 1 : 0",
            )
        return Resource(
            type=kind,
            name=name,
            properties=properties,
            count=self.template(fields, "count", path, marks),
            for_each=self.template(fields, "for_each", path, marks),
            condition=self.template(fields, "condition", path, marks),
            depends_on=self.names(fields, "depends_on", path),
            lifecycle=self.lifecycle(fields, path),
            native=self.native(fields, f"{path}.native"),
            region=self.template(fields, "region", path, marks),
            module=self.module(fields, path),
            renamed_from=self.names(fields, "renamed_from", path),
            import_id=self.adopted(fields, path, marks),
            origin=self.origin(node, f"{kind}.{name}"),
            marks=marks,
        )

    def module(self, fields: dict[str, Node], path: str) -> str | None:
        node = fields.get("module")
        if node is None or node.value is None:
            return None
        return self.name(fields, path, "a module", "module") or None

    def adopted(
        self,
        fields: dict[str, Node],
        path: str,
        marks: dict[tuple[str | int, ...], tuple[int, int]],
    ) -> Value:
        node = fields.get("import")
        if node is None or node.value is None:
            return None
        path = f"{path}.import"
        inner = self.fields(node, path, ("id",), required=("id",)) or {}
        found = self.template(inner, "id", path, {})
        marks["@import",] = (node.line, node.column)
        return found

    def removed(self, node: Node, path: str) -> Removed:
        fields = self.fields(node, path, _REMOVED, required=("address",)) or {}
        address = self.text(fields, "address", path) or ""
        return Removed(
            address=address,
            destroy=self.flag(fields, "destroy", path, False),
            origin=self.origin(node, address),
        )

    def native(self, fields: dict[str, Node], path: str) -> dict[str, dict[str, Value]]:
        if "native" not in fields:
            return {}
        by_format = self.fields(fields["native"], path) or {}
        return {name: self.mapping(node, f"{path}.{name}", {}) for name, node in by_format.items()}

    def lifecycle(self, fields: dict[str, Node], path: str) -> Lifecycle:
        node = fields.get("lifecycle")
        if node is None:
            return Lifecycle()
        path = f"{path}.lifecycle"
        inner = self.fields(node, path, _LIFECYCLE) or {}
        return Lifecycle(
            prevent_destroy=self.flag(inner, "prevent_destroy", path, False),
            create_before_destroy=self.flag(inner, "create_before_destroy", path, False),
            ignore_changes=self.names(inner, "ignore_changes", path),
        )

    def output(self, node: Node, path: str) -> Output:
        fields = self.fields(node, path, _OUTPUT, required=("name", "value")) or {}
        name = self.name(fields, path, "an output")
        path = f"outputs.{name}" if name else path
        return Output(
            name=name,
            value=self.template(fields, "value", path, {}),
            description=self.text(fields, "description", path),
            sensitive=self.flag(fields, "sensitive", path, False),
            condition=self.template(fields, "condition", path, {}),
            origin=self.origin(node, f"output.{name}"),
        )

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
            raise _TooManyFaults


_SEMVER = re.compile(
    r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})"
    r"(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?\Z",
    re.ASCII,
)


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
