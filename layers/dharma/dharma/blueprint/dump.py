"""A blueprint as YAML or JSON text; `load_blueprint` gives the very same blueprint back."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import yaml

from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Blueprint, Lifecycle, Output, Removed, Resource, Variable
from dharma.model.expressions.nodes import Expression, Value
from dharma.model.expressions.printer import print_template

# What a literal block (`|`) holds exactly: no line begins or ends blank, the first is not empty.
_BLOCK = re.compile(r"(?:[!-~\u00a1-\ud7ff](?:[ -~\u00a0-\ud7ff]*[!-~\u00a1-\ud7ff])?\n+)+\Z")

# Controls, line separators and byte order marks: escaped in JSON, as no reader shows them.
_INVISIBLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def dump_blueprint(blueprint: Blueprint, format: Literal["yaml", "json"] = "yaml") -> str:
    """The document as text. Raises NotExpressible for a value that has none (unknown, infinite)."""
    document = to_document(blueprint)
    if format == "json":
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        return _INVISIBLE.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
    return yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=10_000,
        default_flow_style=False,
    )


def to_document(blueprint: Blueprint) -> dict[str, Any]:
    """The document as plain data, in the order that people read it; defaults are left out."""
    document: dict[str, Any] = {
        "apiVersion": "dharma/v1",
        "kind": "Blueprint",
        "name": blueprint.name,
        "version": blueprint.version,
        "provider": blueprint.provider,
    }
    _put(document, "description", blueprint.description)
    if blueprint.variables:
        document["variables"] = [_variable(v) for v in blueprint.variables]
    document["resources"] = [_resource(r) for r in blueprint.resources]
    if blueprint.outputs:
        document["outputs"] = [_output(o) for o in blueprint.outputs]
    if blueprint.removed:
        document["removed"] = [_removed(r) for r in blueprint.removed]
    if blueprint.metadata:
        document["metadata"] = blueprint.metadata
    return document


def plain_value(value: Value) -> Any:
    """A value as a document holds it: expressions as `${...}` text."""
    if isinstance(value, str | Expression):
        return print_template(value)
    if isinstance(value, list):
        return [plain_value(v) for v in value]
    if isinstance(value, dict):
        return {print_template(k): plain_value(v) for k, v in value.items()}
    return value


def _put(into: dict[str, Any], key: str, value: Any) -> None:
    if value is not None:
        into[key] = value


def _variable(variable: Variable) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": variable.name, "type": variable.type}
    _put(entry, "description", variable.description)
    if not variable.required:
        entry["default"] = plain_value(variable.default)
    if variable.sensitive:
        entry["sensitive"] = True
    if variable.allowed:
        entry["allowed"] = plain_value(list(variable.allowed))
    _put(entry, "pattern", variable.pattern)
    _put(entry, "min", variable.min)
    _put(entry, "max", variable.max)
    return entry


def _resource(resource: Resource) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": resource.name, "type": resource.type}
    _put(entry, "module", resource.module)
    for key in ("count", "for_each", "condition", "region"):
        _put(entry, key, plain_value(getattr(resource, key)))
    if resource.properties:
        entry["properties"] = {
            print_template(name): _property(resource, name, value)
            for name, value in resource.properties.items()
        }
    if resource.depends_on:
        entry["depends_on"] = list(resource.depends_on)
    if resource.lifecycle != Lifecycle():
        entry["lifecycle"] = _lifecycle(resource.lifecycle)
    if resource.renamed_from:
        entry["renamed_from"] = list(resource.renamed_from)
    if resource.import_id is not None:
        entry["import"] = {"id": plain_value(resource.import_id)}
    if resource.native:
        entry["native"] = {name: plain_value(extra) for name, extra in resource.native.items()}
    return entry


def _property(resource: Resource, name: str, value: Value) -> Any:
    try:
        return plain_value(value)
    except NotExpressible as error:
        path = f"resources.{resource.address}.properties.{name}"
        raise NotExpressible(f"{path}: {error.message}") from error


def _lifecycle(lifecycle: Lifecycle) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if lifecycle.prevent_destroy:
        entry["prevent_destroy"] = True
    if lifecycle.create_before_destroy:
        entry["create_before_destroy"] = True
    if lifecycle.ignore_changes:
        entry["ignore_changes"] = list(lifecycle.ignore_changes)
    return entry


def _removed(removed: Removed) -> dict[str, Any]:
    entry: dict[str, Any] = {"address": removed.address}
    if removed.destroy:
        entry["destroy"] = True
    return entry


def _output(output: Output) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": output.name, "value": plain_value(output.value)}
    _put(entry, "description", output.description)
    if output.sensitive:
        entry["sensitive"] = True
    _put(entry, "condition", plain_value(output.condition))
    return entry


class _Dumper(yaml.CSafeDumper):
    """Quotes whatever any YAML reader, of version 1.1 or 1.2, would take for more than text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text and _BLOCK.match(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"),
    list("-+.0123456789"),
)
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z"), ["0"]
)
