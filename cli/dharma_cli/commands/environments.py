"""`env`: environments are records of the running stack."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dharma_cli import exits
from dharma_cli.options import FormatOption
from dharma_cli.output import Format, Output
from dharma_cli.paths import path

app = typer.Typer(help="Environments to deploy into.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the environment.", show_default=False)]
Region = Annotated[str | None, typer.Option(help="Region of the deployments.")]
Account = Annotated[str | None, typer.Option(help="Account, subscription or project.")]
Credentials = Annotated[
    str | None, typer.Option(help="Where credentials are found: sandbox, or a reference.")
]
PolicyMode = Annotated[str | None, typer.Option(help="blocking or warning.")]
Approvers = Annotated[
    list[str] | None, typer.Option("--approver", help="Who may approve. May be repeated.")
]
ArtifactBucket = Annotated[
    str | None,
    typer.Option(help="Bucket for templates too long for a request; by default one is made."),
]
Variables = Annotated[
    list[str] | None, typer.Option("--var", help="A variable, as NAME=VALUE. May be repeated.")
]
Secrets = Annotated[
    list[str] | None,
    typer.Option("--secret", help="A sensitive variable, as NAME=VALUE; stored encrypted."),
]


@app.command("list")
def list_environments(format: FormatOption = Format.TEXT) -> int:
    """All environments."""
    from dharma_cli.client import connect
    from dharma_cli.views.records import environment_table

    output = Output("env list", format)
    found = list(connect().pages("/environments"))
    if output.is_json:
        output.document({"items": found})
    else:
        environment_table(output.console, found)
    return exits.FINE


@app.command()
def show(name: Name, format: FormatOption = Format.TEXT) -> int:
    """One environment; sensitive values are not shown."""
    from dharma_cli.client import connect

    return _shown(Output("env show", format), connect().get(path("environments", name)))


@app.command()
def create(
    name: Name,
    provider: Annotated[str, typer.Option(help="aws, azure or gcp.")] = "aws",
    region: Region = None,
    account: Account = None,
    credentials: Credentials = None,
    policy_mode: PolicyMode = None,
    approver: Approvers = None,
    artifact_bucket: ArtifactBucket = None,
    var: Variables = None,
    secret: Secrets = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Make an environment."""
    from dharma_cli.client import connect

    body: dict[str, Any] = {"name": name, "provider": provider}
    body |= _stated(region, account, credentials, policy_mode, approver, artifact_bucket)
    body["variables"] = _variables(var, secret)
    return _shown(Output("env create", format), connect().post("/environments", body))


@app.command("set")
def set_(
    name: Name,
    region: Region = None,
    account: Account = None,
    credentials: Credentials = None,
    policy_mode: PolicyMode = None,
    approver: Approvers = None,
    artifact_bucket: ArtifactBucket = None,
    var: Variables = None,
    secret: Secrets = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Change an environment; what is not stated stays."""
    from dharma_cli.client import connect

    client = connect()
    present = client.get(path("environments", name))
    body = {
        **present,
        **_stated(region, account, credentials, policy_mode, approver, artifact_bucket),
    }
    body["variables"] = {**present.get("variables", {}), **_variables(var, secret)}
    return _shown(Output("env set", format), client.put(path("environments", name), body))


def _stated(
    region: str | None,
    account: str | None,
    credentials: str | None,
    policy_mode: str | None,
    approvers: list[str] | None,
    artifact_bucket: str | None,
) -> dict[str, Any]:
    stated = {
        "region": region,
        "account": account,
        "credentials": credentials,
        "policyMode": policy_mode,
        "approvers": approvers,
        "artifactBucket": artifact_bucket,
    }
    return {key: value for key, value in stated.items() if value is not None}


def _variables(var: list[str] | None, secret: list[str] | None) -> dict[str, Any]:
    from dharma_cli.assignments import parse

    found: dict[str, Any] = {
        name: {"value": value, "sensitive": False} for name, value in parse(var or [])
    }
    found |= {name: {"value": value, "sensitive": True} for name, value in parse(secret or [])}
    return found


def _shown(output: Output, body: dict[str, Any]) -> int:
    from dharma_cli.views.records import environment_card

    if output.is_json:
        output.document({"environment": body})
    else:
        environment_card(output.console, body)
    return exits.FINE
