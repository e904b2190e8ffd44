"""Argument names, types and nesting of a Terraform provider, out of `@cdktf/provider-aws`,
`@cdktf/provider-azurerm` or `@cdktf/provider-google`.

    scripts/catalog-extract cdktf-provider-aws-21.22.1.tgz     # from `npm pack @cdktf/provider-aws`

The package (MPL-2.0, generated from the provider's own schema) is read, never executed. What is
kept are facts: for each resource type that the catalog names, one JSON file under
`tests/catalog_schemas/terraform-<provider>/`, in the manner of `terraform providers schema -json`:

    {"attributes": {"cidr_block": "string optional", "arn": "string computed", ...},
     "blocks": {"ebs": {"use": "optional", "nesting": "list", "max": 1, "attributes": {...}}}}

A use is required, optional or computed (an optional one may be computed when it is left out).
`nesting` is list, set, struct or map; `max: 1` marks a block that may stand once;
`syntax: "attribute"` an argument that holds objects without being a block in HCL.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

CLASS = re.compile(r"^class (\w+) extends cdktf\.(\w+) \{\n(.*?)^\}", re.M | re.S)
GETTER = re.compile(
    r"^    get (\w+)\(\) \{\n(?:        //[^\n]*\n)*        return (cdktf\.Fn\.tolist\()?"
    r"this\.(get\w+Attribute|interpolationForAttribute)\('(\w+)'\)",
    re.M,
)
CREATED = re.compile(r"this\._(\w+) = new (?:\w+\.)?(\w+)\(this, \"(\w+)\"(?:, (true|false))?\);")
OBJECT_ARGUMENT = re.compile(
    r"^\s+(\w+): \{\s+value: cdktf\.listMapperHcl\((?:\w+\.)?(\w+)ToHclTerraform, false\)", re.M
)
STRUCT_ARGUMENT = re.compile(
    r"^\s+(\w+): \{\s+value: (?:\w+\.)?(\w+)ToHclTerraform\([^\n]*\),"
    r"\s+isBlock: true,\s+type: \"(\w+)\"",
    re.M,
)

TYPES = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": "list(string)",
    "getNumberListAttribute": "list(number)",
    "getStringMapAttribute": "map(string)",
    "getNumberMapAttribute": "map(number)",
    "getBooleanMapAttribute": "map(bool)",
    "getAnyMapAttribute": "map(any)",
    "interpolationForAttribute": "any",
}
COMPLEX_TYPES = {
    "StringMap": "map(string)",
    "NumberMap": "map(number)",
    "BooleanMap": "map(bool)",
    "AnyMap": "map(any)",
    "StringMapList": "list(map(string))",
    "StringListList": "list(list(string))",
}

_PACKAGES = "@cdktf/provider-"
# Large types have their nested classes in modules of their own; early packages a file a type.
MODULE = re.compile(r"package/lib/([\w-]+)(?:/(?:index|index-structs/structs\d+))?\.js\Z")
STRUCTS = "/index-structs/"
# Early packages say in their title alone of which releases of the provider they are: `~> 3.0`.
RELEASE = re.compile(r"^# Terraform CDK \w+ Provider (~> [\d.]+)", re.M)

Schema = dict[str, Any]


class UnreadablePackage(Exception):
    """The package is not in the shape that this reader knows."""


def provider_of(package: Path) -> str:
    """The provider whose schemas a package carries, as in the names of its types: `azurerm`."""
    with tarfile.open(package, "r:gz") as archive:
        for member in archive:
            if member.name == "package/package.json":
                name = str(json.loads(_text(archive, member))["name"])
                if name.startswith(_PACKAGES):
                    return name.removeprefix(_PACKAGES)
                raise UnreadablePackage(f"{name} is no package of a Terraform provider")
    raise UnreadablePackage(f"{package.name} has no package.json")


def types_of(package: Path) -> list[str]:
    """All resource types of a package that this reader understands."""
    found = []
    with tarfile.open(package, "r:gz") as archive:
        for member in archive:
            if MODULE.match(member.name) and STRUCTS not in member.name:
                text = _text(archive, member)
                if "extends cdktf.TerraformResource" in text:
                    found.append(_only(r"\.tfResourceType = \"(\w+)\"", text))
    return sorted(found)


def extract(package: Path, types: Iterable[str]) -> tuple[dict[str, Schema], dict[str, str]]:
    """The schema of each type, and the source's name, versions and licence."""
    texts, source = texts_of(package, types)
    schemas = {}
    for type_name, text in texts.items():
        schemas[type_name] = read_type(text, type_name)
        if "provider" not in source:
            source["provider"] = _only(r"providerVersion: '([\d.]+)'", text)
    return schemas, source


def texts_of(package: Path, types: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The text of each type's module, and the source's name, version and licence."""
    folders = {t.partition("_")[2].replace("_", "-"): t for t in types}
    modules: dict[str, dict[str, str]] = {t: {} for t in folders.values()}
    source: dict[str, str] = {}
    with tarfile.open(package, "r:gz") as archive:
        for member in archive:
            if member.name == "package/package.json":
                about = json.loads(_text(archive, member))
                source |= {k: about[k] for k in ("name", "version", "license")}
                if "provider" in about.get("cdktf", {}):
                    source["provider"] = about["cdktf"]["provider"]["version"]
            elif member.name == "package/README.md" and "provider" not in source:
                if said := RELEASE.search(_text(archive, member)):
                    source["provider"] = said[1]
            elif (module := MODULE.match(member.name)) and module[1] in folders:
                modules[folders[module[1]]][member.name] = _text(archive, member)
    missing = sorted(t for t, texts in modules.items() if not texts)
    if missing:
        raise UnreadablePackage(f"the package has no resource type {', '.join(missing)}")
    return {t: "\n".join(texts[n] for n in sorted(texts)) for t, texts in modules.items()}, source


def read_type(text: str, type_name: str) -> Schema:
    """The schema of the one resource class of a module's text."""
    classes = {name: (base, body) for name, base, body in CLASS.findall(text)}
    main = [name for name, (base, _) in classes.items() if base == "TerraformResource"]
    declared = _only(r"\.tfResourceType = \"(\w+)\"", text)
    if len(main) != 1 or declared != type_name:
        raise UnreadablePackage(f"{type_name}: found resource classes {main} of type {declared}")
    return _Reader(text, classes).schema_of(main[0])


class _Reader:
    def __init__(self, text: str, classes: dict[str, tuple[str, str]]) -> None:
        self.classes = classes
        self.object_arguments = {(name, fn) for name, fn in OBJECT_ARGUMENT.findall(text)}
        self.open: list[str] = []
        self.struct_types = {(n, fn): nesting for n, fn, nesting in STRUCT_ARGUMENT.findall(text)}

    def schema_of(self, class_name: str) -> Schema:
        body = self.classes[class_name][1]
        attributes: dict[str, str] = {}
        blocks: dict[str, Schema] = {}
        for field, is_set, getter, name in GETTER.findall(body):
            kind = TYPES[getter].replace("list(", "set(") if is_set else TYPES[getter]
            attributes[name] = f"{kind} {_use(body, field)}"
        for field, created, name, wraps_set in CREATED.findall(body):
            if created in COMPLEX_TYPES:
                attributes[name] = f"{COMPLEX_TYPES[created]} {_use(body, field)}"
            else:
                nested = self._nested(name, created, wraps_set == "true")
                blocks[name] = {"use": _use(body, field)} | nested
        if not attributes and not blocks and "isEmptyObject" not in body:
            raise UnreadablePackage(f"{class_name}: no argument was recognised")
        schema: Schema = {"attributes": dict(sorted(attributes.items()))}
        if blocks:
            schema["blocks"] = dict(sorted(blocks.items()))
        return schema

    def _nested(self, name: str, class_name: str, wraps_set: bool) -> Schema:
        base = self.classes[class_name][0]
        suffix = {"ComplexList": "List", "ComplexMap": "Map"}.get(base)
        many = suffix is not None
        inner = class_name if suffix is None else class_name.removesuffix(suffix)
        inner = inner if inner.endswith("OutputReference") else f"{inner}OutputReference"
        function = inner.removesuffix("OutputReference")
        function = function[0].lower() + function[1:]
        if base == "ComplexMap":
            nested: Schema = {"nesting": "map"}
        elif many:
            nested = {"nesting": "set" if wraps_set else "list"}
        elif self.struct_types.get((name, function)) == "struct":
            nested = {"nesting": "struct", "max": 1}
        else:
            nested = {"nesting": "list", "max": 1}
        if (name, function) in self.object_arguments:
            nested["syntax"] = "attribute"
        if inner in self.open:  # A statement within a statement: its second round is not judged.
            return nested | {"attributes": {}}
        self.open.append(inner)
        nested |= self.schema_of(inner)
        self.open.pop()
        return nested


def _use(body: str, field: str) -> str:
    """A generated class has a setter for what may be written and a reset for what may be left."""
    name = field[0].upper() + field[1:]
    if not re.search(rf"^    (set {field}|put{name})\(", body, re.M):
        return "computed"
    return "optional" if re.search(rf"^    reset{name}\(", body, re.M) else "required"


def write_extract(schemas: dict[str, Schema], source: dict[str, str], folder: Path) -> None:
    """Replace the files of `folder`: deterministic, so that a renewal shows what changed."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name, content in ({"SOURCE": source} | schemas).items():
        text = json.dumps(content, indent=1, sort_keys=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _text(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = archive.extractfile(member)
    if file is None:
        raise UnreadablePackage(f"{member.name} is not a file")
    return file.read().decode("utf-8")


def _only(pattern: str, text: str) -> str:
    found = set(re.findall(pattern, text))
    if len(found) != 1:
        raise UnreadablePackage(f"{pattern} is found {len(found)} times")
    return str(found.pop())
