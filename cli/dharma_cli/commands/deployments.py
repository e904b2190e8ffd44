"""Everything about running deployments; all of it goes through the HTTP API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from dharma_cli import exits
from dharma_cli.options import File, FormatOption, VariableFiles, Variables
from dharma_cli.output import Format, Output

Deployment = Annotated[str, typer.Argument(help="Id of the deployment.", show_default=False)]
Comment = Annotated[str, typer.Option(help="Why, for the record.")]
EnvironmentName = Annotated[
    str, typer.Option("--environment", "-e", help="Name of the environment.", show_default=False)
]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not stop for an approval.")]
Detach = Annotated[
    bool, typer.Option("--detach", help="Do not wait; follow it with `deployments watch`.")
]

listing = typer.Typer(help="Deployments: list, show, watch.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    for command in (deploy, approve, reject, cancel, rollback, destroy):
        app.command()(command)
    app.add_typer(listing, name="deployments")


def deploy(
    file: File,
    environment: EnvironmentName,
    auto_approve: AutoApprove = False,
    detach: Detach = False,
    var: Variables = None,
    var_file: VariableFiles = None,
    comment: Comment = "",
    format: FormatOption = Format.TEXT,
) -> int:
    """Carry a file into an environment: judge, price, plan, approve, execute, verify."""
    from dharma_cli.source import open_source, require_valid
    from dharma_cli.submit import deployment_body

    output = Output("deploy", format)
    source = open_source(file, var, var_file)
    require_valid(source)
    body = deployment_body(source, environment, auto_approve=auto_approve, comment=comment)
    return _start(output, "/deployments", body, detach)


def rollback(
    deployment: Deployment,
    version: Annotated[
        int | None, typer.Option(help="State version to go back to; by default the one before.")
    ] = None,
    auto_approve: AutoApprove = False,
    detach: Detach = False,
    comment: Comment = "",
    format: FormatOption = Format.TEXT,
) -> int:
    """Deploy again what the environment of a deployment held before it."""
    body = {"version": version, "autoApprove": auto_approve, "comment": comment}
    return _start(Output("rollback", format), f"/deployments/{deployment}/rollback", body, detach)


def destroy(
    deployment: Deployment,
    auto_approve: AutoApprove = False,
    detach: Detach = False,
    comment: Comment = "",
    format: FormatOption = Format.TEXT,
) -> int:
    """Remove everything that the environment of a deployment holds."""
    body = {"autoApprove": auto_approve, "comment": comment}
    return _start(Output("destroy", format), f"/deployments/{deployment}/destroy", body, detach)


def approve(
    deployment: Deployment, comment: Comment = "", format: FormatOption = Format.TEXT
) -> int:
    """Approve a plan that waits."""
    return _decide("approve", deployment, comment, format)


def reject(
    deployment: Deployment, comment: Comment = "", format: FormatOption = Format.TEXT
) -> int:
    """Reject a plan that waits."""
    return _decide("reject", deployment, comment, format)


def cancel(
    deployment: Deployment, comment: Comment = "", format: FormatOption = Format.TEXT
) -> int:
    """Stop a deployment; what it has changed is undone."""
    return _decide("cancel", deployment, comment, format)


@listing.command("list")
def list_deployments(
    environment: Annotated[str | None, typer.Option("--environment", "-e")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    format: FormatOption = Format.TEXT,
) -> int:
    """The latest deployments, newest first."""
    from itertools import islice

    from dharma_cli.client import connect
    from dharma_cli.views.progress import deployment_table

    output = Output("deployments list", format)
    pages = connect().pages("/deployments", environment=environment, limit=min(limit, 100))
    found = list(islice(pages, limit))
    if output.is_json:
        output.document({"items": found})
    else:
        deployment_table(output.console, found)
    return exits.FINE


@listing.command("show")
def show(deployment: Deployment, format: FormatOption = Format.TEXT) -> int:
    """One deployment as it stands now, with its history."""
    from dharma_cli.client import connect
    from dharma_cli.views.events import event_line
    from dharma_cli.views.progress import deployment_card

    output = Output("deployments show", format)
    client = connect()
    body = client.get(f"/deployments/{deployment}")
    events = list(client.pages(f"/deployments/{deployment}/events"))
    if output.is_json:
        output.document({"deployment": body, "events": events})
    else:
        for event in events:
            event_line(output.console, event)
        deployment_card(output.console, body)
    return exits.FINE


@listing.command("watch")
def watch(deployment: Deployment, format: FormatOption = Format.TEXT) -> int:
    """Follow a deployment until it has ended. Exit code 1 when it did not succeed."""
    from dharma_cli.client import connect
    from dharma_cli.follow import follow

    return follow(connect(), deployment, Output("deployments watch", format))


def _start(output: Output, path: str, body: Mapping[str, Any], detach: bool) -> int:
    from dharma_cli.client import connect
    from dharma_cli.follow import follow

    client = connect()
    # One key per call of the command: a request that is sent again starts nothing twice.
    started = client.post(path, body, idempotency_key=str(uuid.uuid4()))
    if detach:
        if output.is_json:
            output.document({"deployment": started})
        else:
            output.console.print(f"{started['id']} {started['status']}")
        return exits.FINE
    return follow(client, started["id"], output)


def _decide(decision: str, deployment: str, comment: str, format: Format) -> int:
    from dharma_cli.client import connect
    from dharma_cli.views.progress import deployment_card

    output = Output(decision, format)
    body = connect().post(f"/deployments/{deployment}/{decision}", {"comment": comment})
    if output.is_json:
        output.document({"deployment": body})
    else:
        deployment_card(output.console, body)
    return exits.FINE
