"""The JSON Schema (2020-12) of a provider's blueprints: completion and checks in editors.

It knows the form of a document and every kind of the catalog. It accepts whatever the validation
accepts (an expression may stand for any value, a type of Terraform for any kind); what it cannot
say, references for one, only the validation finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dharma.blueprint import versions
from dharma.blueprint.validation import OF_NO_CLOUD
from dharma.catalog.catalog import Catalog
from dharma.catalog.kinds import Kind, Property
from dharma.model.blueprint import Provider

Schema = dict[str, Any]

_NAME = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$", "maxLength": 128}
_TEXT = {"type": "string"}
_ADDRESS = {**_TEXT, "description": "As Terraform writes it: aws_sqs_queue.old"}
_FLAG = {"type": "boolean"}
_EXPRESSION: Schema = {"$ref": "#/$defs/expression"}
_PREFIXES = {"aws": "aws_", "azure": "azurerm_|azuread_", "gcp": "google_"}
_SCALARS: dict[str, Schema] = {
    "string": {"type": ["string", "number", "boolean"]},
    "number": {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^-?[0-9.eE+-]+$"}]},
    "bool": {"enum": [True, False, "true", "false"]},
}


def json_schema(catalog: Catalog, provider: Provider) -> Schema:
    """The schema as plain data."""
    kinds = list(catalog.kinds(provider))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"IAC Dharma blueprint ({provider})",
        "type": "object",
        "required": ["apiVersion", "kind", "name", "version", "provider", "resources"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": "dharma/v1"},
            "kind": {"const": "Blueprint"},
            "name": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,127}$"},
            "version": {
                "type": "string",
                "pattern": f"^{versions.PATTERN}$",
                "maxLength": versions.MAX_LENGTH,
            },
            "provider": {"const": provider},
            "description": _TEXT,
            "variables": {"type": "array", "items": {"$ref": "#/$defs/variable"}},
            "resources": {"type": "array", "items": {"$ref": "#/$defs/resource"}},
            "outputs": {"type": "array", "items": {"$ref": "#/$defs/output"}},
            "removed": {"type": "array", "items": {"$ref": "#/$defs/removed"}},
            "metadata": {"type": "object"},
        },
        "$defs": {
            "expression": {"type": "string", "pattern": r"[$%]\{"},
            "variable": _variable(),
            "output": _output(),
            "removed": _object({"address": _ADDRESS, "destroy": _FLAG}, ["address"]),
            "resource": _resource(kinds, provider),
            **{f"kind.{kind.name}": _kind(kind) for kind in kinds},
        },
    }


def _variable() -> Schema:
    return _object(
        {
            "name": _NAME,
            "type": {**_TEXT, "description": "string, number, bool, list(T), map(T), object({})"},
            "default": {},
            "required": _FLAG,
            "description": _TEXT,
            "sensitive": _FLAG,
            "allowed": {"type": "array"},
            "pattern": {**_TEXT, "description": "A regular expression without look-around."},
            "min": {"type": "number", "description": "Of a number; of others the length."},
            "max": {"type": "number", "description": "Of a number; of others the length."},
        },
        ["name"],
    )


def _output() -> Schema:
    return _object(
        {
            "name": _NAME,
            "value": {},
            "description": _TEXT,
            "sensitive": _FLAG,
            "condition": _or_expression(_FLAG),
        },
        ["name", "value"],
    )


def _resource(kinds: list[Kind], provider: Provider) -> Schema:
    schema = _object(
        {
            "name": _NAME,
            "type": {
                "anyOf": [
                    {"enum": [kind.name for kind in kinds]},
                    {
                        "type": "string",
                        "pattern": f"^({'|'.join([_PREFIXES[provider], *OF_NO_CLOUD, 'module$'])})",
                    },
                ]
            },
            "properties": {"type": ["object", "null"]},
            "count": _or_expression({"type": "integer", "minimum": 0}),
            "for_each": _or_expression({"type": ["object", "array"]}),
            "condition": _or_expression(_FLAG),
            "depends_on": {"type": "array", "items": _TEXT},
            "lifecycle": _object(
                {
                    "prevent_destroy": _FLAG,
                    "create_before_destroy": _FLAG,
                    "ignore_changes": {"type": "array", "items": _TEXT},
                },
                [],
            ),
            "native": {"type": "object", "additionalProperties": {"type": "object"}},
            "region": {**_TEXT, "description": "Where it lives, if not where the others do."},
            "module": {**_NAME, "description": "The group that it is written with."},
            "renamed_from": {
                "type": "array",
                "items": _TEXT,
                "description": "Former names or addresses, oldest first.",
            },
            "import": _object({"id": {"type": ["string", "number"]}}, ["id"]),
        },
        ["name", "type"],
    )
    schema["allOf"] = [
        {
            "if": {"properties": {"type": {"const": kind.name}}, "required": ["type"]},
            "then": _typed(kind),
        }
        for kind in kinds
    ]
    return schema


def _typed(kind: Kind) -> Schema:
    then: Schema = {"properties": {"properties": {"$ref": f"#/$defs/kind.{kind.name}"}}}
    if any(p.required for p in kind.properties.values()):
        then["required"] = ["properties"]
    return then


def _kind(kind: Kind) -> Schema:
    return {"title": kind.title, **_members(kind.properties)}


def _members(properties: Mapping[str, Property]) -> Schema:
    required = [name for name, declared in properties.items() if declared.required]
    return _object({name: _property(p) for name, p in properties.items()}, required)


def _property(declared: Property) -> Schema:
    schema = _or_expression(_type(declared))
    if declared.description:
        schema["description"] = declared.description
    if declared.default is not None:
        schema["default"] = declared.default
    return schema


def _type(declared: Property) -> Schema:
    if declared.type == "object":
        return _members(declared.properties)
    if declared.type in ("list(object)", "set(object)"):
        return {"type": "array", "items": _or_expression(_members(declared.properties))}
    if declared.type == "document":
        return {"type": ["object", "array", "string"]}
    collection, _, rest = declared.type.partition("(")
    element = _scalar(rest.rstrip(")") or declared.type, declared)
    if collection == "map":
        return {"type": "object", "additionalProperties": _or_expression(element)}
    if rest:
        return {"type": "array", "items": _or_expression(element)}
    return element


def _scalar(name: str, declared: Property) -> Schema:
    if not declared.enum:
        return dict(_SCALARS[name])
    # A number or bool may be written as its text.
    texts = [value for value in declared.enum if not isinstance(value, str)]
    return {"enum": [*declared.enum, *map(_text, texts), *declared.aliases]}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _or_expression(schema: Schema) -> Schema:
    return {"anyOf": [schema, _EXPRESSION, {"type": "null"}]}


def _object(properties: Schema, required: list[str]) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    return schema
