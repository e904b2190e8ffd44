"""A blueprint as code, over HTTP."""

from __future__ import annotations

from typing import Literal

from aws_lambda_powertools.event_handler import Response
from pydantic import Field

from dharma.bootstrap import application
from dharma.generator import (
    AzureBackend,
    Backend,
    GcsBackend,
    GenerateOptions,
    S3Backend,
    generate,
)
from dharma.generator.archive import MEDIA_TYPES, archive, archive_name
from dharma.generator.code import GeneratedCode
from dharma.generator.verification import reread
from dharma.model.blueprint import Blueprint
from dharma.model.targets import Target
from functions.bodies import Body, SourceBody
from functions.edge import answer, attachment, lambda_handler, principal, resolver
from functions.sources import note_to_dict, notes, open_source

app = resolver()


class BackendBody(Body):
    """The S3 object that Terraform keeps its state in."""

    bucket: str = Field(min_length=3, max_length=63)
    key: str = Field(min_length=1, max_length=1024)
    region: str = Field(min_length=1, max_length=32)


class GcsBackendBody(Body):
    """The Cloud Storage bucket that Terraform keeps its state in."""

    bucket: str = Field(min_length=3, max_length=63)
    prefix: str = Field(min_length=1, max_length=1024)


class AzureBackendBody(Body):
    """The blob of a storage account that Terraform keeps its state in."""

    resource_group: str = Field(min_length=1, max_length=90)
    storage_account: str = Field(min_length=3, max_length=24)
    container: str = Field(min_length=3, max_length=63)
    key: str = Field(min_length=1, max_length=1024)


class GenerateBody(SourceBody):
    """What to write, and how."""

    format: Target = "terraform"
    json_template: bool = Field(False, description="CloudFormation as JSON instead of YAML.")
    backend: BackendBody | GcsBackendBody | AzureBackendBody | None = None
    template_bytes: int = Field(
        1_000_000,
        ge=4096,
        le=1_000_000,
        description="CloudFormation: what one template may hold before it is split into nested"
        " stacks; 51200 where it is sent without a bucket.",
    )
    scope: Literal["group", "subscription"] | None = Field(
        None,
        description="ARM: what the template is deployed to; without it one resource group where"
        " that holds everything, else the subscription.",
    )
    one_template: bool = Field(
        False,
        description="CloudFormation: never split; a warning says when AWS will refuse it.",
    )
    modules: bool = Field(
        False, description="Terraform: resources without a module in one for each category."
    )
    verify: bool = Field(True, description="Read what was written again and compare it.")
    archive: Literal["zip", "tar.gz"] | None = Field(
        None, description="Answer with one file and a manifest in it, instead of JSON."
    )


@app.post("/iac/generate", tags=["generator"], summary="Write a blueprint as code")
def generate_code(body: GenerateBody) -> Response[str]:
    opened = open_source(body, principal())
    code = generate(
        opened.blueprint,
        body.format,
        application().catalog,
        GenerateOptions(
            variables=opened.values,
            region=opened.region,
            backend=_backend(body.backend),
            json=body.json_template,
            modules=body.modules,
            template_bytes=body.template_bytes,
            scope=body.scope,
            one_template=body.one_template,
        ),
    )
    checks = [reread(opened.blueprint, code, application().catalog)] if body.verify else []
    if body.archive:
        return attachment(
            archive(code, opened.blueprint, body.archive, checks),
            MEDIA_TYPES[body.archive],
            archive_name(code, opened.blueprint, body.archive),
        )
    return answer(
        {
            "format": code.target,
            "files": code.files,
            "warnings": [note_to_dict(note) for note in code.warnings],
            "checks": [check.to_dict() for check in checks],
            "notes": notes(opened.read),
        }
    )


class ConvertBody(SourceBody):
    """What to read, and what it is to become."""

    format: Literal["blueprint", Target] = "blueprint"
    to: Literal["aws", "azure", "gcp"] | None = Field(
        None, description="Propose the counterpart in this cloud, with a report for review."
    )
    json_template: bool = Field(False, description="CloudFormation as JSON instead of YAML.")


@app.post(
    "/iac/convert", tags=["generator"], summary="Write a source in another format or for a cloud"
)
def convert_code(body: ConvertBody) -> Response[str]:
    from dharma.blueprint.crosscloud import carry_over
    from dharma.blueprint.placeholders import with_placeholders

    opened = open_source(body, principal())
    blueprint, placed = with_placeholders(opened.blueprint)
    region, values, review = opened.region or opened.read.region, opened.values, None
    if body.to is not None:
        crossed = carry_over(blueprint, body.to, application().catalog, region)
        # The values of the source's variables are not those of the proposal.
        blueprint, review, values = crossed.blueprint, crossed.review, {}
        region = review.region
    code = _written(
        blueprint, body, GenerateOptions(json=body.json_template, variables=values, region=region)
    )
    return answer(
        {
            "format": code.target,
            "files": code.files,
            "warnings": [note_to_dict(note) for note in code.warnings],
            "notes": [*notes(opened.read), *(note_to_dict(note) for note in placed)],
            "review": None if review is None else review.to_dict(),
        }
    )


def _written(blueprint: Blueprint, body: ConvertBody, options: GenerateOptions) -> GeneratedCode:
    if body.format != "blueprint":
        return generate(blueprint, body.format, application().catalog, options)
    from dharma.blueprint.dump import dump_blueprint

    return GeneratedCode("blueprint", {"blueprint.yaml": dump_blueprint(blueprint)}, [])


def _backend(body: BackendBody | GcsBackendBody | AzureBackendBody | None) -> Backend | None:
    if body is None:
        return None
    if isinstance(body, AzureBackendBody):
        return AzureBackend(**body.model_dump())
    made = GcsBackend if isinstance(body, GcsBackendBody) else S3Backend
    return made(**body.model_dump())


handler = lambda_handler(app, "generator")
