"""What differs between two blueprints: parts added, removed and changed, down to the property."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from dharma.blueprint.dump import plain_value
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
    """Parts of one sort by name (resources by address)."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: Mapping[str, tuple[PathChange, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def to_dict(self) -> dict[str, Any]:
        return {
            "added": list(self.added),
            "removed": list(self.removed),
            "changed": [
                {"name": name, "changes": [change.to_dict() for change in changes]}
                for name, changes in self.changed.items()
            ],
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
        ),
        outputs=_parts(
            {o.name: _output(o) for o in before.outputs},
            {o.name: _output(o) for o in after.outputs},
        ),
        new_required_variables=tuple(
            v.name for v in after.variables if v.required and v.name not in old_required
        ),
    )


def _parts(before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]) -> PartsDiff:
    changes = {
        name: tuple(_changes("", before[name], part))
        for name, part in after.items()
        if name in before
    }
    return PartsDiff(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed={
            name: _hidden(found, before[name], after[name])
            for name, found in changes.items()
            if found
        },
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
    }


def _output(output: Output) -> dict[str, Any]:
    entry = {f.name: getattr(output, f.name) for f in fields(output)}
    del entry["name"], entry["origin"]
    return entry
