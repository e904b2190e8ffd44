"""The suite on the emulator, as `sam build` and `sam deploy` bring it there: infra/template.yaml as
it is, with the stage of samconfig.toml. Where the emulator is less than AWS, `DEVIATIONS` says what
is done about it; all of it is in this file and in `pipe`.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from dharma.adapters.local.signing_keys import FileSigningKeys
from dharma.core.clock import SystemClock
from dharma.core.principal import Principal
from dharma.sso.tokens import TokenIssuer

from . import functions
from .emulator import PYTHON, REGION, ROOT, Emulator, clean_environment

HERE = Path(__file__).parent
STACK = "dharma-dev"
# The template's own defaults of TokenIssuer and TokenAudience.
ISSUER, AUDIENCE = "https://dharma.local", "dharma-api"

DEVIATIONS = (
    (
        "Functions run in `provided.al2023`, with a `bootstrap` beside each that starts AWS's "
        "runtime client for Python",
        "the emulator's own Python runtime gives every exception the type `Runtime.HandlerError` "
        "and ends the process behind it",
    ),
    (
        "Layers are built for this machine's processor and Python, and the bootstrap names their "
        "folders",
        "functions run as processes of this machine; layers are not laid out for custom runtimes",
    ),
    (
        "Routes, integrations and the authorizer are made from the OpenAPI body that SAM put into "
        "the stack",
        "the emulator makes an HTTP API without reading its `Body`; `GET /health` stays out of "
        "reach, the emulator answers that path itself",
    ),
    (
        "The test carries events from the table's stream through `EventsFunction` to the bus, by "
        "the filter of `EventPipe`",
        "pipes of the emulator know neither enrichment nor an event bus as their target",
    ),
    (
        "Alarms over several metrics are left out",
        "the emulator knows alarms of one metric only, and refuses the stack for the others",
    ),
    (
        "An environment with `credentials: default` is the emulator's account "
        "(`account/sitecustomize.py` replaces one part of the application)",
        "the product sends what is meant for AWS to AWS, whatever `AWS_ENDPOINT_URL` says",
    ),
)


@dataclass(frozen=True)
class Installation:
    """`api`: identifier of the HTTP API; `resources`: physical identifiers by logical ones."""

    emulator: Emulator
    api: str
    resources: dict[str, str]
    issuer: TokenIssuer

    @cached_property
    def host(self) -> str:
        return f"{self.api}.execute-api.localhost"

    def token(self, *roles: str, subject: str = "ada", tenant: str = "acme") -> str:
        principal = Principal(subject, tenant, frozenset(roles))
        return self.issuer.issue(principal, timedelta(minutes=30))


def build(folder: Path) -> None:
    """`sam build`, for this machine, into `folder`; then what the emulator needs."""
    version = subprocess.run(
        [str(PYTHON), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    # Read by layers/Makefile.
    machine = {"PYTHON_VERSION": version, "PROCESSOR": platform.machine()}
    _sam({**clean_environment(), **machine}, "build", "--build-dir", str(folder))
    file = folder / "template.yaml"
    template = yaml.safe_load(file.read_text())
    everywhere = template["Globals"]["Function"]["Layers"]
    template["Globals"]["Function"]["Runtime"] = functions.RUNTIME
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            layers = [*everywhere, *resource["Properties"].get("Layers", [])]
            program = folder / name / "bootstrap"
            path = [folder / layer["Ref"] / "python" for layer in layers]
            path.append(HERE / "account")
            program.write_text(functions.bootstrap(path))
            program.chmod(0o755)
    template["Resources"] = {
        name: resource
        for name, resource in template["Resources"].items()
        if "Metrics" not in resource.get("Properties", {})
    }
    file.write_text(yaml.safe_dump(template, sort_keys=False))


def deploy(emulator: Emulator, built: Path, folder: Path) -> Installation:
    """`sam deploy`; `folder` keeps the keys that tokens are signed with."""
    keys = FileSigningKeys(folder)
    parameters = {"Stage": "dev", "LogLevel": "DEBUG", "TokenJwks": json.dumps(keys.public_keys())}
    _sam(
        {**clean_environment(), **emulator.variables},
        "deploy",
        *("--config-file", str(ROOT / "samconfig.toml")),
        *("--template-file", str(built / "template.yaml")),
        *("--region", REGION, "--no-progressbar"),
        # A value in double quotes may hold anything, with a backslash before quotes.
        *("--parameter-overrides", *(f"{k}={json.dumps(v)}" for k, v in parameters.items())),
    )
    stacks = emulator.client("cloudformation")
    listed = stacks.describe_stack_resources(StackName=STACK)["StackResources"]
    resources = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in listed}
    issuer = TokenIssuer(keys.private_pem(), ISSUER, AUDIENCE, SystemClock())
    installation = Installation(emulator, resources["Api"], resources, issuer)
    processed = stacks.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
    if isinstance(processed, str):
        processed = json.loads(processed)
    make_routes(installation, processed["Resources"]["Api"]["Properties"]["Body"])
    return installation


def make_routes(installation: Installation, body: dict[str, Any]) -> None:
    """What API Gateway makes of the OpenAPI document `body`."""
    gateway = installation.emulator.client("apigatewayv2")
    api = {"ApiId": installation.api}
    authorizers = {}
    for name, scheme in body["components"]["securitySchemes"].items():
        said = scheme["x-amazon-apigateway-authorizer"]
        authorizers[name] = gateway.create_authorizer(
            **api,
            Name=name,
            AuthorizerType=said["type"].upper(),
            AuthorizerUri=_invocation(installation, said["authorizerUri"]),
            AuthorizerPayloadFormatVersion=said["authorizerPayloadFormatVersion"],
            EnableSimpleResponses=said["enableSimpleResponses"],
            IdentitySource=said["identitySource"],
            AuthorizerResultTtlInSeconds=said["authorizerResultTtlInSeconds"],
        )["AuthorizerId"]
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            if "x-amazon-apigateway-integration" not in operation:
                continue
            said = operation["x-amazon-apigateway-integration"]
            integration = gateway.create_integration(
                **api,
                IntegrationType=said["type"].upper(),
                IntegrationMethod=said["httpMethod"],
                IntegrationUri=_invocation(installation, said["uri"]),
                PayloadFormatVersion=said["payloadFormatVersion"],
            )["IntegrationId"]
            asked = [name for demand in operation.get("security", []) for name in demand]
            names = [name for name in asked if name in authorizers]
            gateway.create_route(
                **api,
                # SAM writes the route for the rest as a path.
                RouteKey="$default" if path == "/$default" else f"{_verb(method)} {path}",
                Target=f"integrations/{integration}",
                AuthorizationType="CUSTOM" if names else "NONE",
                **({"AuthorizerId": authorizers[names[0]]} if names else {}),
            )


def _verb(method: str) -> str:
    return "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()


def _invocation(installation: Installation, value: Any) -> str:
    """The address by which API Gateway invokes a function, of a `Fn::Sub` in SAM's output."""
    named = re.search(r'(\w+Function)(?:\.Arn|", "Arn)', json.dumps(value))
    assert named, value
    found: dict[str, Any] = installation.emulator.client("lambda").get_function(
        FunctionName=installation.resources[named[1]]
    )
    arn = found["Configuration"]["FunctionArn"]
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"


def _sam(environment: dict[str, str], *words: str) -> None:
    done = subprocess.run(
        [str(ROOT / "scripts" / "sam"), *words],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
