"""The documents of a deployment: where they lie, and the blueprint that was deployed."""

from __future__ import annotations

import json
from typing import Any

from dharma.blueprint.source import load_blueprint
from dharma.core.artifacts import ArtifactStore
from dharma.model.blueprint import Blueprint


def artifact_key(tenant: str, deployment_id: str, name: str) -> str:
    """`name` is a file name: `blueprint.json`, `plan.json`, `code/template.json`."""
    return f"deployments/{tenant}/{deployment_id}/{name}"


def load_snapshot(artifacts: ArtifactStore, key: str) -> Blueprint:
    """The blueprint as it was deployed; it never changes afterwards."""
    return load_blueprint(artifacts.get(key), file=None)


def to_json(document: Any) -> bytes:
    """Readable, and the same bytes for the same document."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).encode()
