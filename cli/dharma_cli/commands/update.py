"""`update`: which version runs, and how to get a newer one. It asks nobody unless told to."""

from __future__ import annotations

from typing import Annotated

import typer

from dharma import __version__
from dharma_cli import exits
from dharma_cli.options import FormatOption
from dharma_cli.output import Format, Output


def register(app: typer.Typer) -> None:
    app.command()(update)


def update(
    check: Annotated[
        bool, typer.Option("--check", help="Ask the address below for the newest version.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(
            envvar="DHARMA_UPDATE_URL",
            help="Where the newest version is told, as JSON with `version` or `tag_name`.",
        ),
    ] = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Say which version runs and how to update it. Nothing is contacted without --check."""
    from dharma.blueprint.versions import compare
    from dharma_cli.installation import installation
    from dharma_cli.newest import newest_version

    output = Output("update", format)
    newest = newest_version(url) if check else None
    newer = compare(newest, __version__) > 0 if newest is not None else None
    found = installation()
    if output.is_json:
        output.document(
            {
                "version": __version__,
                "installation": {"kind": found.kind, "place": str(found.place)},
                "commands": list(found.commands),
                "newest": newest,
                "newer": newer,
            }
        )
        return exits.FINE
    typer.echo(f"iac-dharma {__version__}, {found.kind} in {found.place}")
    if newest is not None:
        typer.echo(f"{newest} is there." if newer else f"The newest version is {newest}.")
    if newer is not False:
        typer.echo("Update it with:")
        for command in found.commands:
            typer.echo(f"  {command}")
    return exits.FINE
