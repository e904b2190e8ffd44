"""A Terraform state (version 4) as a blueprint: what exists, as Terraform knows it.

A state has values only. Where the value of an argument is an attribute of a resource that this one
depends on, it is written as the reference that it was. Sensitive values are never read: they are
unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from dharma.blueprint.readers.folding import folded
from dharma.blueprint.readers.result import ReadResult
from dharma.blueprint.readers.terraform_plan import (
    invalid,
    parse_json,
    provider_of,
    require_each_once,
)
from dharma.catalog import Catalog
from dharma.catalog.document import Document, Note, Part
from dharma.model.blueprint import Blueprint, Output
from dharma.model.expressions.nodes import ResourceRef, Unknown, Value
from dharma.model.origin import Origin

VERSION = 4
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
# Attributes by which resources refer to each other, the likeliest first.
_IDENTITIES = ("id", "arn", "name", "self_link", "key_id")
_SECRET = Unknown("a sensitive value")


@dataclass(frozen=True, slots=True)
class _Instance:
    """One object of the state; `key` is None where there is no loop."""

    configured: str
    type: str
    key: int | str | None
    attributes: dict[str, Any]
    sensitive: tuple[tuple[str | int, ...], ...]
    dependencies: tuple[str, ...]

    @property
    def address(self) -> str:
        return self.configured if self.key is None else f"{self.configured}[{json.dumps(self.key)}]"


def read_terraform_state(data: str | bytes, file: str | None, catalog: Catalog) -> ReadResult:
    """Raises `InvalidTemplate` for what is no state of version 4, `LimitExceeded`."""
    state = parse_json(data, file)
    if state.get("version") != VERSION:
        message = f"a state of version {state.get('version')!r} is not understood"
        raise invalid(message, file, hint="terraform 0.12 and later write version 4")
    found = list(_instances(state, file))
    require_each_once((instance.address for instance in found), file)
    reader = _State(found, file)
    parts = [reader.part(instance, catalog) for instance in found]
    resources, outputs, notes = folded(Document("terraform", parts), _outputs(state, file), catalog)
    blueprint = Blueprint(
        name=_name(file),
        version="0.1.0",
        provider=provider_of(parts),  # type: ignore[arg-type]
        resources=tuple(resources),
        outputs=tuple(outputs),
        origin=Origin(file),
    )
    return ReadResult(blueprint, tuple(_summed(notes)), "terraform-state")


def _instances(state: dict[str, Any], file: str | None) -> Iterator[_Instance]:
    resources = state.get("resources")
    if not isinstance(resources, list):
        raise invalid("the state has no list of resources", file, 1, 1)
    for position, entry in enumerate(resources):
        place = f"resources[{position}]"
        if not isinstance(entry, dict):
            raise invalid(f"{place} is no object", file)
        if entry.get("mode") == "data":
            continue
        kind, name, module = entry.get("type"), entry.get("name"), entry.get("module")
        if not (_is_name(kind) and _is_name(name)) or not isinstance(module, str | None):
            raise invalid(f"{place} has no type and name", file)
        configured = f"{f'{module}.' if module else ''}{kind}.{name}"
        instances = entry.get("instances")
        if not isinstance(instances, list):
            raise invalid(f"{place} has no instances", file)
        for instance in instances:
            if not isinstance(instance, dict):
                raise invalid(f"{place}: an instance is an object", file)
            if instance.get("deposed"):
                continue
            key = instance.get("index_key")
            attributes = instance.get("attributes")
            yield _Instance(
                configured,
                str(kind),
                key if isinstance(key, int | str) else None,
                attributes if isinstance(attributes, dict) else {},
                tuple(_paths(instance.get("sensitive_attributes"))),
                tuple(d for d in _list(instance.get("dependencies")) if isinstance(d, str)),
            )


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.match(value) is not None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _paths(value: Any) -> Iterator[tuple[str | int, ...]]:
    """`[[{"type": "get_attr", "value": "password"}]]` as steps; a path that is not understood hides
    all from its last step that is."""
    for path in _list(value):
        steps: list[str | int] = []
        for step in _list(path):
            inner = step.get("value") if isinstance(step, dict) else None
            if isinstance(inner, dict):
                inner = inner.get("value")
            if not isinstance(inner, str | int):
                break
            steps.append(inner)
        yield tuple(steps)


class _State:
    def __init__(self, instances: list[_Instance], file: str | None) -> None:
        self.file = file
        self.by_configured: dict[str, list[_Instance]] = {}
        for instance in instances:
            self.by_configured.setdefault(instance.configured, []).append(instance)

    def part(self, instance: _Instance, catalog: Catalog) -> Part:
        known = self._identities(instance)
        arguments: dict[str, Value] = {}
        computed = _computed(instance.type, catalog)
        for name, value in instance.attributes.items():
            if name in computed or value in (None, "", [], {}):
                continue
            arguments[name] = self._value(value, (name,), instance, known)
        if _hides(instance, ()):
            arguments = dict.fromkeys(arguments, _SECRET)
        return Part(
            address=instance.address,
            type=instance.type,
            arguments=arguments,
            origin=Origin(self.file, address=instance.address),
        )

    def _identities(self, instance: _Instance) -> dict[str, ResourceRef]:
        """What the attributes of the resources that this one depends on look like, by value. A
        value that several share refers to none."""
        found: dict[str, ResourceRef | None] = {}
        for dependency in instance.dependencies:
            for other in self.by_configured.get(dependency, ()):
                mine: set[str] = set()
                for attribute in _IDENTITIES:
                    value = other.attributes.get(attribute)
                    if not isinstance(value, str) or not value or value in mine:
                        continue
                    if _hides(other, (attribute,)):
                        continue
                    mine.add(value)
                    ref = ResourceRef(other.configured, (attribute,), other.key)
                    found[value] = None if value in found else ref
        return {value: ref for value, ref in found.items() if ref is not None}

    def _value(
        self,
        value: Any,
        path: tuple[str | int, ...],
        instance: _Instance,
        known: dict[str, ResourceRef],
    ) -> Value:
        if instance.sensitive and _hides(instance, path):
            return _SECRET
        if isinstance(value, dict):
            return {k: self._value(v, (*path, k), instance, known) for k, v in value.items()}
        if isinstance(value, list):
            return [self._value(v, (*path, n), instance, known) for n, v in enumerate(value)]
        if isinstance(value, str) and value in known:
            return known[value]
        plain: Value = value
        return plain


def _hides(instance: _Instance, path: tuple[str | int, ...]) -> bool:
    return path in instance.sensitive


def _computed(type: str, catalog: Catalog) -> set[str]:
    """Attributes that only the cloud knows, as far as the catalog tells."""
    kind = catalog.kind_of("terraform", type)
    mapping = kind.mapping("terraform") if kind is not None else None
    if mapping is None:
        return {"id", "arn", "tags_all"}
    return (set(mapping.attributes.values()) | {"id", "tags_all"}) - set(mapping.known.keys)


def _outputs(state: dict[str, Any], file: str | None) -> list[Output]:
    outputs = state.get("outputs")
    found = []
    for name, said in (outputs if isinstance(outputs, dict) else {}).items():
        if isinstance(said, dict):
            secret = bool(said.get("sensitive"))
            value: Value = _SECRET if secret else said.get("value")
            origin = Origin(file, address=f"output.{name}")
            found.append(Output(name=name, value=value, sensitive=secret, origin=origin))
    return found


def _summed(notes: list[Note]) -> Iterator[Note]:
    """One note a resource about what is not understood: a state holds every attribute that there
    is, also those that nobody wrote."""
    paths: dict[str, list[str]] = {}
    for note in notes:
        if note.kind == "not_understood" and note.path and note.message == "is not understood":
            paths.setdefault(note.address, []).append(note.path)
    said: set[str] = set()
    for note in notes:
        if note.kind == "not_understood" and note.path in paths.get(note.address, ()):
            if note.address not in said:
                said.add(note.address)
                listed = ", ".join(paths[note.address])
                message = "attributes of the state that are not understood"
                yield Note("not_understood", note.address, listed, message, note.origin)
            continue
        yield note


def _name(file: str | None) -> str:
    stem = PurePath(file).name.split(".")[0] if file else ""
    name = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:60]
    return name if name[:1].isalpha() else f"state-{name}".rstrip("-")
