"""`run`: start the stack and carry one file through the whole main job, then keep serving."""

from __future__ import annotations

import os
import secrets
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dharma_cli.documents import Documents
from dharma_cli.follow import exit_code, until_ended
from dharma_cli.options import File, FormatOption, Variables
from dharma_cli.output import Format, Output, heading
from dharma_cli.wording import counted

if TYPE_CHECKING:
    from dharma.model.blueprint import Blueprint
    from dharma_cli.client import Client
    from dharma_cli.source import Source

READY_SECONDS = 60.0


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(
    file: File,
    once: Annotated[bool, typer.Option("--once", help="End after the job.")] = False,
    environment: Annotated[
        str, typer.Option("--environment", "-e", help="Made in the sandbox if there is none.")
    ] = "sandbox",
    var: Variables = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Carry a file through the whole main job in the sandbox.

    It is judged, priced, planned and deployed into the emulated account of this machine. Starts
    the stack if none runs. Exit code 0 only when the deployment succeeded.
    """
    from dharma_cli import local_identity
    from dharma_cli.client import Client
    from dharma_cli.source import open_source, require_valid
    from dharma_local.supervisor import Stack

    output = Output("run", format)
    source = open_source(file, var)
    require_valid(source)
    local_identity.ensure_keys()
    # As Ctrl-C, from here on: a stack that was started for this command ends with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stack = Stack()
    ours = not stack.is_running()
    if ours:
        output.say("Starting the stack ...")
        stack.start(foreground=False)
    try:
        stack.wait_ready(READY_SECONDS)
        client = Client(stack.url(), local_identity.issue("admin", hours=12))
        deployment = _deploy(client, source, environment, output, ours=ours)
        ends = once and ours
        if output.is_json:
            documents = _documents(client, deployment["id"])
            output.document({"deployment": deployment, **documents, "address": stack.url()})
            sys.stdout.flush()
        else:
            _show(client, deployment, output)
            _tell_how_to_go_on(output, deployment["id"], stack.url(), serves=not ends)
            if not once:
                what = "the stack; its state stays" if ours else "this command; the stack runs on"
                output.console.print(f"Ctrl-C ends {what}.", style="dim")
        if not once:
            _until_interrupted()
            # The terminal has written ^C and stays in that line.
            output.say("\nStopping the stack ..." if ours else "")
    finally:
        if ours:
            stack.stop()
    return exit_code(deployment)


def _deploy(
    client: Client, source: Source, environment: str, output: Output, *, ours: bool
) -> dict[str, Any]:
    from dharma_cli.submit import deployment_body

    _ensure_environment(client, environment, source)
    body = deployment_body(source, environment, auto_approve=True, comment="the main job")
    started = client.post("/deployments", body, idempotency_key=secrets.token_hex(16))
    if not output.is_json:
        heading(output.console, f"Deployment {started['id']}")
    return until_ended(client, started["id"], output, start_first=ours)


def _documents(client: Client, deployment: str) -> dict[str, Any]:
    """What the steps have written, None where the job did not get so far."""
    written = Documents(client, deployment)
    return {
        "verdict": written.find("verdict-plan") or written.find("verdict-design"),
        "cost": written.find("cost"),
        "plan": written.find("plan"),
        "resources": written.find("resources"),
    }


def _show(client: Client, deployment: dict[str, Any], output: Output) -> None:
    from dharma_cli.views.documents import document
    from dharma_cli.views.progress import deployment_card

    console = output.console
    deployment_card(console, deployment)
    found = _documents(client, deployment["id"])
    names = (("verdict", "verdict-plan", "Verdict"), ("cost", "cost", "Price"))
    for key, name, title in (*names, ("plan", "plan", "Plan")):
        if found[key]:
            heading(console, title)
            document(console, name, found[key])
    if resources := found["resources"]:
        heading(console, f"{counted(len(resources), 'resource')} exist")
        document(console, "resources", resources)


def _tell_how_to_go_on(output: Output, deployment: str, address: str, *, serves: bool) -> None:
    console = output.console
    steps = [
        *_activation(),
        *([] if serves else ["iac-dharma start"]),
        "iac-dharma login",
        f"iac-dharma deployments show {deployment}",
    ]
    where = f"Serving at [bold]{address}[/]" if serves else "The stack has done its job and ends."
    console.print(f"\n{where}", soft_wrap=True)
    console.print(f"Look at it with:   {' && '.join(steps)}", soft_wrap=True)
    console.print(f"Remove it with:    iac-dharma destroy {deployment}", soft_wrap=True)


def _activation() -> list[str]:
    """What makes the command known to a shell that has it not on its path: `scripts/run` makes the
    environment and uses it, but the shell that called it does not."""
    if sys.prefix == sys.base_prefix or os.environ.get("VIRTUAL_ENV") == sys.prefix:
        return []
    script = Path(sys.prefix, "bin", "activate")
    if not script.is_file():
        return []
    near = script.is_relative_to(Path.cwd())
    return [f". {shlex.quote(str(script.relative_to(Path.cwd()) if near else script))}"]


def _ensure_environment(client: Client, name: str, source: Source) -> None:
    """An environment in the sandbox account, with a made-up value for each missing secret."""
    if any(found["name"] == name for found in client.pages("/environments")):
        return
    blueprint = source.read.blueprint
    client.post(
        "/environments",
        {
            "name": name,
            "provider": blueprint.provider,
            "region": "us-east-1",
            "credentials": "sandbox",
            "variables": _made_up(blueprint, source.values),
        },
    )


def _made_up(blueprint: Blueprint, values: dict[str, Any]) -> dict[str, Any]:
    return {
        variable.name: {"value": secrets.token_urlsafe(18), "sensitive": True}
        for variable in blueprint.variables
        if variable.required and variable.sensitive and variable.name not in values
    }


def _until_interrupted() -> None:
    try:
        while True:
            signal.pause() if os.name == "posix" else input()
    except (KeyboardInterrupt, EOFError):
        return
