"""`validate`: what is wrong with a file, line by line. No server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from dharma.core.errors import Fault, InvalidVariables
from dharma_cli import exits
from dharma_cli.options import Environment, File, FormatOption, VariableFiles, Variables
from dharma_cli.output import Format, Output
from dharma_cli.wording import counted

if TYPE_CHECKING:
    from dharma_cli.source import Source


def register(app: typer.Typer) -> None:
    app.command()(validate)


def validate(
    file: File,
    var: Variables = None,
    var_file: VariableFiles = None,
    environment: Environment = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Report every fault of a file with its line.

    Exit code 1 when there are any, as with every command that such a file stops. Values that are
    stated are checked too; with -e every variable must have one.
    """
    from dharma.blueprint.validation import review
    from dharma.catalog import load_catalog
    from dharma_cli.source import open_source
    from dharma_cli.views.notes import notes, notes_document

    output = Output("validate", format)
    source = open_source(file, var, var_file, environment)
    blueprint = source.read.blueprint
    findings = review(blueprint, load_catalog())
    faults = [*findings.faults, *_value_faults(source)]
    if output.is_json:
        output.document(
            {
                "valid": not faults,
                "name": blueprint.name,
                "version": blueprint.version,
                "sourceFormat": source.read.source_format,
                "resources": len(blueprint.resources),
                "faults": [str(fault) for fault in faults],
                "warnings": [str(warning) for warning in findings.warnings],
                "notes": notes_document(source.read.notes),
                "environment": source.environment_document(),
            }
        )
    else:
        for fault in faults:
            output.console.print(f"error: {fault}", style="red", markup=False, soft_wrap=True)
        for warning in findings.warnings:
            output.console.print(
                f"warning: {warning}", style="yellow", markup=False, soft_wrap=True
            )
        notes(output.console, source.read.notes)
        state = counted(len(faults), "fault") if faults else "valid"
        parts = (
            counted(len(blueprint.resources), "resource"),
            counted(len(blueprint.variables), "variable"),
            counted(len(blueprint.outputs), "output"),
        )
        output.console.print(
            f"{blueprint.name} {blueprint.version}: {state}; {', '.join(parts)}", markup=False
        )
        source.say_withheld(output)
    return exits.ERROR if faults else exits.FINE


def _value_faults(source: Source) -> tuple[Fault, ...]:
    from dharma.blueprint.variables import check_values

    try:
        complete = source.environment is not None
        check_values(source.blueprint, source.known_values, complete=complete)
    except InvalidVariables as error:
        return error.faults
    return ()
