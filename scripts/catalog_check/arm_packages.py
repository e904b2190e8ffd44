"""Resource types of Azure Resource Manager, out of the `azure-mgmt-*` packages.

    scripts/catalog-extract azure_mgmt_storage-25.3.0-py3-none-any.whl ...   # from `pip download`

The packages (MIT, generated from Azure's own API specifications) are parsed, never executed. What
is kept are facts: for each namespace of which the catalog names a type, one JSON file under
`tests/catalog_schemas/arm/`:

    {"source": {"azure-mgmt-storage": "25.3.0"},
     "types": {"Microsoft.Storage/storageAccounts": {"apiVersion": "2026-09-01",
               "write": "StorageAccountCreateParameters", "read": "StorageAccount",
               "functions": {"listKeys": "StorageAccountListKeysResult"}}},
     "models": {"StorageAccount": {"location": "string required", "sku": "@Sku optional", ...}},
     "enums": {"SkuName": ["Standard_LRS", ...]}}

A property is a type and a use (required, optional, computed). Types: string, number, bool, any,
`list(T)`, `map(T)`, `@Model`, `#Enum`, and `id`: an object of which only the id counts, because it
is a resource of its own. A model with variants (told apart by a discriminator) has the members of
all of them.
"""

from __future__ import annotations

import ast
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from dharma.catalog.formats import WITHIN_PARENT

RESOURCE_GROUP = "Microsoft.Resources/resourceGroups"
# What templates call a request whose address is another: the table of `list*` functions in
# https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource#list
_CALLED = {"sharedKeys": "listKeys"}
_SCALARS = {
    "str": "string", "int": "number", "float": "number", "bool": "bool", "datetime": "string",
    "timedelta": "string", "bytes": "string", "iso-8601": "string", "duration": "string",
    "long": "number", "rfc-1123": "string", "date": "string", "unix-time": "number",
    "Decimal": "number", "decimal": "number", "date-time": "string",
}  # fmt: skip
_PLACEHOLDER = re.compile(r"\{\w+\}\Z")
_DEEPEST = 9


@dataclass(slots=True)
class Model:
    """A model class as it is written: own members by JSON name, its bases, whether it is one of
    several variants."""

    bases: tuple[str, ...]
    members: dict[str, str]
    variant: bool = False


@dataclass(slots=True)
class Type:
    """A resource type as the operations of one API version know it. `anywhere`: one that any
    resource may have (`/{scope}/providers/...`); what is only for subscriptions stands back.
    `bodies` are the models by the name at the end of the address, where that is a fixed one."""

    api_version: str
    write: str = ""
    read: str = ""
    functions: dict[str, str] = field(default_factory=dict)
    anywhere: bool = False
    bodies: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Service:
    """The models and types of one API version in a package."""

    models: dict[str, Model] = field(default_factory=dict)
    enums: dict[str, list[str]] = field(default_factory=dict)
    types: dict[str, Type] = field(default_factory=dict)


def extract_arm(
    packages: Iterable[Path],
    wanted: Iterable[str],
    api_version: Callable[[str], str | None] = lambda _: None,
) -> dict[str, dict[str, Any]]:
    """The content of each namespace's file: of each type the API version that the catalog writes,
    the newest where no package has that. Raises `KeyError` naming a type that no package has."""
    wanted = sorted(wanted)
    written = {name.lower(): api_version(name) for name in wanted}
    found: dict[str, tuple[Service, str]] = {}
    for package in packages:
        source = "=".join(package.name.split("-")[:2]).replace("_", "-")
        for service in services(package):
            for name, known in service.types.items():
                older = found.get(name.lower())
                asked = written.get(name.lower())
                if older is None or _newer(known, older[0].types[_own(older[0], name)], asked):
                    found[name.lower()] = service, source
    wanted = sorted(wanted)
    for name in wanted:
        parent = name.rpartition("/")[0]
        if name in WITHIN_PARENT and parent.lower() in found:
            service, source = found[parent.lower()]
            element = _within_parent(service, parent, name)
            if element is not None:
                service.types[name] = element
                found[name.lower()] = service, source
    namespaces: dict[str, dict[str, Any]] = {}
    for name in wanted:
        if name.lower() not in found:
            raise KeyError(f"no package has {name}")
        service, source = found[name.lower()]
        content = namespaces.setdefault(
            name.partition("/")[0], {"source": {}, "types": {}, "models": {}, "enums": {}}
        )
        package_name, _, version = source.partition("=")
        versions = content["source"].get(package_name, "")
        if version not in versions.split(", "):
            content["source"][package_name] = ", ".join(filter(None, (versions, version)))
        known = service.types[_own(service, name)]
        content["types"][name] = {
            "apiVersion": known.api_version,
            "write": known.write,
            "read": known.read or known.write,
            "functions": dict(sorted(known.functions.items())),
        }
        for root in (known.write, known.read or known.write, *known.functions.values()):
            _keep(service, root, content)
    for content in namespaces.values():
        for part in ("source", "types", "models", "enums"):
            content[part] = dict(sorted(content[part].items()))
    return namespaces


def _within_parent(service: Service, parent: str, name: str) -> Type | None:
    """A child that has no requests of its own: the model is that of the parent's list of them."""
    whole = service.types[_own(service, parent)]
    properties = members_of(service, whole.write).get("properties", "")
    held = members_of(service, properties.partition(" ")[0].removeprefix("@"))
    element = re.match(r"list\(@(\w+)\)", held.get(name.rpartition("/")[2], ""))
    return Type(whole.api_version, element.group(1), element.group(1)) if element else None


def _own(service: Service, name: str) -> str:
    return next(t for t in service.types if t.lower() == name.lower())


def _newer(one: Type, other: Type, asked: str | None) -> bool:
    def rank(known: Type) -> tuple[bool, bool, str]:
        version = known.api_version
        return version == asked, "preview" not in version, version

    return rank(one) > rank(other)


def _keep(service: Service, root: str, content: dict[str, Any]) -> None:
    """Add a model and what it leads to; other resources are entered through lists only."""
    resources = {t.read or t.write for t in service.types.values()}
    queue = [(root, 0)]
    while queue:
        name, depth = queue.pop(0)
        if name in content["models"]:
            continue
        members = {}
        for key, said in sorted(members_of(service, name).items()):
            kind, use = said.split(" ")
            inner = re.search(r"[@#](\w+)", kind)
            if inner and inner.group(0) == kind and kind[1:] in resources and depth:
                kind = "id"
            elif inner and kind.count("@") and depth >= _DEEPEST:
                kind = kind.replace(inner.group(0), "any")
            elif inner and "@" in kind:
                queue.append((inner.group(1), depth + 1))
            elif inner:
                content["enums"][inner.group(1)] = service.enums[inner.group(1)]
            members[key] = f"{kind} {use}"
        content["models"][name] = members


def members_of(service: Service, name: str) -> dict[str, str]:
    """The members of a model: inherited ones, its own, those of its variants."""
    model = service.models.get(name)
    if model is None:
        return {}
    members: dict[str, str] = {}
    for base in model.bases:
        if base != name:  # A class of the generator's own by that name stands behind it.
            members |= members_of(service, base)
    members |= model.members
    varied: dict[str, str] = {}
    for variant in service.models.values():
        if variant.variant and name in variant.bases:
            for key, said in variant.members.items():
                may_be = said.replace(" required", " optional")
                varied[key] = _either(varied[key], may_be) if key in varied else may_be
    return varied | members


def _either(one: str, other: str) -> str:
    """What two variants say of a member of the same name; of two enumerations, that it is text."""
    if one == other:
        return one
    texts = all(said.startswith(("#", "string ")) for said in (one, other))
    return f"{'string' if texts else 'any'} optional"


def services(package: Path) -> Iterator[Service]:
    """Every API version in a wheel: the folders that have models and operations."""
    with zipfile.ZipFile(package) as archive:
        folders: dict[str, list[str]] = {}
        for name in archive.namelist():
            path = PurePosixPath(name)
            if "aio" not in path.parts and path.suffix == ".py" and len(path.parts) > 2:
                folders.setdefault(str(path.parent.parent), []).append(name)
        for folder, names in sorted(folders.items()):
            inside = [n for n in names if PurePosixPath(n).parent.name in ("models", "operations")]
            if {PurePosixPath(n).parent.name for n in inside} != {"models", "operations"}:
                continue
            service = Service()
            for name in sorted(inside):
                tree = ast.parse(archive.read(name))
                if name.startswith(f"{folder}/models/"):
                    _read_models(tree, service)
                else:
                    _Operations(tree, service).read()
            for native, known in service.types.items():
                _unite(native, known, service)
            yield service


def _unite(native: str, known: Type, service: Service) -> None:
    """A type whose resources have fixed names, and another body under each (`sites/config`)."""
    models = set(known.bodies.values())
    if len(models) < 2 or any(_PLACEHOLDER.match(name) for name in known.bodies):
        return
    united: dict[str, str] = {}
    for model in sorted(models):
        for key, said in members_of(service, model).items():
            united[key] = _either(united[key], said) if key in united else said
    known.write = known.read = f"OneOf{native.rpartition('/')[2].title()}"
    service.models[known.write] = Model((), united)


# ---- models


def _read_models(tree: ast.Module, service: Service) -> None:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            bases = tuple(_base(b) for b in node.bases)
            if "Enum" in bases:
                service.enums[node.name] = [
                    str(item.value.value)
                    for item in node.body
                    if isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant)
                ]
            elif not node.name.startswith("_") or node.name in service.models:
                _read_model(node, bases, service)


def _base(node: ast.expr) -> str:
    """The name of a class's base. `_serialization.Model` is none of the service's models, which may
    have one of that name."""
    if isinstance(node, ast.Attribute):
        return "" if getattr(node.value, "id", "") == "_serialization" else node.attr
    return getattr(node, "id", "")


def _read_model(node: ast.ClassDef, bases: tuple[str, ...], service: Service) -> None:
    named = service.models.get(node.name)  # by its base, in the older style
    variant = named is not None and named.variant
    variant = variant or any(k.arg == "discriminator" for k in node.keywords)
    model = Model(bases, {}, variant)
    constants = {
        item.targets[0].id: item.value
        for item in node.body
        if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name)
    }
    if "_attribute_map" in constants:
        _read_attribute_map(node, constants, model, service)
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.value, ast.Call):
            function = getattr(item.value.func, "id", "")
            if function in ("rest_field", "rest_discriminator"):
                assert isinstance(item.target, ast.Name)
                key, said = _rest_field(item.target.id, item.annotation, item.value)
                model.members[key] = said
    service.models[node.name] = model


def _rest_field(own: str, annotation: ast.expr, call: ast.Call) -> tuple[str, str]:
    options = {k.arg: k.value for k in call.keywords}
    name = ast.literal_eval(options["name"]) if "name" in options else own
    kind, optional = _annotated(annotation)
    visibility = ast.literal_eval(options["visibility"]) if "visibility" in options else []
    if visibility == ["read"]:
        return name, f"{kind} computed"
    return name, f"{kind} {'optional' if optional else 'required'}"


def _annotated(node: ast.expr) -> tuple[str, bool]:
    """The type that an annotation means, and whether it may be left out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _annotated(ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id == "_models":
            return f"@{node.attr}", False
        return _SCALARS.get(node.attr, "any"), False
    if isinstance(node, ast.Name):
        return _SCALARS.get(node.id, "any"), False
    if isinstance(node, ast.Subscript):
        outer = node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id  # type: ignore[attr-defined]
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer == "Optional":
            return _annotated(inside[0])[0], True
        if outer in ("list", "List"):
            return f"list({_annotated(inside[0])[0]})", False
        if outer in ("dict", "Dict", "Mapping", "MutableMapping"):
            return f"map({_annotated(inside[1])[0]})", False
        if outer == "Union":
            kinds = [_annotated(part)[0] for part in inside]
            named = [kind for kind in kinds if kind.startswith("@")]
            if "string" in kinds and len(named) == 1:
                return f"#{named[0][1:]}", False
        if outer == "Literal":
            return "string", False
    return "any", False


def _read_attribute_map(
    node: ast.ClassDef, constants: dict[str, ast.expr], model: Model, service: Service
) -> None:
    """The older style: JSON paths and types in a table, what is required in another, enumerations
    in the constructor's annotations. `properties.x` becomes a model of its own."""
    validation: dict[str, Any] = {}
    said = constants.get("_validation")
    if isinstance(said, ast.Dict):
        for key, rules in zip(said.keys, said.values, strict=True):
            assert key is not None
            assert isinstance(rules, ast.Dict)
            validation[ast.literal_eval(key)] = {ast.literal_eval(k) for k in rules.keys if k}
    annotations = {
        argument.arg: _annotated(argument.annotation)[0]
        for item in node.body
        if isinstance(item, ast.FunctionDef) and item.name == "__init__"
        for argument in item.args.kwonlyargs
        if argument.annotation is not None
    }
    variants = constants.get("_subtype_map")
    if variants is not None:
        for names in ast.literal_eval(variants).values():
            for variant in names.values():
                service.models.setdefault(variant, Model((), {})).variant = True
    for own, said in ast.literal_eval(constants["_attribute_map"]).items():
        steps = [s.replace("\\", "") for s in re.split(r"(?<!\\)\.", said["key"])]
        kind = _mapped_type(said["type"])
        if annotations.get(own, "").startswith("#") and kind == "string":
            kind = annotations[own]
        rules = validation.get(own, set())
        use = (
            "computed"
            if "readonly" in rules
            else "required"
            if "required" in rules and len(steps) == 1
            else "optional"
        )
        holder = model
        name = node.name
        for step in steps[:-1]:
            name = f"{name}_{step}"
            holder.members.setdefault(step, f"@{name} optional")
            holder = service.models.setdefault(name, Model((), {}))
        holder.members[steps[-1]] = f"{kind} {use}"


def _mapped_type(said: str) -> str:
    if said.startswith("["):
        return f"list({_mapped_type(said[1:-1])})"
    if said.startswith("{"):
        return f"map({_mapped_type(said[1:-1])})"
    if said in _SCALARS:
        return _SCALARS[said]
    return f"@{said}" if said[:1].isupper() else "any"


# ---- operations


class _Operations:
    """The requests of a module: their methods and addresses, and the models that go in and out."""

    def __init__(self, tree: ast.Module, service: Service) -> None:
        self.tree = tree
        self.service = service

    def read(self) -> None:
        requests = {
            node.name: request
            for node in self.tree.body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("build_")
            if (request := _request(node)) is not None
        }
        uses = [
            (*requests[name], method)
            for group in self.tree.body
            if isinstance(group, ast.ClassDef)
            for method in group.body
            if isinstance(method, ast.FunctionDef) and not _is_overload(method)
            for name in sorted(_called(method) & set(requests))
        ]
        for verb, url, api_version, method in uses:
            if verb == "PUT":
                for native in self._types(url):
                    known = self.service.types.setdefault(native, Type(api_version))
                    if known.anywhere and not url.startswith("/{"):
                        continue
                    known.anywhere = url.startswith("/{")
                    bodies = [m for m in _models_in_arguments(method) if m in self.service.models]
                    known.write = next(iter(bodies), known.write)
                    known.bodies[url.rpartition("/")[2]] = known.write
        for verb, url, _, method in uses:
            if verb == "GET":
                for native in self._types(url):
                    known = self.service.types.get(native, Type(""))
                    if native in self.service.types and known.anywhere <= url.startswith("/{"):
                        self.service.types[native].read = _returned(method)
            elif verb == "POST":
                self._function(method, url)

    def _types(self, url: str) -> list[str]:
        """The type of an address; for DNS records, whose type is a parameter, one for each."""
        names = self.service.enums.get("RecordType", ()) if "{recordType}" in url else ("",)
        found = (type_in(url.replace("{recordType}", name)) for name in names)
        return [native for native in found if native is not None]

    def _function(self, method: ast.FunctionDef, url: str) -> None:
        address, _, function = url.rpartition("/")
        function = _CALLED.get(function, function)
        native = type_in(address)
        result = _returned(method)
        if native in self.service.types and function.lower().startswith("list") and result:
            name = f"{function[0].lower()}{function[1:]}"
            self.service.types[native].functions[name] = result


def _is_overload(method: ast.FunctionDef) -> bool:
    return any(getattr(d, "id", "") == "overload" for d in method.decorator_list)


def _called(method: ast.FunctionDef) -> set[str]:
    return {
        node.func.id
        for node in ast.walk(method)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def _request(node: ast.FunctionDef) -> tuple[str, str, str] | None:
    """Method, address and API version of a request."""
    texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    url = next((t for t in texts if isinstance(t, str) and t.startswith("/")), None)
    version = next((t for t in texts if isinstance(t, str) and re.match(r"20\d\d-\d\d-", t)), "")
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "HttpRequest":
            verb = next((k.value for k in call.keywords if k.arg == "method"), None)
            if isinstance(verb, ast.Constant) and url:
                return str(verb.value), url, str(version)
    return None


def type_in(url: str) -> str | None:
    """`.../providers/Microsoft.Network/virtualNetworks/{vnet}/subnets/{subnet}` as a type; None for
    the address of anything but one resource."""
    if re.fullmatch(r"/subscriptions/\{\w+\}/resourcegroups/\{\w+\}", url, re.IGNORECASE):
        return RESOURCE_GROUP
    _, found, rest = url.rpartition("/providers/")
    segments = rest.split("/")
    if not found or len(segments) < 3 or len(segments) % 2 == 0:
        return None
    names = segments[2::2]
    if any(_PLACEHOLDER.match(s) for s in segments[1::2]):
        return None
    if not all(_PLACEHOLDER.match(n) or n.isalnum() for n in names):
        return None
    return "/".join([segments[0], *segments[1::2]])


def _models_in_arguments(method: ast.FunctionDef) -> Iterator[str]:
    for argument in (*method.args.args, *method.args.kwonlyargs):
        if argument.annotation is not None:
            yield from _models_in(argument.annotation)


def _models_in(node: ast.expr) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and getattr(inner.value, "id", "") == "_models":
            yield inner.attr


def _returned(method: ast.FunctionDef) -> str:
    if method.returns is not None:
        found = next(_models_in(method.returns), "")
        if found:
            return found
        text = ast.unparse(method.returns)
        named = re.search(r"_models\.(\w+)", text)
        return named.group(1) if named else ""
    return ""


def write_arm(namespaces: dict[str, dict[str, Any]], folder: Path) -> None:
    """Replace the files of `folder`: deterministic, so that a renewal shows what changed."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name, content in sorted(namespaces.items()):
        text = json.dumps(content, indent=1)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
