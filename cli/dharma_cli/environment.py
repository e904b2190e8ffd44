"""`-e ENVIRONMENT`: what an environment of the running stack gives a file that is judged here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dharma.core.errors import InvalidInput

if TYPE_CHECKING:
    from dharma.model.blueprint import Blueprint


@dataclass(frozen=True, slots=True)
class Environment:
    """`variables` are those that may be shown. Of the `secret` ones only the names leave the
    server: here their values are unknown."""

    name: str
    provider: str
    region: str
    variables: Mapping[str, Any]
    secret: frozenset[str]

    def require_fitting(self, blueprint: Blueprint) -> None:
        """InvalidInput when the file is for another cloud."""
        if blueprint.provider != self.provider:
            raise InvalidInput(
                f"{blueprint.name} is for {blueprint.provider}, but {self.name} lies in"
                f" {self.provider}"
            )


def read_environment(name: str) -> Environment:
    """Ask the stack; NotFound when there is none of this name, Unavailable without a stack."""
    from dharma_cli.client import connect
    from dharma_cli.paths import path

    body = connect().get(path("environments", name))
    stated: dict[str, dict[str, Any]] = body["variables"]
    return Environment(
        name=body["name"],
        provider=body["provider"],
        region=body["region"],
        variables={n: v["value"] for n, v in stated.items() if not v["sensitive"]},
        secret=frozenset(n for n, v in stated.items() if v["sensitive"]),
    )
