"""The stack on this machine: `start stop status logs health info`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from dharma.core.errors import InvalidInput
from dharma_cli import exits
from dharma_cli.options import FormatOption
from dharma_cli.output import Format, Output

if TYPE_CHECKING:
    from dharma_local.supervisor import ProcessStatus

READY_SECONDS = 60.0


def register(app: typer.Typer) -> None:
    for command in (start, stop, status, logs, health, info):
        app.command()(command)


def start(
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay, and stop the stack with Ctrl-C.")
    ] = False,
    format: FormatOption = Format.TEXT,
) -> int:
    """Start the stack on this machine.

    That is the gateway, the engine, the cache and the sandbox account.
    """
    from dharma_cli import local_identity
    from dharma_local.supervisor import Stack

    output = Output("start", format)
    stack = Stack()
    local_identity.ensure_keys()

    def ready() -> None:
        if output.is_json:
            output.document({"address": stack.url(), "processes": _documents(stack.status())})
            sys.stdout.flush()
        elif foreground:
            output.say(f"Ready at {stack.url()}. Ctrl-C stops the stack.")
        else:
            output.console.print(f"Ready at {stack.url()}")

    if foreground:
        stack.start(foreground=True, on_ready=ready)
    else:
        stack.start(foreground=False)
        stack.wait_ready(READY_SECONDS)
        ready()
    return exits.FINE


def stop(format: FormatOption = Format.TEXT) -> int:
    """Stop the stack. State stays."""
    from dharma_local.supervisor import Stack

    output = Output("stop", format)
    was_running = Stack().stop()
    if output.is_json:
        output.document({"wasRunning": was_running})
    else:
        output.console.print("Stopped." if was_running else "Was not running.")
    return exits.FINE


def status(format: FormatOption = Format.TEXT) -> int:
    """The processes of the stack. Exit code 1 when one that should run does not."""
    from dharma_local.supervisor import Stack

    output = Output("status", format)
    processes = Stack().status()
    ready = bool(processes) and all(process.state == "ready" for process in processes)
    if output.is_json:
        output.document({"ready": ready, "processes": _documents(processes)})
    elif not processes:
        output.console.print(_stopped(), markup=False, soft_wrap=True)
    else:
        _print_table(output, processes)
    return exits.FINE if ready else exits.ERROR


def logs(
    process: Annotated[
        str | None, typer.Argument(help="gateway, engine, cache or sandbox; by default all.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines first.")] = 50,
    about: Annotated[
        str | None,
        typer.Option(
            "--about",
            metavar="ID",
            help="Only lines of this request or deployment: its correlation id, or its own id.",
        ),
    ] = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """What the processes of the stack have logged.

    With --format json each line is a JSON document of its own.
    """
    from dharma_cli.log_files import LinePrinter, show, show_about

    printer = LinePrinter(Output("logs", format))
    if about is not None:
        if follow:
            raise InvalidInput("--about looks back; it does not go with --follow")
        return exits.FINE if show_about(process, about, printer) else exits.ERROR
    show(process, lines, printer, follow=follow)
    return exits.FINE


def health(format: FormatOption = Format.TEXT) -> int:
    """Ask every part of the stack how it is. Exit code 1 when one is not well."""
    from dharma_local.supervisor import Stack

    output = Output("health", format)
    parts = Stack().health()
    well = bool(parts) and all(answer == "ok" for answer in parts.values())
    if output.is_json:
        output.document({"ok": well, "parts": parts})
    elif not parts:
        output.console.print(_stopped(), markup=False, soft_wrap=True)
    else:
        for name, answer in parts.items():
            style = "green" if answer == "ok" else "red"
            output.console.print(f"{name:<12}[{style}]{answer}[/]")
    return exits.FINE if well else exits.ERROR


def info(format: FormatOption = Format.TEXT) -> int:
    """Say what this installation knows, and where."""
    import platform

    from dharma import __version__
    from dharma.catalog import load_catalog
    from dharma.costing.price_book import PriceBook
    from dharma.guardrails.library import load_policies
    from dharma_cli import project, templates
    from dharma_local.stack_settings import StackSettings

    output = Output("info", format)
    found: dict[str, str | int | list[str]] = {
        "version": __version__,
        "python": platform.python_version(),
        "stateDirectory": str(StackSettings.from_environment().state_dir),
        "projectFile": str(project.find() or ""),
        "kinds": len(list(load_catalog().kinds())),
        "prices": len(PriceBook.open()),
        "policies": len(load_policies().policies),
        "templates": templates.names(),
    }
    if output.is_json:
        output.document(found)
    else:
        for key, value in found.items():
            shown = ", ".join(value) if isinstance(value, list) else value
            output.console.print(f"{key}: {shown}", markup=False, soft_wrap=True)
    return exits.FINE


def _documents(processes: list[ProcessStatus]) -> list[dict[str, object]]:
    return [
        {
            "name": process["name"],
            "state": process["state"],
            "pid": process["pid"],
            "port": process["port"],
            "restarts": process["restarts"],
            "memoryMb": process["memory_mb"],
        }
        for process in map(asdict, processes)
    ]


def _print_table(output: Output, processes: list[ProcessStatus]) -> None:
    from dharma_cli.table import Table

    table = Table("Process", "State", "Pid", "Port", "Memory", "Restarts")
    for process in processes:
        table.add(
            process.name,
            process.state,
            str(process.pid or ""),
            str(process.port or ""),
            f"{process.memory_mb:.0f} MB" if process.memory_mb else "",
            str(process.restarts),
        )
    table.print(output.console)


def _stopped() -> str:
    """With the folder: the stack of another one may well run."""
    from dharma_local.stack_settings import StackSettings

    folder = StackSettings.from_environment().state_dir
    return f"Not running with the state in {folder}. Start it with: iac-dharma start"
