"""How much of a source a blueprint carries: counted, and listed where it is less than all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dharma.catalog import Catalog
from dharma.catalog.document import Note
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.nodes import Value

_LOST = frozenset({"not_understood", "no_counterpart"})


@dataclass(frozen=True, slots=True)
class Fidelity:
    """`mapped` are resources of the catalog's kinds and their values, `passed` what is kept as the
    source has it, `lost` the notes of what is not in the blueprint any more."""

    resources_mapped: int
    resources_passed: int
    values_mapped: int
    values_passed: int
    notes: tuple[Note, ...]

    @property
    def lost(self) -> list[Note]:
        return [note for note in self.notes if note.kind in _LOST]

    def to_dict(self) -> dict[str, Any]:
        return {
            "resources": {"mapped": self.resources_mapped, "passedThrough": self.resources_passed},
            "properties": {
                "mapped": self.values_mapped,
                "passedThrough": self.values_passed,
                "notUnderstood": sum(n.kind == "not_understood" for n in self.notes),
                "noCounterpart": sum(n.kind == "no_counterpart" for n in self.notes),
                "approximated": sum(n.kind == "approximated" for n in self.notes),
            },
            "lost": len(self.lost),
        }


def fidelity(blueprint: Blueprint, notes: Sequence[Note], catalog: Catalog) -> Fidelity:
    """What the blueprint holds, and the notes of reading it."""
    counts = [0, 0, 0, 0]
    for resource in blueprint.resources:
        known = catalog.kind(resource.type) is not None
        counts[0 if known else 1] += 1
        counts[2 if known else 3] += _values(resource.properties)
        counts[3] += _natives(resource)
    return Fidelity(counts[0], counts[1], counts[2], counts[3], tuple(notes))


def _natives(resource: Resource) -> int:
    return sum(_values(extra) for extra in resource.native.values())


def _values(properties: dict[str, Value]) -> int:
    """Single values, those of blocks counted one by one."""
    count = 0
    stack: list[Value] = list(properties.values())
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list) and any(isinstance(v, dict) for v in value):
            stack.extend(value)
        elif value is not None:
            count += 1
    return count
