"""The schemas that others wrote, in one shape: what a mapped path is judged against.

Terraform: the extracts under `tests/catalog_schemas/terraform-<provider>/` (see `extract`), and
what earlier releases had beyond them under `tests/catalog_schemas/older/` (see `older`).
CloudFormation: the resource schemas that cfn-lint carries.
Deployment Manager: the extract under `tests/catalog_schemas/google-api/` (see `discovery`).
ARM: the extract under `tests/catalog_schemas/arm/` (see `arm_packages`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from scripts.catalog_check.discovery import referable

SCHEMAS = Path(__file__).parents[2] / "tests" / "catalog_schemas"
REGION = "us-east-1"

ShapeKind = Literal["string", "number", "bool", "any", "list", "set", "map", "object"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a foreign schema allows in one place.

    `item` is set for list, set and map; `fields` and `required` for an object. `single` marks a
    list that holds one object at most. `json` marks a string that may be a JSON document as well.
    `one_of` are sets of names of which exactly one (or at least one) must be there. `older` marks
    what earlier releases knew and the present one does not: it may be read, not written.
    """

    kind: ShapeKind
    item: Shape | None = None
    fields: dict[str, Shape] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    one_of: tuple[frozenset[str], ...] = ()
    enum: tuple[Any, ...] = ()
    single: bool = False
    json: bool = False
    read_only: bool = False
    older: bool = False


ANY = Shape("any")


@dataclass(frozen=True, slots=True)
class ForeignType:
    """One resource type: its arguments, what may be referred to (dotted), and the arguments whose
    change replaces the resource, and those that are never shown again (top-level names; empty where
    the schema does not say)."""

    name: str
    arguments: Shape
    attributes: frozenset[str]
    replaced_by: frozenset[str] = frozenset()
    write_only: frozenset[str] = frozenset()
    api_version: str = ""


class UnknownForeignType(Exception):
    """The schema source has no such type."""


@cache
def terraform_type(name: str, schemas: Path = SCHEMAS) -> ForeignType:
    provider = name.partition("_")[0]
    file = schemas / f"terraform-{provider}" / f"{name}.json"
    older = _older_types(schemas / "older" / f"{provider}.json")
    if not file.is_file() and name not in older:
        raise UnknownForeignType(f"{name} is not in the Terraform extract {file.parent.name}")
    schema = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else older.pop(name)
    arguments = _with_older(_terraform_block(schema), older.get(name))
    return ForeignType(name, arguments, frozenset(_terraform_attributes(schema)))


def _older_types(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8"))["types"]) if file.is_file() else {}


def _with_older(shape: Shape, older: dict[str, Any] | None) -> Shape:
    """An object, or the objects of a list, with the arguments of earlier releases as well."""
    if older is None:
        return shape
    if shape.item is not None:
        return replace(shape, item=_with_older(shape.item, older))
    fields = dict(shape.fields)
    for name, gone in _terraform_block(older).fields.items():
        if name in fields:
            fields[name] = _with_older(fields[name], older["blocks"][name])
        else:
            fields[name] = replace(gone, older=True)
    return replace(shape, fields=fields)


def _terraform_block(schema: dict[str, Any]) -> Shape:
    fields: dict[str, Shape] = {}
    required: set[str] = set()
    for name, text in schema["attributes"].items():
        kind, use = text.split(" ")
        fields[name] = _terraform_attribute(kind, use == "computed")
        if use == "required":
            required.add(name)
    for name, block in schema.get("blocks", {}).items():
        inner = _terraform_block(block)
        nesting, read_only = block["nesting"], block["use"] == "computed"
        if nesting == "struct":
            fields[name] = Shape(
                "object", fields=inner.fields, required=inner.required, read_only=read_only
            )
        else:
            single = block.get("max") == 1
            fields[name] = Shape(nesting, item=inner, single=single, read_only=read_only)
        if block["use"] == "required":
            required.add(name)
    return Shape("object", fields=fields, required=frozenset(required))


def _terraform_attribute(kind: str, read_only: bool) -> Shape:
    outer, _, inner = kind.partition("(")
    if inner:
        return Shape(
            outer,  # type: ignore[arg-type]  # one of list, set, map: the extract writes no other
            item=_terraform_attribute(inner[:-1], False),
            read_only=read_only,
        )
    return Shape(kind, read_only=read_only)  # type: ignore[arg-type]  # string, number, bool, any


def _terraform_attributes(schema: dict[str, Any]) -> set[str]:
    """Every argument can be referred to as well; blocks by index."""
    found = set(schema["attributes"])
    for name, block in schema.get("blocks", {}).items():
        found.add(name)
        step = name if block["nesting"] == "struct" else f"{name}.0"
        found |= {f"{step}.{inner}" for inner in _terraform_attributes(block)}
    return found


@cache
def deployment_manager_type(name: str, schemas: Path = SCHEMAS) -> ForeignType:
    folder = schemas / "google-api"
    types = json.loads((folder / "TYPES.json").read_text(encoding="utf-8"))
    if name not in types:
        raise UnknownForeignType(f"{name} is not in the extract {folder.name}")
    described = json.loads((folder / f"{types[name]}.json").read_text(encoding="utf-8"))
    arguments = Shape(
        "object",
        fields=_discovered_fields(described["properties"], described["schemas"], ()),
        required=frozenset(described["required"]),
    )
    return ForeignType(name, arguments, frozenset(referable(described)))


def _discovered_fields(
    fields: dict[str, Any], schemas: dict[str, Any], seen: tuple[str, ...]
) -> dict[str, Shape]:
    found = {}
    for name, said in fields.items():
        data: dict[str, Any] = {"type": said} if isinstance(said, str) else said
        found[name] = replace(
            _discovered(data["type"], schemas, seen),
            enum=tuple(data.get("enum", ())),
            read_only=data.get("readOnly", False),
        )
    return found


def _discovered(kind: str, schemas: dict[str, Any], seen: tuple[str, ...]) -> Shape:
    if kind.startswith("@"):
        name = kind[1:]
        if name in seen or not schemas[name]:  # a recursive one: its second round is not judged
            return ANY
        return Shape("object", fields=_discovered_fields(schemas[name], schemas, (*seen, name)))
    return (
        _terraform_attribute(kind, False)
        if "(@" not in kind
        else Shape(
            "list" if kind.startswith("list(") else "map",
            item=_discovered(kind.partition("(")[2][:-1], schemas, seen),
        )
    )


@cache
def cloudformation_type(name: str) -> ForeignType:
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
    from cfnlint.schema.manager import ResourceNotFoundError

    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, name)
    except ResourceNotFoundError as error:
        raise UnknownForeignType(f"{name} is not among cfn-lint's schemas") from error
    document = schema.schema
    read_only = {p.split("/")[2] for p in document.get("readOnlyProperties", []) if _top(p)}
    shape = _cloudformation_shape(document, document, ())
    arguments = Shape(
        "object",
        fields={
            k: Shape(
                v.kind,
                v.item,
                v.fields,
                v.required,
                v.one_of,
                v.enum,
                v.single,
                v.json,
                k in read_only,
            )
            for k, v in shape.fields.items()
        },
        required=shape.required,
        one_of=shape.one_of,
    )
    attributes = {"Ref"} | set(schema.get_atts)
    replaced_by = {p.split("/")[2] for p in document.get("createOnlyProperties", []) if _top(p)}
    write_only = {p.split("/")[2] for p in document.get("writeOnlyProperties", []) if _top(p)}
    return ForeignType(
        name, arguments, frozenset(attributes), frozenset(replaced_by), frozenset(write_only)
    )


def _top(pointer: str) -> bool:
    return pointer.count("/") == 2


@cache
def arm_type(name: str, schemas: Path = SCHEMAS) -> ForeignType:
    """A type of Azure Resource Manager, with what the writer makes of a resource's place: `parent`,
    `names.<segment of the type>` for the resources above it, `scope` and `resourceGroup`."""
    file = schemas / "arm" / f"{name.partition('/')[0]}.json"
    content = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"types": {}}
    if name not in content["types"]:
        raise UnknownForeignType(f"{name} is not in the extract of ARM's types")
    said = content["types"][name]
    written = _arm_model(said["write"], content, ())
    above = name.split("/")[1:-1]
    place = {
        "name": Shape("string"),
        "parent": Shape("string"),
        "scope": Shape("string"),
        "resourceGroup": Shape("string"),
        "names": Shape("object", fields={segment: Shape("string") for segment in above}),
    }
    own = {k: v for k, v in written.fields.items() if k not in ("id", "type", "name")}
    arguments = Shape("object", fields=own | place, required=written.required - {"name", "type"})
    attributes = {"id", "name", *_arm_attributes(_arm_model(said["read"], content, ()))}
    for function, result in said["functions"].items():
        found = _arm_attributes(_arm_model(result, content, ()))
        attributes |= {f"{function}().{path}" for path in found}
    return ForeignType(name, arguments, frozenset(attributes), api_version=said["apiVersion"])


def _arm_model(name: str, content: dict[str, Any], seen: tuple[str, ...]) -> Shape:
    if name in seen or name not in content["models"]:  # its second round is not judged
        return ANY
    fields: dict[str, Shape] = {}
    required: set[str] = set()
    for key, text in content["models"][name].items():
        kind, use = text.split(" ")
        shape = _arm_shape(kind, content, (*seen, name))
        fields[key] = replace(shape, read_only=use == "computed") if use == "computed" else shape
        if use == "required":
            required.add(key)
    return Shape("object", fields=fields, required=frozenset(required)) if fields else ANY


def _arm_shape(kind: str, content: dict[str, Any], seen: tuple[str, ...]) -> Shape:
    outer, _, inner = kind.partition("(")
    if inner:
        item = _arm_shape(inner[:-1], content, seen)
        return Shape("list" if outer == "list" else "map", item=item)
    if kind == "id":
        return Shape("object", fields={"id": Shape("string")}, required=frozenset({"id"}))
    if kind.startswith("@"):
        return _arm_model(kind[1:], content, seen)
    if kind.startswith("#"):
        known = tuple(content["enums"][kind[1:]])
        return Shape("string", enum=known if len(known) <= _ENUM_MAX else ())
    return Shape(kind)  # type: ignore[arg-type]  # string, number, bool, any: no other is written


def _arm_attributes(shape: Shape, prefix: str = "", depth: int = 0) -> Iterator[str]:
    """The paths of what can be read, elements of lists as element 0."""
    if depth > _ATTRIBUTES_DEEP:
        return
    for key, inner in shape.fields.items():
        yield f"{prefix}{key}"
        below = inner.item if inner.kind == "list" and inner.item is not None else inner
        step = f"{prefix}{key}.0." if inner.kind == "list" else f"{prefix}{key}."
        yield from _arm_attributes(below, step, depth + 1)


_ATTRIBUTES_DEEP = 5
_ENUM_MAX = 40  # longer lists (sizes of machines) name what there was when they were written


_CFN_KINDS: dict[str, ShapeKind] = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "bool",
}


def _cloudformation_shape(node: Any, document: dict[str, Any], seen: tuple[str, ...]) -> Shape:
    if not isinstance(node, dict):
        return ANY
    if "$ref" in node:
        target = node["$ref"].rsplit("/", 1)[-1]
        if target in seen:  # a recursive definition: its second round is not judged
            return ANY
        return _cloudformation_shape(document["definitions"][target], document, (*seen, target))
    if "oneOf" in node and "type" not in node and "properties" not in node:
        # A list, or the same as JSON text: the structured one is what is written.
        return _cloudformation_shape(node["oneOf"][0], document, seen)
    kinds = node.get("type", "object" if "properties" in node else None)
    kinds = [kinds] if isinstance(kinds, str) else (kinds or [])
    if "array" in kinds and len(kinds) == 1:
        return Shape("list", item=_cloudformation_shape(node.get("items", {}), document, seen))
    if "object" in kinds and "properties" in node:
        return Shape(
            "object",
            fields={
                name: _cloudformation_shape(inner, document, seen)
                for name, inner in node["properties"].items()
            },
            required=frozenset(node.get("required", ())),
            one_of=tuple(
                frozenset(node[word]) for word in ("requiredXor", "requiredOr") if word in node
            ),
            json="string" in kinds,
        )
    if "object" in kinds and "string" not in kinds and "patternProperties" in node:
        inner = next(iter(node["patternProperties"].values()))
        return Shape("map", item=_cloudformation_shape(inner, document, seen))
    if "object" in kinds or node.get("format") == "json":
        return Shape("any", json=True)
    scalars = {_CFN_KINDS[k] for k in kinds if k in _CFN_KINDS}
    if len(scalars) != 1:
        return ANY
    return Shape(scalars.pop(), enum=tuple(node.get("enum", ())))


# CloudFormation's schemas do not list the keys of these lists; the API model does, in its text.
_KEYED_LISTS = {
    "LoadBalancerAttributes": ("elbv2", "LoadBalancerAttribute"),
    "TargetGroupAttributes": ("elbv2", "TargetGroupAttribute"),
}


@cache
def documented_keys(list_name: str) -> frozenset[str]:
    """The keys that the service's API model (botocore) documents for a list of keys and values;
    empty for any other list."""
    if list_name not in _KEYED_LISTS:
        return frozenset()
    from botocore.loaders import Loader

    service, shape = _KEYED_LISTS[list_name]
    model = Loader().load_service_model(service, "service-2")
    text = model["shapes"][shape]["members"]["Key"]["documentation"]
    return frozenset(re.findall(r"<code>([a-z0-9_]+(?:\.[a-z0-9_]+)+)</code>", text))
