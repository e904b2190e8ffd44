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
from dharma.blueprint.source_fields import FieldReading, TooManyFaults
from dharma.blueprint.tree import plain
from dharma.blueprint.versions import is_version
from dharma.blueprint.yaml_source import Node, read_yaml
from dharma.core.errors import InvalidBlueprint
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
from dharma.model.expressions.nodes import Value

__all__ = ["API_VERSION", "dump_blueprint", "load_blueprint"]

API_VERSION = "dharma/v1"
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
    with seldom_collected(), suppress(TooManyFaults):
        blueprint = reading.blueprint(read_yaml(text, file))
    if blueprint is None or reading.faults:
        faults = sorted(reading.faults, key=lambda f: (f.line or 0, f.column or 0))
        first = str(faults[0])
        raise InvalidBlueprint(
            first if len(faults) == 1 else f"{len(faults)} faults, first: {first}", faults
        )
    return blueprint


class _Reading(FieldReading):
    """The parts of a document, in one pass over the tree."""

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
        if node is not None and version is not None and not is_version(version):
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
