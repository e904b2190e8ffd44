"""Shapes that requests of several capabilities share. camelCase outside, snake_case inside."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Header, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from dharma.core.errors import InvalidInput


class Body(BaseModel):
    """A request body: a field that is not known is a mistake and is named."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class LenientBody(Body):
    """A body that may be what was read before, changed: what only the server writes is ignored."""

    model_config = ConfigDict(extra="ignore")


class SourceBody(Body):
    """What to work on: a text, or a blueprint of the library."""

    content: str | None = Field(
        None,
        description="A blueprint, a CloudFormation template, Terraform code, or a Terraform plan"
        " or state as JSON.",
    )
    files: dict[str, str] | None = Field(
        None,
        max_length=2000,
        description="A Terraform configuration instead of `content`: its files, text by path.",
    )
    filename: str | None = Field(None, max_length=255, description="Name of the file, for faults.")
    blueprint_id: str | None = Field(None, max_length=200, description="Id or name.")
    version: str | None = Field(None, max_length=128, description="A published version.")
    variables: dict[str, Any] = Field(default_factory=dict)
    environment: str | None = Field(
        None, max_length=64, description="Its variables and region apply."
    )
    region: str | None = Field(None, max_length=32)


Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=8192, description="`nextCursor` of the page before.")
]
Offset = Annotated[int, Query(ge=0, le=10_000, description="How many to skip; without a cursor.")]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="The `ETag` that was read: change no other.")
]


def revision(if_match: str | None) -> int | None:
    """The revision that an `If-Match` header names."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidInput("If-Match is not an ETag of this API")
    return int(text)


def etag(number: int) -> dict[str, str]:
    return {"ETag": f'"{number}"'}
