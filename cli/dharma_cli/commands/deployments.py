"""Everything about running deployments; all of it goes through the HTTP API."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dharma.core.errors import InvalidInput
from dharma_cli import exits
from dharma_cli.options import File, FormatOption, VariableFiles, Variables
from dharma_cli.output import Format, Output
from dharma_cli.paths import path

if TYPE_CHECKING:
    from dharma_cli.client import Client

Deployment = Annotated[str, typer.Argument(help="Id of the deployment.", show_default=False)]
Comment = Annotated[str, typer.Option(help="Why, for the record.")]
EnvironmentName = Annotated[
    str, typer.Option("--environment", "-e", help="Name of the environment.", show_default=False)
]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not stop for an approval.")]
Detach = Annotated[
    bool, typer.Option("--detach", help="Do not wait; follow it with `deployments watch`.")
]

listing = typer.Typer(help="Deployments and their history.", no_args_is_help=True)


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
    """Carry a file into an environment.

    It is judged, priced, planned, approved, executed and verified; what fails half way is undone.
    """
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
    """Deploy again what was there before a deployment."""
    body = {"version": version, "autoApprove": auto_approve, "comment": comment}
    return _start(
        Output("rollback", format), path("deployments", deployment, "rollback"), body, detach
    )


def destroy(
    deployment: Deployment,
    auto_approve: AutoApprove = False,
    detach: Detach = False,
    comment: Comment = "",
    format: FormatOption = Format.TEXT,
) -> int:
    """Remove everything that the stack of a deployment has."""
    body = {"autoApprove": auto_approve, "comment": comment}
    return _start(
        Output("destroy", format), path("deployments", deployment, "destroy"), body, detach
    )


def approve(
    deployment: Deployment,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    comment: Comment = "",
    format: FormatOption = Format.TEXT,
) -> int:
    """Approve a plan that waits.

    On a terminal the plan is shown first, and the decision asked for.
    """
    from dharma_cli.client import connect

    interactive = sys.stdin.isatty() and format is Format.TEXT
    if interactive and not yes and not _wanted(connect(), deployment):
        Output("approve", format).say("Nothing was decided; it waits on.")
        return exits.ERROR
    return _decide("approve", deployment, comment, format)


def _wanted(client: Client, deployment: str) -> bool:
    """Show what waits, and ask. What does not wait is not asked for: the server says why not."""
    from dharma_cli.documents import Documents
    from dharma_cli.views.documents import document
    from dharma_cli.views.progress import deployment_card

    body = client.get(path("deployments", deployment))
    if body["status"] != "awaiting_approval":
        return True
    output = Output("approve")
    document(output.console, "plan", Documents(client, deployment).read("plan"))
    deployment_card(output.console, body)
    return typer.confirm("Approve this plan?")


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
def show(
    deployment: Deployment,
    plan: Annotated[bool, typer.Option("--plan", help="Only the plan.")] = False,
    document: Annotated[
        str | None,
        typer.Option(
            help="Only a document: blueprint, cost, plan, resources, verdict-design, verdict-plan"
            " or verification."
        ),
    ] = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """One deployment with its history, or a document of it."""
    from dharma_cli.client import connect
    from dharma_cli.views.events import event_line
    from dharma_cli.views.progress import deployment_card

    output = Output("deployments show", format)
    client = connect()
    if plan and document not in (None, "plan"):
        raise InvalidInput("--plan and --document name two documents; one is shown at a time")
    if plan or document is not None:
        return _show_document(output, client, deployment, document or "plan")
    body = client.get(path("deployments", deployment))
    events = list(client.pages(path("deployments", deployment, "events")))
    if output.is_json:
        output.document({"deployment": body, "events": events})
    else:
        for event in events:
            event_line(output.console, event)
        deployment_card(output.console, body)
    return exits.FINE


def _show_document(output: Output, client: Client, deployment: str, name: str) -> int:
    from dharma_cli.documents import Documents
    from dharma_cli.views.documents import document

    body = Documents(client, deployment).read(name)
    if output.is_json:
        output.document({"deploymentId": deployment, "name": name, "document": body})
    else:
        document(output.console, name, body)
    return exits.FINE


@listing.command("watch")
def watch(deployment: Deployment, format: FormatOption = Format.TEXT) -> int:
    """Follow a deployment until it has ended.

    Exit code 1 when it did not succeed.
    """
    from dharma_cli.client import connect
    from dharma_cli.follow import follow

    client = connect()
    client.require_stack()
    return follow(client, deployment, Output("deployments watch", format))


def _start(output: Output, place: str, body: Mapping[str, Any], detach: bool) -> int:
    from dharma_cli.client import connect
    from dharma_cli.follow import follow

    client = connect()
    # One key per call of the command: a request that is sent again starts nothing twice.
    started = client.post(place, body, idempotency_key=str(uuid.uuid4()))
    if detach:
        if output.is_json:
            output.document({"deployment": started})
        else:
            output.console.print(f"{started['id']} {started['status']}")
        return exits.FINE
    return follow(client, started["id"], output)


def _decide(decision: str, deployment: str, comment: str, format: Format) -> int:
    from dharma_cli.client import connect
    from dharma_cli.follow import FINAL
    from dharma_cli.views.progress import deployment_card

    output = Output(decision, format)
    body = connect().post(path("deployments", deployment, decision), {"comment": comment})
    if output.is_json:
        output.document({"deployment": body})
    else:
        deployment_card(output.console, body)
        if body["status"] not in FINAL:
            output.say(f"Follow it with: iac-dharma deployments watch {deployment}")
    return exits.FINE
