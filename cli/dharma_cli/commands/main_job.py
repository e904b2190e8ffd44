"""`run`: start the stack and carry one file through the whole main job, then keep serving."""

from __future__ import annotations

import os
import secrets
import signal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dharma_cli.options import File, Variables
from dharma_cli.output import Output, heading
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
) -> int:
    """Carry a file through the whole main job in the sandbox.

    It is judged, priced, planned and deployed into the emulated account of this machine. Starts
    the stack if none runs. Exit code 0 only when the deployment succeeded.
    """
    from dharma_cli import local_identity
    from dharma_cli.client import Client
    from dharma_cli.source import open_source, require_valid
    from dharma_local.supervisor import Stack

    output = Output("run")
    source = open_source(file, var)
    require_valid(source)
    local_identity.ensure_keys()
    stack = Stack()
    ours = not stack.is_running()
    if ours:
        output.say("Starting the stack ...")
        stack.start(foreground=False)
    try:
        stack.wait_ready(READY_SECONDS)
        client = Client(stack.url(), local_identity.issue("admin", hours=12))
        code = _main_job(client, source, environment, output)
        serves = "Served" if once and ours else "Serving"
        output.console.print(f"\n{serves} at [bold]{stack.url()}[/]", soft_wrap=True)
        if not once:
            output.console.print("Ctrl-C stops the stack; its state stays.", style="dim")
            _until_interrupted()
    finally:
        if ours:
            stack.stop()
    return code


def _main_job(client: Client, source: Source, environment: str, output: Output) -> int:
    from dharma_cli.documents import Documents
    from dharma_cli.follow import follow
    from dharma_cli.submit import deployment_body
    from dharma_cli.views.documents import document

    console = output.console
    _ensure_environment(client, environment, source)
    body = deployment_body(source, environment, auto_approve=True, comment="the main job")
    started = client.post("/deployments", body, idempotency_key=secrets.token_hex(16))
    heading(console, f"Deployment {started['id']}")
    code = follow(client, started["id"], output)
    written = Documents(client, started["id"])
    verdict = "verdict-plan" if written.find("verdict-plan") else "verdict-design"
    for name, title in ((verdict, "Verdict"), ("cost", "Price"), ("plan", "Plan")):
        if body := written.find(name):
            heading(console, title)
            document(console, name, body)
    if resources := written.find("resources"):
        heading(console, f"{counted(len(resources), 'resource')} exist")
        document(console, "resources", resources)
    return code


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
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            signal.pause() if os.name == "posix" else input()
    except (KeyboardInterrupt, EOFError):
        return
