"""`import`: infrastructure code of another format as a blueprint, and how much of it that carries.
No server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dharma_cli import exits
from dharma_cli.options import File, FormatOption, VariableFiles, Variables
from dharma_cli.output import Format, Output


def register(app: typer.Typer) -> None:
    app.command("import")(import_)


def import_(
    file: File,
    target: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File for the blueprint, .yaml or .json; else it is printed."
        ),
    ] = None,
    force: Annotated[bool, typer.Option(help="Overwrite the file.")] = False,
    var: Variables = None,
    var_file: VariableFiles = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Write the blueprint of what was written elsewhere.

    The report tells what was mapped, what is kept as it is, and what was lost, each with its line.
    Exit code 2 when anything was lost.
    """
    from dharma.blueprint.dump import dump_blueprint
    from dharma.blueprint.fidelity import fidelity
    from dharma.blueprint.placeholders import with_placeholders
    from dharma.catalog import load_catalog
    from dharma.core.errors import InvalidInput
    from dharma_cli.files import write_all
    from dharma_cli.source import open_source, require_valid
    from dharma_cli.views.fidelity import report
    from dharma_cli.views.notes import notes_document

    output = Output("import", format)
    if target is not None and target.exists() and not force:
        raise InvalidInput(f"{target} exists already: --force overwrites it")
    source = open_source(file, var, var_file)
    require_valid(source)
    blueprint, placed = with_placeholders(source.blueprint)
    notes = [*source.read.notes, *placed]
    found = fidelity(blueprint, notes, load_catalog())
    json_wanted = target is not None and target.suffix == ".json"
    text = dump_blueprint(blueprint, "json" if json_wanted else "yaml")
    if target is not None:
        write_all(target.parent, {target.name: text})
    if output.is_json:
        output.document(
            {
                "sourceFormat": source.read.source_format,
                "file": None if target is None else str(target),
                "blueprint": text if target is None else None,
                "fidelity": found.to_dict(),
                "notes": notes_document(notes),
            }
        )
    else:
        if target is None:
            typer.echo(text, nl=False)
        report(output.notices if target is None else output.console, found)
    return exits.FINDINGS if found.lost else exits.FINE
