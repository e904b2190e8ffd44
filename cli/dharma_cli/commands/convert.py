"""`convert`: a file in another format, or for another cloud. No server."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dharma.core.errors import InvalidInput
from dharma_cli import exits
from dharma_cli.delivery import ArchiveOption, Destination, Directory, Force, JsonTemplate, deliver
from dharma_cli.options import File, FormatOption, VariableFiles, Variables
from dharma_cli.output import Format, Output

if TYPE_CHECKING:
    from dharma.generator import GeneratedCode, GenerateOptions
    from dharma.generator.verification import Check
    from dharma.model.blueprint import Blueprint


class Conversion(StrEnum):
    """What a file can be converted to."""

    BLUEPRINT = "blueprint"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"
    ARM = "arm"
    DEPLOYMENT_MANAGER = "deployment-manager"
    PULUMI_TYPESCRIPT = "pulumi-typescript"
    PULUMI_PYTHON = "pulumi-python"


class Cloud(StrEnum):
    """Clouds that a blueprint can be carried over to."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"


def register(app: typer.Typer) -> None:
    app.command()(convert)


def convert(
    file: File,
    target: Annotated[
        Conversion | None, typer.Option("--target", "-f", help="The format to write.")
    ] = None,
    to: Annotated[
        Cloud | None, typer.Option(help="Propose the counterpart in another cloud, for review.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="With --to: where the source stands, if it does not say.")
    ] = None,
    directory: Directory = None,
    archive: ArchiveOption = None,
    force: Force = False,
    json_template: JsonTemplate = False,
    var: Variables = None,
    var_file: VariableFiles = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Write a file in another format, or for another cloud.

    Variables, references, conditions and loops are kept. A value that is not known (what a data
    source looks up) becomes a variable without default. `import` counts what was carried over.

    With --to, resources become their counterparts in that cloud, with a report of what was carried,
    what is only alike, what is left out and what has to be given. Exit code 2: a person has to
    review it. Without -f a blueprint is written.
    """
    from dharma.blueprint.placeholders import with_placeholders
    from dharma.generator import GenerateOptions
    from dharma_cli.source import open_source, require_valid

    output = Output("convert", format)
    destination = Destination(directory, archive, force=force)
    if target is None and to is None:
        raise InvalidInput("state what to write: -f names a format, --to a cloud")
    if region is not None and to is None:
        raise InvalidInput("--region says where the source of --to stands; there is no --to")
    source = open_source(file, var, var_file)
    require_valid(source)
    blueprint, notes = with_placeholders(source.blueprint)
    written = Conversion.BLUEPRINT if target is None else target
    if to is None:
        options = GenerateOptions(json=json_template, variables=source.values, region=source.region)
        code, checks = _written(blueprint, written, options)
        return deliver(output, source, blueprint, code, destination, changes=notes, checks=checks)
    from dharma.blueprint.crosscloud import carry_over
    from dharma.catalog import load_catalog

    crossed = carry_over(blueprint, to.value, load_catalog(), region or source.region)
    # The values and the region of the source are not those of a proposal for another cloud.
    options = GenerateOptions(json=json_template, region=crossed.review.region)
    code, checks = _written(crossed.blueprint, written, options)
    deliver(
        output,
        source,
        crossed.blueprint,
        code,
        destination,
        changes=notes,
        checks=checks,
        review=crossed.review,
    )
    return exits.FINDINGS if crossed.review.needs_review else exits.FINE


def _written(
    blueprint: Blueprint, target: Conversion, options: GenerateOptions
) -> tuple[GeneratedCode, list[Check]]:
    """The code, and what reading it again told."""
    from dharma.catalog import load_catalog
    from dharma.generator import GeneratedCode, generate, verification

    if target is Conversion.BLUEPRINT:
        from dharma.blueprint.dump import dump_blueprint

        return GeneratedCode("blueprint", {"blueprint.yaml": dump_blueprint(blueprint)}, []), []
    code = generate(blueprint, target.value, load_catalog(), options)
    return code, [verification.reread(blueprint, code, load_catalog())]
