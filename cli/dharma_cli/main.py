"""Entry point of `iac-dharma`.

Command modules import what they need inside their functions: `check` of a small file must not pay
for the HTTP client, nor `status` for the policy engine.
"""

from __future__ import annotations

import io
import os
import sys
from functools import cache
from itertools import takewhile
from typing import Any, TextIO

import typer

from dharma import __version__
from dharma.core.errors import DharmaError, InvalidInput, Unavailable
from dharma.core.garbage import seldom_collected
from dharma_cli import exits
from dharma_cli.commands import (
    audit,
    blueprints,
    convert,
    deployments,
    docs,
    environments,
    generate,
    importing,
    judge,
    main_job,
    projections,
    schema,
    server,
    session,
    update,
    validate,
)
from dharma_cli.output import Format, Output

# Typer carries its own copy of click and exports this class's child only.
UsageError: Any = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="iac-dharma",
    help="One blueprint of infrastructure in; code, verdict, price, plan and deployment out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Typer's own layout of help loads a Markdown parser: a tenth of a second.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    main_job,
    validate,
    generate,
    convert,
    importing,
    judge,
    schema,
    server,
    session,
    deployments,
    docs,
    update,
    validate,
):
    module.register(app)
app.add_typer(blueprints.app, name="blueprint")
app.add_typer(environments.app, name="env")
app.add_typer(audit.app, name="audit")
app.add_typer(projections.app, name="projections")
GROUPS = frozenset({"audit", "blueprint", "deployments", "env", "projections"})


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


@cache
def program() -> Any:
    """All commands with their options, put together once: it takes longer than many a command."""
    return typer.main.get_command(app)


def run(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit code. Never a traceback for an expected failure."""
    arguments = sys.argv[1:] if arguments is None else arguments
    output = Output(_command(arguments), _format(arguments))
    # A stream that the caller has closed.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        # A name of a file may hold bytes that are no text in the terminal's encoding.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        # For the whole command, also between what it calls: it ends soon, and the collector would
        # look through everything at the first moment that it may.
        with seldom_collected():
            result = program()(args=arguments, standalone_mode=False)
        sys.stdout.flush()
    except DharmaError as error:
        output.failed(error)
        return exits.ERROR
    except UsageError as error:
        if error.ctx is not None and error.message == error.ctx.get_help():
            # A group without a command: its help is the answer.
            typer.echo(error.message)
            return exits.FINE
        output.failed(InvalidInput(error.format_message()))
        return exits.ERROR
    except typer.Exit as stop:
        return int(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        output.say("Stopped.")
        return 130
    except BrokenPipeError:
        # The reader of a pipe went away (`iac-dharma logs | head`): not our failure.
        _give_up_output()
        return exits.FINE
    except OSError as error:
        _tell(error, output)
        return exits.ERROR
    return result if isinstance(result, int) else exits.FINE


def _tell(error: OSError, output: Output) -> None:
    """A disk that is full, a folder that may not be written: the failure of the machine."""
    place = f"{error.filename}: " if error.filename else ""
    failure = Unavailable(f"{place}{error.strerror or error}")
    try:
        output.failed(failure)
        sys.stdout.flush()
    except OSError:
        # It is the output itself that fails.
        _give_up_output()
        Output(output.command).failed(failure)


def _give_up_output() -> None:
    """What is still in the buffer must not be tried again when the process ends."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _nowhere() -> TextIO:
    return open(os.devnull, "w")


def _command(arguments: list[str]) -> str:
    words = list(takewhile(lambda word: not word.startswith("-"), arguments))
    return " ".join(words[: 2 if words[:1] and words[0] in GROUPS else 1]) or "iac-dharma"


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
