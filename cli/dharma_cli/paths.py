"""Paths of the API out of what people type."""

from __future__ import annotations

from urllib.parse import quote


def path(*parts: str) -> str:
    """`path("deployments", id)`; a slash inside a part does not lead elsewhere."""
    return "/" + "/".join(quote(part, safe="") for part in parts)
