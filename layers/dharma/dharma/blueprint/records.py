"""What the library keeps about a blueprint beside its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class BlueprintRecord:
    """The draft of a blueprint. Times are RFC 3339; `revision` counts the writes of the record and
    is what a conditional update names; `version` is the semantic version that the text states."""

    id: str
    name: str
    version: str
    provider: str
    description: str | None
    tags: tuple[str, ...]
    resource_count: int
    created_by: str
    created_at: str
    updated_by: str
    updated_at: str
    revision: int = 0

    def to_data(self) -> dict[str, Any]:
        """As it is stored; the store itself counts the revision."""
        data = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "revision"}
        return {**data, "tags": list(self.tags)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any], revision: int) -> BlueprintRecord:
        return cls(**{**data, "tags": tuple(data["tags"]), "revision": revision})

    def to_dict(self) -> dict[str, Any]:
        """As the API shows it: the seed's fields, and ours."""
        return {
            "id": self.id,
            "name": self.name,
            "version": self.version,
            "provider": self.provider,
            "description": self.description,
            "resourceCount": self.resource_count,
            "revision": self.revision,
            "metadata": {
                "createdBy": self.created_by,
                "createdAt": self.created_at,
                "updatedBy": self.updated_by,
                "updatedAt": self.updated_at,
                "tags": list(self.tags),
            },
        }


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A published version; it never changes. `digest`: SHA-256 of its text as JSON."""

    blueprint_id: str
    version: str
    digest: str
    resource_count: int
    published_by: str
    published_at: str

    def to_data(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> VersionRecord:
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        return {
            "blueprintId": self.blueprint_id,
            "version": self.version,
            "digest": self.digest,
            "resourceCount": self.resource_count,
            "publishedBy": self.published_by,
            "publishedAt": self.published_at,
        }
