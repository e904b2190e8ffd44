"""`schema`: the JSON Schema of blueprints, for editors. No server."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from dharma_cli import exits


class Provider(StrEnum):
    """Clouds that blueprints are written for."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"


def register(app: typer.Typer) -> None:
    app.command()(schema)


def schema(
    provider: Annotated[Provider, typer.Option(help="Whose kinds are completed.")] = Provider.AWS,
) -> int:
    """Print the JSON Schema of blueprints. In an editor with the YAML language server, a first line
    `# yaml-language-server: $schema=FILE` completes kinds and properties."""
    from dharma.blueprint.schema import json_schema
    from dharma.catalog import load_catalog

    typer.echo(json.dumps(json_schema(load_catalog(), provider.value), indent=2))
    return exits.FINE
