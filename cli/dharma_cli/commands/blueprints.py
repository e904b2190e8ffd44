"""`blueprint`: the library of the running stack."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from dharma_cli import exits
from dharma_cli.options import File, FormatOption
from dharma_cli.output import Format, Output
from dharma_cli.paths import path

app = typer.Typer(
    help="The library of blueprints.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="Id or name of the blueprint.", show_default=False)]


@app.command("list")
def list_blueprints(
    provider: Annotated[str | None, typer.Option(help="Only those of a provider.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only those with a tag.")] = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """All blueprints of the library."""
    from dharma_cli.client import connect
    from dharma_cli.views.records import blueprint_table

    output = Output("blueprint list", format)
    found = list(connect().pages("/blueprints", provider=provider, tag=tag))
    if output.is_json:
        output.document({"items": found})
    else:
        blueprint_table(output.console, found)
    return exits.FINE


@app.command()
def show(name: Name, format: FormatOption = Format.TEXT) -> int:
    """One blueprint, as YAML."""
    from dharma_cli.client import connect

    output = Output("blueprint show", format)
    client = connect()
    record = _found(client, name)
    if output.is_json:
        output.document({"blueprint": client.get(path("blueprints", record["id"]))})
    else:
        typer.echo(client.text(path("blueprints", record["id"], "export"), format="yaml"), nl=False)
    return exits.FINE


@app.command()
def push(
    file: File,
    publish: Annotated[
        bool, typer.Option(help="Publish the version; it can never change afterwards.")
    ] = False,
    bump: Annotated[
        bool,
        typer.Option("--bump", help="Give it the version that the changes since the last ask for."),
    ] = False,
    allow_lower: Annotated[
        bool,
        typer.Option("--allow-lower", help="Publish it although the changes ask for a higher one."),
    ] = False,
    format: FormatOption = Format.TEXT,
) -> int:
    """Put a blueprint into the library, or a new draft of it."""
    from dharma.blueprint.source import dump_blueprint
    from dharma_cli.client import connect
    from dharma_cli.source import open_source, require_valid
    from dharma_cli.views.records import proposal_notes

    output = Output("blueprint push", format)
    source = open_source(file)
    require_valid(source)
    blueprint = source.read.blueprint
    body = {"content": dump_blueprint(blueprint)}
    client = connect()
    present = next(iter(client.pages("/blueprints", name=blueprint.name)), None)
    if present is None:
        record = client.post("/blueprints", body)
    else:
        record = client.put(path("blueprints", present["id"]), body)
    proposal = None
    if bump:
        proposal = client.get(path("blueprints", record["id"], "versions", "next"))
        if proposal["version"] != blueprint.version:
            blueprint = replace(blueprint, version=proposal["version"])
            body = {"content": dump_blueprint(blueprint)}
            record = client.put(path("blueprints", record["id"]), body)
        proposal_notes(output, proposal)
    # As a release tool does: without a change there is nothing to publish, and nothing is wrong.
    publish = publish and not (proposal and proposal["version"] == proposal["previous"])
    if publish:
        wanted = {"version": blueprint.version, "allowLower": allow_lower}
        client.post(path("blueprints", record["id"], "versions"), wanted)
    if output.is_json:
        output.document({"blueprint": record, "published": publish, "proposal": proposal})
    else:
        state = "published" if publish else "draft"
        output.console.print(f"{record['id']} {blueprint.name} {blueprint.version} ({state})")
    return exits.FINE


@app.command()
def versions(name: Name, format: FormatOption = Format.TEXT) -> int:
    """The published versions of a blueprint."""
    from dharma_cli.client import connect
    from dharma_cli.views.records import version_table

    output = Output("blueprint versions", format)
    client = connect()
    found = list(client.pages(path("blueprints", _found(client, name)["id"], "versions")))
    if output.is_json:
        output.document({"items": found})
    else:
        version_table(output.console, found)
    return exits.FINE


@app.command()
def export(
    name: Name,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; by default printed.")
    ] = None,
    json_text: Annotated[bool, typer.Option("--json", help="JSON instead of YAML.")] = False,
    version: Annotated[
        str | None, typer.Option(help="A published version; by default the draft.")
    ] = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Write a blueprint of the library to a file."""
    from dharma_cli.client import connect
    from dharma_cli.files import write_all

    output = Output("blueprint export", format)
    client = connect()
    record = _found(client, name)
    text = client.text(
        path("blueprints", record["id"], "export"),
        format="json" if json_text or (output.is_json and to is None) else "yaml",
        version=version,
    )
    if output.is_json:
        if to is not None:
            write_all(to.parent, {to.name: text})
        output.document({"file": str(to)} if to is not None else {"blueprint": json.loads(text)})
    elif to is None:
        typer.echo(text, nl=False)
    else:
        write_all(to.parent, {to.name: text})
    return exits.FINE


@app.command("import")
def import_(file: File, format: FormatOption = Format.TEXT) -> int:
    """Put any readable file into the library.

    A blueprint, a CloudFormation template or a Terraform plan as JSON.
    """
    from dharma_cli.client import connect
    from dharma_cli.texts import read_text
    from dharma_cli.views.notes import notes, stated_notes

    output = Output("blueprint import", format)
    body = {"content": read_text(file), "filename": file.name}
    answer = connect().post("/blueprints/import", body)
    if output.is_json:
        output.document(answer)
    else:
        record = answer["blueprint"]
        output.console.print(f"{record['id']} {record['name']} {record['version']}")
        notes(output.notices, stated_notes(answer["notes"]))
    return exits.FINDINGS if answer["notes"] else exits.FINE


def _found(client: Any, name: str) -> dict[str, Any]:
    """By name first: ids are long and rarely typed."""
    found = next(iter(client.pages("/blueprints", name=name)), None)
    record: dict[str, Any] = found or client.get(path("blueprints", name))
    return record
