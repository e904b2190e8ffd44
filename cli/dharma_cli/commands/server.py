"""The stack on this machine: `start stop status logs health info`."""

from __future__ import annotations

from typing import Annotated

import typer

from dharma_cli import exits
from dharma_cli.options import FormatOption
from dharma_cli.output import Format, Output


def register(app: typer.Typer) -> None:
    for command in (start, stop, status, logs, health, info):
        app.command()(command)


def start(
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay, and stop the stack with Ctrl-C.")
    ] = False,
    format: FormatOption = Format.TEXT,
) -> int:
    """Start the gateway, the engine, the cache and the sandbox account."""
    from dharma_cli import local_identity
    from dharma_local import supervisor

    output = Output("start", format)
    local_identity.ensure_keys()
    if foreground:
        output.say(f"Starting; state is in {supervisor.state_dir()}. Ctrl-C stops the stack.")
        return supervisor.start(foreground=True)
    code = supervisor.start(foreground=False)
    if code != exits.FINE:
        return code
    supervisor.wait_ready(timeout=60)
    address = supervisor.gateway_address()
    if output.is_json:
        output.document({"address": address, "processes": _processes()})
    else:
        output.console.print(f"Ready at {address}")
    return exits.FINE


def stop(format: FormatOption = Format.TEXT) -> int:
    """Stop the stack. State stays."""
    from dharma_local import supervisor

    output = Output("stop", format)
    was_running = supervisor.stop()
    if output.is_json:
        output.document({"wasRunning": was_running})
    else:
        output.console.print("Stopped." if was_running else "Was not running.")
    return exits.FINE


def status(format: FormatOption = Format.TEXT) -> int:
    """The processes of the stack. Exit code 1 when one that should run does not."""
    from rich.table import Table

    output = Output("status", format)
    processes = _processes()
    running = bool(processes) and all(process["state"] == "running" for process in processes)
    if output.is_json:
        output.document({"running": running, "processes": processes})
        return exits.FINE if running else exits.ERROR
    if not processes:
        output.console.print("Not running. Start it with: iac-dharma start")
        return exits.ERROR
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("Process", "State", "Pid", "Address", "Memory", "Restarts"):
        table.add_column(column)
    for process in processes:
        memory = process.get("memoryBytes")
        table.add_row(
            process["name"],
            process["state"],
            str(process.get("pid") or ""),
            process.get("address") or "",
            f"{memory / 2**20:.0f} MiB" if memory else "",
            str(process.get("restarts", 0)),
        )
    output.console.print(table)
    return exits.FINE if running else exits.ERROR


def logs(
    process: Annotated[
        str | None, typer.Argument(help="gateway, engine, cache or sandbox; by default all.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, help="How many to begin with.")
    ] = 50,
) -> int:
    """What the processes of the stack have logged."""
    from dharma_cli.log_files import show

    show(process, lines, follow=follow)
    return exits.FINE


def health(format: FormatOption = Format.TEXT) -> int:
    """Ask the gateway how it is. Exit code 1 when it is not well."""
    from dharma_cli.client import connect

    output = Output("health", format)
    body = connect().get("/health")
    if output.is_json:
        output.document({"health": body})
    else:
        output.console.print(
            body["status"], style="bold green" if body["status"] == "ok" else "red"
        )
        for name, check in sorted((body.get("checks") or {}).items()):
            output.console.print(f"  {name}: {check}", markup=False)
    return exits.FINE if body["status"] == "ok" else exits.ERROR


def info(format: FormatOption = Format.TEXT) -> int:
    """What this installation knows and where its things are."""
    import platform

    from dharma import __version__
    from dharma.catalog import load_catalog
    from dharma.core import project_files
    from dharma.costing.price_book import PriceBook
    from dharma_cli import project, templates
    from dharma_local import supervisor

    output = Output("info", format)
    found = {
        "version": __version__,
        "python": platform.python_version(),
        "stateDirectory": str(supervisor.state_dir()),
        "projectFile": str(project.find() or ""),
        "kinds": len(load_catalog().kinds()),
        "prices": len(PriceBook.open()),
        "policies": len([*project_files.find("policies").rglob("*.rego")]),
        "templates": templates.names(),
    }
    if output.is_json:
        output.document(found)
    else:
        for key, value in found.items():
            shown = ", ".join(value) if isinstance(value, list) else value
            output.console.print(f"{key}: {shown}", markup=False, soft_wrap=True)
    return exits.FINE


def _processes() -> list[dict[str, object]]:
    from dharma_local import supervisor

    return [process.to_dict() for process in supervisor.status()]
