"""What a Pulumi program should register, computed from the blueprint's Terraform document by the
product's own evaluator: the other way to the same values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import find
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import from_regex

from dharma.catalog import load_catalog, write
from dharma.catalog.document import Part
from dharma.catalog.vpc_gateways import with_gateway_dependencies
from dharma.generator.pulumi.configuration import key_of
from dharma.generator.pulumi.names import Kind, Shape, resource_names
from dharma.generator.targets.pulumi import project_name
from dharma.model.blueprint import Blueprint, Variable
from dharma.model.expressions.conversion import as_bool, as_number, as_text
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import ResourceRef, Value, is_known
from dharma.model.expressions.scope import Scope

AMBIENT = {
    "aws": {
        "region": "eu-west-1",
        "account_id": "123456789012",
        "partition": "aws",
        "url_suffix": "amazonaws.com",
        "availability_zones": ["zone-a", "zone-b", "zone-c"],
    },
    "azure": {
        "region": "westeurope",
        "subscription_id": "a-subscription",
        "tenant_id": "a-tenant",
        "principal_id": "a-principal",
    },
    "gcp": {"region": "europe-west1", "project": "a-project"},
}
_SAMPLES = (
    "Sample-value-1", "sample", "123456789012", "example.com", "ami-12c6146b", "10.0.0.0/16",
    "ops@example.com", "arn:aws:acm:eu-west-1:123456789012:certificate/a",
    "00000000-0000-0000-0000-000000000000", "ssh-rsa AAAA",
)  # fmt: skip


class NoSample(Exception):
    """A variable for which there is no text that its pattern and lengths allow."""


def values_of(bp: Blueprint) -> dict[str, Value]:
    return {v.name: _value(v) for v in bp.variables}


def _value(variable: Variable) -> Value:
    if not variable.required:
        return variable.default
    if variable.allowed:
        found: Value = variable.allowed[0]
        return found
    simple = {"number": int(variable.min or 3), "bool": True}
    if variable.type in simple:
        return simple[variable.type]
    if variable.type.startswith(("list", "set")):
        return ["sample-1", "sample-2"]
    if variable.type.startswith("map"):
        return {"one": "sample-1"}
    for sample in _SAMPLES:
        long = len(sample) >= (variable.min or 0) and len(sample) <= (variable.max or 1000)
        if long and (variable.pattern is None or re.search(variable.pattern, sample)):
            return sample
    return _matching(variable)


def _matching(variable: Variable) -> str:
    """The simplest text that the variable takes."""

    def fits(text: str) -> bool:
        return (variable.min or 0) <= len(text) <= (variable.max or 1000) and text.isascii()

    try:
        return find(from_regex(variable.pattern or "", fullmatch=True), fits)
    except NoSuchExample:
        raise NoSample(f"{variable.name}: {variable.pattern}") from None


def configuration(bp: Blueprint, values: Mapping[str, Value]) -> dict[str, Any]:
    """`check.json` of a program: the project and its configuration."""
    project = project_name(bp.name)
    config = {
        f"{project}:{key_of(v)}": values[v.name] if isinstance(values[v.name], str)
        else json.dumps(values[v.name])
        for v in bp.variables
        if values[v.name] is not None
    }  # fmt: skip
    place = AMBIENT[bp.provider]
    config[f"{bp.provider}:{'location' if bp.provider == 'azure' else 'region'}"] = place["region"]
    if bp.provider == "gcp":
        config["gcp:project"] = place["project"]
    return {"project": project, "config": config}


def registered(bp: Blueprint, values: Mapping[str, Value]) -> list[dict[str, Any]]:
    """Class, name and inputs of each resource, in Pulumi's names."""
    return list(_Expected(bp, values).run())


class _Expected:
    def __init__(self, bp: Blueprint, values: Mapping[str, Value]) -> None:
        resources = with_gateway_dependencies(bp.resources)
        document, _ = write(resources, "terraform", load_catalog())
        self.parts = {p.address: p for p in document.parts}
        project = project_name(bp.name)
        place = AMBIENT[bp.provider] | {
            "deployment_name": "dev", "deployment_id": f"{project}-dev",
        }  # fmt: skip
        self.scope = Scope(variables=values, ambient=place, resource=self._reference)
        self.instances: dict[tuple[str, Any], Scope] = {}

    def run(self) -> Iterator[dict[str, Any]]:
        for part in self.parts.values():
            for name, scope in self._copies(part):
                names = resource_names(part.type)
                assert names is not None
                inputs = {
                    field.camel: converted(evaluate(value, scope), field.kind)
                    for key, value in part.arguments.items()
                    if value is not None
                    and key != "timeouts"
                    and (field := names.shape.get(key)) is not None
                }
                yield {
                    "type": f"{names.package}.{names.path}",
                    "name": name,
                    "inputs": {k: v for k, v in inputs.items() if v is not None},
                }

    def _copies(self, part: Part) -> list[tuple[str, Scope]]:
        name = part.address.split(".", 1)[1]
        if part.condition is not None:
            return [(name, self.scope)] if evaluate(part.condition, self.scope) else []
        if part.count is not None:
            count = evaluate(part.count, self.scope)
            assert isinstance(count, int)
            return [(f"{name}-{n}", self._turn(count=n)) for n in range(count)]
        if part.for_each is not None:
            each = evaluate(part.for_each, self.scope)
            pairs = each.items() if isinstance(each, dict) else [(v, v) for v in each]  # type: ignore
            return [(f"{name}-{k}", self._turn(each=(k, v))) for k, v in pairs]
        return [(name, self.scope)]

    def _turn(self, count: int | None = None, each: tuple[Value, Value] | None = None) -> Scope:
        scope = self.scope
        return Scope(variables=scope.variables, ambient=scope.ambient,
                     resource=self._reference_in(count, each), count=count, each=each)  # fmt: skip

    def _reference_in(self, count: int | None, each: tuple[Value, Value] | None) -> Any:
        def reference(ref: ResourceRef) -> Value:
            if ref.instance is None and ref.path:
                part = self.parts.get(ref.address)
                if part is not None and part.count is not None:
                    ref = ResourceRef(ref.address, ref.path, count)
                elif part is not None and part.for_each is not None and each is not None:
                    ref = ResourceRef(ref.address, ref.path, each[0])
            return self._reference(ref)

        return reference

    def _reference(self, ref: ResourceRef) -> Value:
        part = self.parts[ref.address]
        copies = self._copies(part)
        name = part.address.split(".", 1)[1]
        if not ref.path and ref.instance is None and len(copies) != 1:
            return [ResourceRef(ref.address, (), n) for n in range(len(copies))]
        if ref.instance is not None and part.condition is None:
            name = f"{name}-{ref.instance}"
        if not ref.path:
            return ref
        found = next((s for n, s in copies if n == name), None)
        if found is None:
            return None
        first = str(ref.path[0])
        if first in part.arguments and first != "id":
            value = evaluate(part.arguments[first], found)
            for step in ref.path[1:]:
                value = _step(value, step)
            if value is not None:
                return value
        names = resource_names(part.type)
        assert names is not None
        return _made(names.shape, ref.path, name)


def _step(value: Value, step: str | int) -> Value:
    if isinstance(value, dict):
        return value.get(str(step))
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _made(shape: Shape, path: tuple[Any, ...], name: str) -> Value:
    """The value that the mocks give to an output."""
    if path == ("id",):
        return f"{name}:id"
    kind: Kind | None = Kind("object", shape=shape)
    text = f"{name}:"
    for step in path:
        assert kind is not None
        if isinstance(step, int):
            if kind.name != "object" and not kind.single:
                text, kind = f"{text}[{step}]", kind.element
            continue
        field = kind.shape.get(step) if kind.shape is not None else None
        assert field is not None, path
        text += field.camel if text.endswith(":") else f".{field.camel}"
        kind = field.kind
    assert kind is not None
    return made_as(kind, text)


def made_as(kind: Kind, text: str) -> Value:
    if kind.name == "list" and kind.element is not None:
        return [made_as(kind.element, f"{text}[{n}]") for n in range(2)]
    values: dict[str, Value] = {"string": text, "number": 7, "bool": True}
    return values.get(kind.name, {})


def converted(value: Value, kind: Kind) -> Any:
    """A Terraform value as Pulumi takes it: names, single elements, types."""
    if not is_known(value):
        return f"not computed: {value}"
    if value is None:
        return None
    if isinstance(value, list) and kind.name not in ("list", "any"):
        return converted(value[0], Kind(kind.name, kind.element, kind.shape)) if value else None
    if isinstance(value, list):
        inner = kind.element or Kind("any")
        return [converted(v, inner) for v in value if v is not None]
    if isinstance(value, dict) and kind.shape is not None:
        fields = {k: kind.shape.get(k) for k in value}
        return {f.camel: c for k, f in fields.items()
                if f is not None and (c := converted(value[k], f.kind)) is not None}  # fmt: skip
    if isinstance(value, dict):
        return {k: converted(v, kind.element or Kind("any")) for k, v in value.items()}
    change = {"string": as_text, "number": as_number, "bool": as_bool}.get(kind.name)
    return change(value) if change else value


def types_of(bp: Blueprint) -> set[str]:
    """The Terraform types that a blueprint is written as."""
    document, _ = write(bp.resources, "terraform", load_catalog())
    return {part.type for part in document.parts}


def outputs_of(types: set[str]) -> dict[str, dict[str, Any]]:
    """`outputs.json` of the runner: the kinds of all outputs of some Terraform types."""
    found = {}
    for kind in sorted(types):
        names = resource_names(kind)
        if names is not None:
            found[f"{names.package}.{names.path}"] = _kinds(names.shape, 0)
    return found


def _kinds(shape: Shape, depth: int) -> dict[str, Any]:
    """Without files, and without lists that can be given: they may be of an enumeration."""
    return {
        f.camel: _kind(f.kind, depth)
        for f in shape.fields.values()
        if f.kind.name not in ("file", "archive") and (f.computed or f.kind.name != "list")
    }


def _kind(kind: Kind, depth: int) -> Any:
    if kind.shape is not None:
        return _kinds(kind.shape, depth + 1) if depth < 2 else "any"
    if kind.name == "list" and kind.element is not None:
        return [_kind(kind.element, depth)]
    return kind.name
