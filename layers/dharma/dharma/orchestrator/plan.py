"""A plan as data: what happens to each resource, property by property, ready to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["create", "update", "replace", "delete", "no-op"]


@dataclass(frozen=True, slots=True)
class PathChange:
    """One property path. Values are ready to be shown: expressions printed, secrets hidden."""

    path: str
    before: Any
    after: Any
    forces_replacement: bool = False
    sensitive: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "before": self.before,
            "after": self.after,
            "forcesReplacement": self.forces_replacement,
            "sensitive": self.sensitive,
        }


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource. `before` and `after` are all its properties, ready to be shown
    (None where there is none); `paths` lists those that differ."""

    address: str
    kind: str
    action: Action
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    paths: tuple[PathChange, ...] = ()
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "kind": self.kind,
            "action": self.action,
            "before": self.before,
            "after": self.after,
            "paths": [path.to_dict() for path in self.paths],
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """`changes` has every resource, those that stay as they are too, by address. `refused` lists
    what the lifecycle forbids: such a plan is not carried out. `from_version` is the state that it
    was made against, 0 for none."""

    changes: tuple[Change, ...]
    outputs: tuple[PathChange, ...] = ()
    refused: tuple[str, ...] = ()
    from_version: int = 0

    @property
    def summary(self) -> dict[str, int]:
        counts = {"create": 0, "update": 0, "replace": 0, "delete": 0, "no-op": 0}
        for change in self.changes:
            counts[change.action] += 1
        return counts

    @property
    def empty(self) -> bool:
        """Nothing to do, not even an output to change."""
        return all(change.action == "no-op" for change in self.changes) and not self.outputs

    def to_dict(self) -> dict[str, Any]:
        return {
            "formatVersion": 1,
            "fromVersion": self.from_version,
            "summary": self.summary,
            "changes": [change.to_dict() for change in self.changes],
            "outputs": [output.to_dict() for output in self.outputs],
            "refused": list(self.refused),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """The inverse of `to_dict`."""
        return cls(
            changes=tuple(
                Change(
                    change["address"],
                    change["kind"],
                    change["action"],
                    change["before"],
                    change["after"],
                    tuple(_path_change(path) for path in change["paths"]),
                    change["reason"],
                )
                for change in data["changes"]
            ),
            outputs=tuple(_path_change(path) for path in data["outputs"]),
            refused=tuple(data["refused"]),
            from_version=data["fromVersion"],
        )


def _path_change(data: Mapping[str, Any]) -> PathChange:
    return PathChange(
        data["path"], data["before"], data["after"], data["forcesReplacement"], data["sensitive"]
    )
