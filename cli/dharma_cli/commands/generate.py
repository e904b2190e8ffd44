"""`generate`: a blueprint as code in one of the formats. No server."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dharma_cli.delivery import ArchiveOption, Destination, Directory, Force, JsonTemplate, deliver
from dharma_cli.options import Environment, File, FormatOption, VariableFiles, Variables
from dharma_cli.output import Format, Output


class Target(StrEnum):
    """Formats that can be written."""

    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"
    ARM = "arm"
    DEPLOYMENT_MANAGER = "deployment-manager"
    PULUMI_TYPESCRIPT = "pulumi-typescript"
    PULUMI_PYTHON = "pulumi-python"


class ArmScope(StrEnum):
    """What an ARM template can be deployed to."""

    GROUP = "group"
    SUBSCRIPTION = "subscription"


def register(app: typer.Typer) -> None:
    app.command()(generate)


def generate(
    file: File,
    target: Annotated[Target, typer.Option("--target", "-f", help="The format to write.")],
    directory: Directory = None,
    archive: ArchiveOption = None,
    force: Force = False,
    json_template: JsonTemplate = False,
    modules: Annotated[
        bool, typer.Option("--modules", help="Terraform: one module for each category of kinds.")
    ] = False,
    template_bytes: Annotated[
        int,
        typer.Option(
            min=4096,
            max=1_000_000,
            help="CloudFormation: what one template may hold before it is split into nested"
            " stacks; 51200 where it is sent without a bucket.",
        ),
    ] = 1_000_000,
    scope: Annotated[
        ArmScope | None,
        typer.Option(
            help="ARM: what the template is deployed to; without it one resource group where that"
            " holds everything, else the subscription.",
            show_default=False,
        ),
    ] = None,
    one_template: Annotated[
        bool,
        typer.Option(
            "--one-template",
            help="CloudFormation: never split; a warning says when AWS will refuse it.",
        ),
    ] = False,
    backend: Annotated[
        str | None,
        typer.Option(
            help="Terraform: where the state is kept, s3://BUCKET/KEY?region=REGION,"
            " gcs://BUCKET/PREFIX or azurerm://ACCOUNT/CONTAINER/KEY?resource_group=GROUP.",
            show_default=False,
        ),
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify/--no-verify", help="Read what was written again and compare it."),
    ] = True,
    lint: Annotated[
        bool,
        typer.Option(
            "--lint", help="Ask cfn-lint, or terraform fmt and validate, where installed."
        ),
    ] = False,
    var: Variables = None,
    var_file: VariableFiles = None,
    environment: Environment = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Write code in one of the formats. Files appear whole or not at all.

    What was written is read again and compared; what differs is told. Exit code 2 when a tool that
    --lint asks finds anything wrong.
    """
    from dharma.catalog import load_catalog
    from dharma.generator import GenerateOptions, verification
    from dharma.generator import generate as generate_code
    from dharma.generator.terraform.backends import parse_backend
    from dharma_cli.source import open_source, require_valid

    output = Output("generate", format)
    destination = Destination(directory, archive, force=force)
    source = open_source(file, var, var_file, environment)
    require_valid(source)
    options = GenerateOptions(
        json=json_template,
        variables=source.values,
        region=source.region,
        modules=modules,
        template_bytes=template_bytes,
        scope=None if scope is None else scope.value,
        one_template=one_template,
        backend=None if backend is None else parse_backend(backend, source.region),
    )
    code = generate_code(source.blueprint, target.value, load_catalog(), options)
    checks = [verification.reread(source.blueprint, code, load_catalog())] if verify else []
    checks += verification.lint(code, source.region) if lint else []
    return deliver(output, source, source.blueprint, code, destination, checks=checks)
