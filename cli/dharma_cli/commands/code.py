"""`validate`, `generate` and `convert`: what a file says, and the same in another language. No
server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dharma.core.errors import Fault, InvalidInput, InvalidVariables
from dharma_cli import exits
from dharma_cli.options import Environment, File, FormatOption, VariableFiles, Variables
from dharma_cli.output import Format, Output
from dharma_cli.wording import counted

if TYPE_CHECKING:
    from dharma.blueprint.crosscloud import Review
    from dharma.catalog.document import Note
    from dharma.generator import GeneratedCode
    from dharma.generator.verification import Check
    from dharma.model.blueprint import Blueprint
    from dharma_cli.source import Source


class Target(StrEnum):
    """Formats that can be written."""

    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"
    ARM = "arm"
    DEPLOYMENT_MANAGER = "deployment-manager"
    PULUMI_TYPESCRIPT = "pulumi-typescript"
    PULUMI_PYTHON = "pulumi-python"


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


class ArmScope(StrEnum):
    """What an ARM template can be deployed to."""

    GROUP = "group"
    SUBSCRIPTION = "subscription"


class Archive(StrEnum):
    """Ways to pack what was written into one file."""

    ZIP = "zip"
    TAR_GZ = "tar.gz"


def register(app: typer.Typer) -> None:
    app.command()(validate)
    app.command()(generate)
    app.command()(convert)


def validate(
    file: File,
    var: Variables = None,
    var_file: VariableFiles = None,
    environment: Environment = None,
    format: FormatOption = Format.TEXT,
) -> int:
    """Report every fault of a file with its line.

    Exit code 1 when there are any, as with every command that such a file stops. Values that are
    stated are checked too; with -e every variable must have one.
    """
    from dharma.blueprint.validation import review
    from dharma.catalog import load_catalog
    from dharma_cli.source import open_source
    from dharma_cli.views.notes import notes, notes_document

    output = Output("validate", format)
    source = open_source(file, var, var_file, environment)
    blueprint = source.read.blueprint
    findings = review(blueprint, load_catalog())
    faults = [*findings.faults, *_value_faults(source)]
    if output.is_json:
        output.document(
            {
                "valid": not faults,
                "name": blueprint.name,
                "version": blueprint.version,
                "sourceFormat": source.read.source_format,
                "resources": len(blueprint.resources),
                "faults": [str(fault) for fault in faults],
                "warnings": [str(warning) for warning in findings.warnings],
                "notes": notes_document(source.read.notes),
                "environment": source.environment_document(),
            }
        )
    else:
        for fault in faults:
            output.console.print(f"error: {fault}", style="red", markup=False, soft_wrap=True)
        for warning in findings.warnings:
            output.console.print(
                f"warning: {warning}", style="yellow", markup=False, soft_wrap=True
            )
        notes(output.console, source.read.notes)
        state = counted(len(faults), "fault") if faults else "valid"
        parts = (
            counted(len(blueprint.resources), "resource"),
            counted(len(blueprint.variables), "variable"),
            counted(len(blueprint.outputs), "output"),
        )
        output.console.print(
            f"{blueprint.name} {blueprint.version}: {state}; {', '.join(parts)}", markup=False
        )
        source.say_withheld(output)
    return exits.ERROR if faults else exits.FINE


def _value_faults(source: Source) -> tuple[Fault, ...]:
    from dharma.blueprint.variables import check_values

    try:
        complete = source.environment is not None
        check_values(source.blueprint, source.known_values, complete=complete)
    except InvalidVariables as error:
        return error.faults
    return ()


def generate(
    file: File,
    target: Annotated[Target, typer.Option("--target", "-f", help="The format to write.")],
    directory: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the files; without it they are printed."),
    ] = None,
    archive: Annotated[
        Archive | None,
        typer.Option(help="One file with a manifest in it; -o names the file or its folder."),
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Overwrite files in the folder that are not from here.")
    ] = False,
    json_template: Annotated[
        bool, typer.Option("--json", help="CloudFormation as JSON instead of YAML.")
    ] = False,
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
    from dharma_cli.source import open_source, require_valid

    output = Output("generate", format)
    if archive is not None and directory is None:
        raise InvalidInput("an archive is not printed: -o names its file")
    source = open_source(file, var, var_file, environment)
    require_valid(source)
    wanted = _Wanted(
        target.value,
        directory,
        archive,
        force=force,
        json=json_template,
        modules=modules,
        backend=backend,
        template_bytes=template_bytes,
        scope=None if scope is None else scope.value,
        one_template=one_template,
        verify=verify,
        lint=lint,
    )
    return _write(output, source, source.blueprint, wanted)


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
    directory: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the files; without it they are printed."),
    ] = None,
    archive: Annotated[
        Archive | None,
        typer.Option(help="One file with a manifest in it; -o names the file or its folder."),
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Overwrite files in the folder that are not from here.")
    ] = False,
    json_template: Annotated[
        bool, typer.Option("--json", help="CloudFormation as JSON instead of YAML.")
    ] = False,
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
    from dharma_cli.source import open_source, require_valid

    output = Output("convert", format)
    if archive is not None and directory is None:
        raise InvalidInput("an archive is not printed: -o names its file")
    if target is None and to is None:
        raise InvalidInput("state what to write: -f names a format, --to a cloud")
    if region is not None and to is None:
        raise InvalidInput("--region says where the source of --to stands; there is no --to")
    source = open_source(file, var, var_file)
    require_valid(source)
    blueprint, notes = with_placeholders(source.blueprint)
    written = Conversion.BLUEPRINT if target is None else target
    wanted = _Wanted(written.value, directory, archive, force=force, json=json_template)
    if to is None:
        return _write(output, source, blueprint, wanted, notes)
    from dharma.blueprint.crosscloud import carry_over
    from dharma.catalog import load_catalog

    crossed = carry_over(blueprint, to.value, load_catalog(), region or source.region)
    _write(output, source, crossed.blueprint, wanted, notes, crossed.review)
    return exits.FINDINGS if crossed.review.needs_review else exits.FINE


@dataclass(frozen=True, slots=True)
class _Wanted:
    target: str
    directory: Path | None
    archive: Archive | None
    force: bool
    json: bool
    modules: bool = False
    backend: str | None = None
    template_bytes: int = 1_000_000
    scope: Literal["group", "subscription"] | None = None
    one_template: bool = False
    verify: bool = False
    lint: bool = False


def _write(
    output: Output,
    source: Source,
    blueprint: Blueprint,
    wanted: _Wanted,
    changes: Sequence[Note] = (),
    review: Review | None = None,
) -> int:
    """The code of a blueprint, where it was asked for."""
    from dharma.catalog import load_catalog
    from dharma.generator import GenerateOptions
    from dharma.generator import generate as generate_code
    from dharma.generator.code import GeneratedCode
    from dharma.generator.terraform.backends import parse_backend
    from dharma_cli.generated import write_generated
    from dharma_cli.views.notes import notes, notes_document

    directory = wanted.directory
    # The values and the region of the source are not those of a proposal for another cloud.
    region = source.region if review is None else review.region
    options = GenerateOptions(
        json=wanted.json,
        variables=source.values if review is None else {},
        region=region,
        modules=wanted.modules,
        template_bytes=wanted.template_bytes,
        scope=wanted.scope,
        one_template=wanted.one_template,
        backend=None if wanted.backend is None else parse_backend(wanted.backend, region),
    )
    if wanted.target == Conversion.BLUEPRINT:
        from dharma.blueprint.dump import dump_blueprint

        code = GeneratedCode("blueprint", {"blueprint.yaml": dump_blueprint(blueprint)}, [])
    else:
        code = generate_code(blueprint, wanted.target, load_catalog(), options)
    remarks = [*source.read.notes, *changes, *code.warnings]
    checks = _checks(code, blueprint, source, wanted)
    packed = None
    if wanted.archive is not None and directory is not None:
        packed = _pack(code, blueprint, wanted.archive, directory, checks)
    elif directory is not None:
        write_generated(directory, code.files, force=wanted.force)
    if output.is_json:
        output.document(
            {
                "target": wanted.target,
                "files": code.files,
                "archive": packed,
                "notes": notes_document(remarks),
                "checks": [check.to_dict() for check in checks],
                "environment": source.environment_document(),
                **({} if review is None else {"review": review.to_dict()}),
            }
        )
        return _exit_of(checks)
    if packed is not None:
        what = counted(len(code.files), "file")
        said = f"wrote {packed['file']} ({what}, sha256 {packed['sha256']})"
        output.console.print(said, markup=False, soft_wrap=True)
    elif directory is None:
        for path, text in code.files.items():
            if len(code.files) > 1:
                typer.echo(f"# {path}")
            typer.echo(text, nl=False)
    else:
        for path in code.files:
            output.console.print(f"wrote {directory / path}", markup=False, soft_wrap=True)
    notes(output.notices, remarks)
    for check in checks:
        for finding in check.findings:
            style = "red" if check.outcome == "failed" else "yellow"
            said = f"{check.name}: {finding}"
            output.notices.print(said, style=style, markup=False, soft_wrap=True)
    if review is not None:
        from dharma_cli.views.crosscloud import report

        report(output.notices if directory is None else output.console, review)
    source.say_withheld(output)
    return _exit_of(checks)


def _checks(
    code: GeneratedCode, blueprint: Blueprint, source: Source, wanted: _Wanted
) -> list[Check]:
    from dharma.catalog import load_catalog
    from dharma.generator import verification

    if wanted.target == Conversion.BLUEPRINT:
        return []
    found = [verification.reread(blueprint, code, load_catalog())] if wanted.verify else []
    return [*found, *(verification.lint(code, source.region) if wanted.lint else [])]


def _exit_of(checks: Sequence[Check]) -> int:
    failed = any(check.outcome == "failed" for check in checks if check.name != "re-read")
    return exits.FINDINGS if failed else exits.FINE


def _pack(
    code: GeneratedCode,
    blueprint: Blueprint,
    format: Archive,
    target: Path,
    checks: Sequence[Check] = (),
) -> dict[str, Any]:
    """Write the archive; a folder gets it under a name that says what is inside."""
    import hashlib

    from dharma.generator.archive import archive, archive_name
    from dharma_cli.files import write_all

    if target.is_dir():
        target /= archive_name(code, blueprint, format.value)
    data = archive(code, blueprint, format.value, checks)
    write_all(target.parent, {target.name: data})
    digest = hashlib.sha256(data).hexdigest()
    return {"file": str(target), "sha256": digest, "size": len(data)}
