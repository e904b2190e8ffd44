"""The documents of a deployment: what its steps wrote for people and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dharma.core.errors import NotFound
from dharma_cli.paths import path

if TYPE_CHECKING:
    from dharma_cli.client import Client


class Documents:
    """Of one deployment, by name: `plan`, `cost`, `verdict-plan` ..."""

    def __init__(self, client: Client, deployment: str) -> None:
        self._client = client
        self._deployment = deployment

    def read(self, name: str) -> Any:
        """NotFound when there is none of this name, or no step has written it yet."""
        return self._client.get(path("deployments", self._deployment, "documents", name))

    def find(self, name: str) -> Any:
        """The same, None for NotFound."""
        try:
            return self.read(name)
        except NotFound:
            return None
