"""What Pulumi calls the types and arguments of Terraform, by package.

`names/<package>.json` is extracted from the Python SDKs (`scripts/pulumi-extract`; the notation is
described in `scripts/pulumi_names/shapes.py`). A package is read when the first of its types is
asked for, the fields of a type when that type is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

PACKAGES = {"aws": "aws", "azurerm": "azure", "google": "gcp"}
_FIELD = re.compile(
    r"(?P<argument>\w+)(=(?P<name>\w+))?(~(?P<camel>\w+))?(?P<computed>-)?:(?P<type>\S+)"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a value: `name` is string, number, bool, any, file, archive, list or map (of
    `element`) or object (of `shape`). `single`: Terraform has a list of one there."""

    name: str
    element: Kind | None = None
    shape: Shape | None = None
    single: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """`name` is Python's, `camel` TypeScript's."""

    name: str
    camel: str
    kind: Kind
    computed: bool


class Shape:
    """The fields of a resource or of a nested object, by Terraform's names."""

    __slots__ = ("_fields", "_package", "_text")

    def __init__(self, text: str, package: _Package) -> None:
        self._text = text
        self._package = package
        self._fields: dict[str, Field] | None = None

    def get(self, argument: str) -> Field | None:
        return self.fields.get(argument)

    @property
    def fields(self) -> dict[str, Field]:
        if self._fields is None:
            self._fields = {}
            for text in self._text.split():
                found = _FIELD.fullmatch(text)
                assert found is not None, text
                name = found["name"] or found["argument"]
                self._fields[found["argument"]] = Field(
                    name,
                    found["camel"] or camel(name),
                    self._package.kind(found["type"]),
                    found["computed"] is not None,
                )
        return self._fields


@dataclass(frozen=True, slots=True)
class ResourceNames:
    """`path`: the class below the package in both languages, `s3.Bucket`."""

    package: str
    path: str
    shape: Shape


_PLAIN = {"s": "string", "n": "number", "b": "bool", "a": "any", "f": "file", "r": "archive"}
STRING = Kind("string")
ANY = Kind("any")


class _Package:
    def __init__(self, name: str) -> None:
        text = files(__package__).joinpath("names", f"{name}.json").read_text(encoding="utf-8")
        content = json.loads(text)
        self.name = name
        self.types: dict[str, tuple[str, str]] = content["types"]
        self.objects: list[str] = content["objects"]
        self._shapes: dict[int, Shape] = {}
        self._resources: dict[str, ResourceNames] = {}

    def resource(self, kind: str) -> ResourceNames | None:
        if kind not in self._resources:
            if kind not in self.types:
                return None
            path, fields = self.types[kind]
            self._resources[kind] = ResourceNames(self.name, path, Shape(fields, self))
        return self._resources[kind]

    def kind(self, text: str) -> Kind:
        single = text.startswith("^")
        text = text.removeprefix("^")
        if text.startswith("["):
            return Kind("list", self.kind(text[1:-1]), single=single)
        if text.startswith("{"):
            return Kind("map", self.kind(text[1:-1]), single=single)
        if text.isdigit():
            number = int(text)
            if number not in self._shapes:
                self._shapes[number] = Shape(self.objects[number], self)
            return Kind("object", shape=self._shapes[number], single=single)
        return Kind(_PLAIN[text], single=single)


@cache
def _package(name: str) -> _Package:
    return _Package(name)


def resource_names(kind: str) -> ResourceNames | None:
    """The class of a Terraform type, None where Pulumi's three packages have none."""
    package = PACKAGES.get(kind.split("_", 1)[0])
    return _package(package).resource(kind) if package else None


def camel(name: str) -> str:
    """`cidr_block` as `cidrBlock`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
