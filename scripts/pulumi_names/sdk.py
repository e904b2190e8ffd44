"""The resource classes of a Pulumi package for Python, out of its wheel: tokens, properties, types.

The sources (Apache-2.0, generated from the provider's schema) are parsed, never executed.
"""

from __future__ import annotations

import ast
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TypeAlias

# A type is `("str",)`, `("number",)`, `("bool",)`, `("any",)`, `("file",)`, `("archive",)`,
# `("list", type)`, `("map", type)` or `("object", module, class)`.
Type: TypeAlias = tuple[str, ...] | tuple[str, "Type"]  # type: ignore[misc]

_PRIMITIVES = {"str": "str", "int": "number", "float": "number", "bool": "bool", "Any": "any"}
_WRAPPERS = ("Input", "Optional", "InputType", "Output", "Awaitable")


@dataclass(frozen=True, slots=True)
class Property:
    """`name` is Python's, `camel` the one of Pulumi's schema and of TypeScript."""

    name: str
    camel: str
    type: Type


@dataclass(slots=True)
class ResourceClass:
    """`inputs` may be set, `outputs` are all that may be read (but `id` and `urn`)."""

    token: str
    module: str
    inputs: dict[str, Property]
    outputs: dict[str, Property]
    deprecated: bool


@dataclass(slots=True)
class Package:
    """`objects`: nested classes of arguments by module and name."""

    name: str
    version: str
    classes: list[ResourceClass] = field(default_factory=list)
    objects: dict[tuple[str, str], dict[str, Property]] = field(default_factory=dict)


def read_package(wheel: Path) -> Package:
    """All resource classes of a wheel such as `pulumi_aws-7.48.0-py3-none-any.whl`."""
    name, version = wheel.name.split("-")[:2]
    package = Package(name.removeprefix("pulumi_"), version)
    with zipfile.ZipFile(wheel) as archive:
        for path in sorted(archive.namelist()):
            pure = PurePosixPath(path)
            if pure.suffix != ".py" or pure.parts[0] != name or pure.name.startswith("get_"):
                continue
            if pure.name in ("outputs.py", "_utilities.py", "_enums.py", "__init__.py"):
                continue
            module = ".".join(pure.parts[1:-1])
            _read_module(package, module, ast.parse(archive.read(path)))
    return package


def _read_module(package: Package, module: str, tree: ast.Module) -> None:
    classes = {c.name: c for c in tree.body if isinstance(c, ast.ClassDef)}
    for name, found in classes.items():
        if (token := _token(found)) and ":" in token:
            # Where a nested object has the usual name, the arguments have another.
            arguments = classes.get(f"{name}InitArgs") or classes.get(f"{name}Args")
            inputs = _properties(arguments, module)
            state = _properties(classes.get(f"_{name}State"), module)
            outputs = {**inputs, **state}
            package.classes.append(
                ResourceClass(token, module, inputs, outputs, _is_deprecated(found))
            )
        elif name.endswith("Args"):
            package.objects[module, name] = _properties(found, module)


def _token(found: ast.ClassDef) -> str | None:
    for function in found.body:
        if isinstance(function, ast.FunctionDef) and function.name == "_internal_init":
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "__init__"
                    and node.args
                    and isinstance(node.args[0], ast.Constant)
                ):
                    return str(node.args[0].value)
    return None


def _is_deprecated(found: ast.ClassDef) -> bool:
    return any(
        isinstance(s, ast.Expr) and isinstance(s.value, ast.Call) and "DeprecationWarning" in
        ast.unparse(s.value)
        for s in found.body
    )  # fmt: skip


def _properties(found: ast.ClassDef | None, module: str) -> dict[str, Property]:
    if found is None:
        return {}
    camel = dict(_getters(found))
    for function in found.body:
        if isinstance(function, ast.FunctionDef) and function.name == "__init__":
            return {
                a.arg: Property(a.arg, camel.get(a.arg, a.arg), _type(a.annotation, module))
                for a in function.args.kwonlyargs
            }
    return {}


def _getters(found: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for function in found.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pulumi.getter":
                yield function.name, str(ast.literal_eval(decorator.keywords[0].value))


def _type(node: ast.expr | None, module: str) -> Type:
    match node:
        case ast.Subscript(value=head, slice=inner):
            name = ast.unparse(head).rpartition(".")[2]
            if name in _WRAPPERS:
                return _type(inner, module)
            if name == "Sequence":
                return ("list", _type(inner, module))
            if name == "Mapping" and isinstance(inner, ast.Tuple):
                return ("map", _type(inner.elts[1], module))
            if name == "Union" and isinstance(inner, ast.Tuple):
                return _union([_type(e, module) for e in inner.elts])
        case ast.Attribute(attr="Asset") | ast.Attribute(attr="AssetArchive"):
            return ("file",)
        case ast.Attribute(attr="Archive"):
            return ("archive",)
        case ast.Attribute(attr=name) | ast.Name(id=name) if name in _PRIMITIVES:
            return (_PRIMITIVES[name],)
        case ast.Constant(value=str(name)):
            return _named(name, module)
    return ("any",)


def _named(name: str, module: str) -> Type:
    """`'BucketCorsRuleArgs'`, `'_iam.PolicyDocumentArgs'`, or an enumeration, which is a text."""
    if not name.endswith(("Args", "ArgsDict")):
        return ("str",)
    prefix, _, class_name = name.rpartition(".")
    return ("object", prefix.lstrip("_") or module, class_name.removesuffix("Dict"))


def _union(members: list[Type]) -> Type:
    kinds = {m[0] for m in members}
    if "file" in kinds:
        return ("file",)
    if "str" in kinds:
        return ("str",)
    return members[0]
