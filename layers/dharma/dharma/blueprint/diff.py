"""What differs between two blueprints: parts added, removed and changed, down to the property."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from dharma.blueprint.dump import plain_value
from dharma.model.addresses import former_address
from dharma.model.blueprint import Blueprint, Lifecycle, Output, Resource, Variable
from dharma.model.expressions.nodes import Value

HIDDEN = "(sensitive value)"


@dataclass(frozen=True, slots=True)
class PathChange:
    """One path with its values as a document holds them; None where there is none."""

    path: str
    before: Any
    after: Any

    def to_dict(self) -> dict[str, Any]:
        return {"path": self.path, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class PartsDiff:
    """Parts of one sort by name (resources by address). `renamed` gives the former name of one
    that says it: it is neither added nor removed."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: Mapping[str, tuple[PathChange, ...]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.renamed)

    def to_dict(self) -> dict[str, Any]:
        return {
            "added": list(self.added),
            "removed": list(self.removed),
            "changed": [
                {"name": name, "changes": [change.to_dict() for change in changes]}
                for name, changes in self.changed.items()
            ],
            **({"renamed": dict(self.renamed)} if self.renamed else {}),
        }


@dataclass(frozen=True, slots=True)
class BlueprintDiff:
    """`header` are changes of name, version, provider, description and metadata."""

    header: tuple[PathChange, ...]
    variables: PartsDiff
    resources: PartsDiff
    outputs: PartsDiff
    new_required_variables: tuple[str, ...] = ()

    @property
    def has_changes(self) -> bool:
        """Whether anything but the stated version differs."""
        header = any(change.path != "version" for change in self.header)
        return bool(header or self.variables or self.resources or self.outputs)

    def to_dict(self) -> dict[str, Any]:
        return {
            "header": [change.to_dict() for change in self.header],
            "variables": self.variables.to_dict(),
            "resources": self.resources.to_dict(),
            "outputs": self.outputs.to_dict(),
            "newRequiredVariables": list(self.new_required_variables),
        }


def diff_blueprints(before: Blueprint, after: Blueprint) -> BlueprintDiff:
    """The way from one blueprint to the other. Order of parts does not count; in the result they
    come in the order of `after` (removed ones of `before`). Secret defaults are not shown."""
    old_required = {v.name for v in before.variables if v.required}
    return BlueprintDiff(
        header=tuple(
            change
            for key in ("name", "version", "provider", "description", "metadata")
            for change in _changes(key, getattr(before, key), getattr(after, key))
        ),
        variables=_parts(
            {v.name: _variable(v) for v in before.variables},
            {v.name: _variable(v) for v in after.variables},
        ),
        resources=_parts(
            {r.address: _resource(r) for r in before.resources},
            {r.address: _resource(r) for r in after.resources},
            _renamed(before, after),
        ),
        outputs=_parts(
            {o.name: _output(o) for o in before.outputs},
            {o.name: _output(o) for o in after.outputs},
        ),
        new_required_variables=tuple(
            v.name for v in after.variables if v.required and v.name not in old_required
        ),
    )


def _renamed(before: Blueprint, after: Blueprint) -> dict[str, str]:
    """The address in `before` of each resource of `after` that was renamed since."""
    old = {r.address for r in before.resources}
    present = {r.address for r in after.resources}
    found: dict[str, str] = {}
    for resource in after.resources:
        if resource.address in old:
            continue
        for former in reversed(resource.renamed_from):
            address = former_address(resource, former)
            if address is not None and address.resource in old - present - set(found.values()):
                found[resource.address] = address.resource
                break
    return found


def _parts(
    before: Mapping[str, dict[str, Any]],
    after: Mapping[str, dict[str, Any]],
    renamed: Mapping[str, str] | None = None,
) -> PartsDiff:
    renamed = renamed or {}
    former = {name: renamed.get(name, name) for name in after}
    changes = {
        name: tuple(_changes("", before[former[name]], part))
        for name, part in after.items()
        if former[name] in before
    }
    kept = set(former.values())
    return PartsDiff(
        added=tuple(name for name in after if former[name] not in before),
        removed=tuple(name for name in before if name not in kept),
        changed={
            name: _hidden(found, before[former[name]], after[name])
            for name, found in changes.items()
            if found
        },
        renamed=renamed,
    )


def _hidden(
    changes: Sequence[PathChange], before: dict[str, Any], after: dict[str, Any]
) -> tuple[PathChange, ...]:
    if not (before.get("sensitive") or after.get("sensitive")):
        return tuple(changes)
    secret = ("default", "allowed", "value")
    return tuple(
        PathChange(c.path, HIDDEN, HIDDEN) if c.path.split(".")[0].split("[")[0] in secret else c
        for c in changes
    )


def _changes(path: str, before: Any, after: Any) -> Iterator[PathChange]:
    """The smallest paths at which two values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*after, *(k for k in before if k not in after)]:
            inner = f"{path}.{key}" if path else str(key)
            yield from _changes(inner, before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for position, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _changes(f"{path}[{position}]", old, new)
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield PathChange(path, _shown(before), _shown(after))


def _shown(value: Value) -> Any:
    return plain_value(value)


def _variable(variable: Variable) -> dict[str, Any]:
    entry = {f.name: getattr(variable, f.name) for f in fields(variable)}
    entry["allowed"] = list(variable.allowed) or None
    del entry["name"], entry["origin"]
    return entry


def _resource(resource: Resource) -> dict[str, Any]:
    lifecycle = resource.lifecycle
    return {
        "properties": resource.properties,
        "count": resource.count,
        "for_each": resource.for_each,
        "condition": resource.condition,
        "depends_on": list(resource.depends_on) or None,
        "lifecycle": None
        if lifecycle == Lifecycle()
        else {
            "prevent_destroy": lifecycle.prevent_destroy,
            "create_before_destroy": lifecycle.create_before_destroy,
            "ignore_changes": list(lifecycle.ignore_changes),
        },
        "native": resource.native,
        "region": resource.region,
        "module": resource.module,
        "import": resource.import_id,
    }


def _output(output: Output) -> dict[str, Any]:
    entry = {f.name: getattr(output, f.name) for f in fields(output)}
    del entry["name"], entry["origin"]
    return entry
