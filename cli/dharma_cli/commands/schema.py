"""`schema`: the JSON Schema of blueprints, for editors. No server."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from dharma_cli import exits
from dharma_cli.options import FormatOption
from dharma_cli.output import Format, Output


class Provider(StrEnum):
    """Clouds that blueprints are written for."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"


def register(app: typer.Typer) -> None:
    app.command()(schema)


def schema(
    provider: Annotated[Provider, typer.Option(help="Whose kinds are completed.")] = Provider.AWS,
    format: FormatOption = Format.TEXT,
) -> int:
    """Print the JSON Schema of blueprints. In an editor with the YAML language server, a first line
    `# yaml-language-server: $schema=FILE` completes kinds and properties."""
    from dharma.blueprint.schema import json_schema
    from dharma.catalog import load_catalog

    output = Output("schema", format)
    found = json_schema(load_catalog(), provider.value)
    if output.is_json:
        output.document({"provider": provider.value, "schema": found})
    else:
        typer.echo(json.dumps(found, indent=2))
    return exits.FINE
