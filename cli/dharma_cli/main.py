"""Entry point of `iac-dharma`.

Command modules import what they need inside their functions: `check` of a small file must not pay
for the HTTP client, nor `status` for the policy engine.
"""

from __future__ import annotations

import sys
from typing import Any

import typer

from dharma import __version__
from dharma.core.errors import DharmaError, InvalidInput
from dharma_cli import exits
from dharma_cli.commands import (
    blueprints,
    code,
    deployments,
    environments,
    judge,
    main_job,
    schema,
    server,
    session,
)
from dharma_cli.output import Format, Output

# Typer carries its own copy of click and exports this class's child only.
UsageError: Any = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="iac-dharma",
    help="One blueprint of infrastructure in; code, verdict, price, plan and deployment out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (main_job, code, judge, schema, server, session, deployments):
    module.register(app)
app.add_typer(blueprints.app, name="blueprint")
app.add_typer(environments.app, name="env")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"iac-dharma {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """One blueprint of infrastructure in; code, verdict, price, plan and deployment out."""


def run(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit code. Never a traceback for an expected failure."""
    arguments = sys.argv[1:] if arguments is None else arguments
    command = next((word for word in arguments if not word.startswith("-")), "iac-dharma")
    output = Output(command, _format(arguments))
    try:
        result = app(args=arguments, standalone_mode=False)
    except DharmaError as error:
        output.failed(error)
        return exits.ERROR
    except UsageError as error:
        output.failed(InvalidInput(error.format_message()))
        return exits.ERROR
    except typer.Exit as stop:
        return int(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        output.say("Stopped.")
        return 130
    except BrokenPipeError:
        # The reader of a pipe went away (`iac-dharma logs | head`): not our failure.
        sys.stderr.close()
        return exits.FINE
    return result if isinstance(result, int) else exits.FINE


def _format(arguments: list[str]) -> Format:
    # Needed before the command line is parsed: a usage error must answer in the wanted format too.
    for position, word in enumerate(arguments):
        if word == "--format=json" or (
            word == "--format" and arguments[position + 1 : position + 2] == ["json"]
        ):
            return Format.JSON
    return Format.TEXT


if __name__ == "__main__":
    sys.exit(run())
