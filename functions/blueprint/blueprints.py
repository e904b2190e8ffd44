"""Routes of the library of blueprints."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import Field

from dharma.blueprint.records import VersionRecord
from dharma.blueprint.service import Blueprints, StoredBlueprint
from dharma.bootstrap import application
from dharma.core.errors import Fault
from dharma.core.http import links, listing
from functions.bodies import Body, Cursor, IfMatch, LenientBody, Limit, Offset, etag, revision
from functions.documents import document
from functions.edge import answer, no_content, principal, spelled
from functions.sources import note_to_dict

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # untyped in the framework
TAGS = ["blueprint"]
Provider = Literal["aws", "azure", "gcp"]
TextFormat = Literal["yaml", "json"]


class BlueprintBody(LenientBody):
    """A blueprint as text."""

    content: str = Field(description="The document, as YAML or JSON.")


class ImportBody(Body):
    """A text in any format that can be read."""

    content: str = Field(
        description="A blueprint, a CloudFormation template or a Terraform plan as JSON."
    )
    filename: str | None = Field(None, max_length=255)


class PublishBody(Body):
    """Which version the draft becomes; by default the one that it states."""

    version: str | None = Field(
        None, max_length=128, description="`next` is the one that the changes ask for."
    )
    allow_lower: bool = Field(
        False, description="Publish it although the changes ask for a higher one."
    )


class ValidateBody(Body):
    """Values to check against the variables; without them only the draft is checked."""

    variables: dict[str, Any] | None = None


@router.get("/blueprints", tags=TAGS, summary="List blueprints by name")
def list_blueprints(
    *,
    provider: Annotated[Provider | None, Query()] = None,
    name: Annotated[str | None, Query(max_length=200)] = None,
    tag: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    offset: Offset = 0,
) -> Response[str]:
    page = _blueprints().list(
        principal(),
        provider=provider,
        name=name,
        tag=tag,
        limit=limit,
        cursor=cursor,
        offset=offset,
    )
    asked = {"provider": provider, "name": name, "tag": tag, "limit": limit, "cursor": cursor}
    items = [{**record.to_dict(), "_links": _links(record.id)} for record in page.items]
    return answer(
        listing(
            "/blueprints",
            items,
            query={**asked, "offset": offset},
            next_cursor=page.next_cursor,
            previous_cursor=page.previous_cursor,
        )
    )


@router.post("/blueprints", tags=TAGS, summary="Store a new blueprint")
def create_blueprint(body: BlueprintBody) -> Response[str]:
    return _created(_blueprints().create(principal(), body.content))


@router.post("/blueprints/import", tags=TAGS, summary="Store a source in any readable format")
def import_blueprint(body: ImportBody) -> Response[str]:
    stored, notes = _blueprints().import_text(principal(), body.content, body.filename)
    return answer(
        {"blueprint": _shown(stored), "notes": [note_to_dict(note) for note in notes]},
        201,
        {"Location": f"/blueprints/{stored.record.id}"},
    )


@router.get("/blueprints/schema", tags=TAGS, summary="The JSON Schema of blueprints, for editors")
def blueprint_schema(provider: Annotated[Provider, Query()] = "aws") -> Response[str]:
    def write() -> str:
        from dharma.blueprint.schema import json_schema

        return spelled(json_schema(application().catalog, provider))

    asked = router.current_event.headers
    return document(f"blueprint-schema-{provider}", asked, write, public=False)


@router.get("/blueprints/<id>", tags=TAGS, summary="Read a blueprint, by id or name")
def read_blueprint(id: str) -> Response[str]:
    stored = _blueprints().read(principal(), id)
    return answer(_shown(stored), headers=etag(stored.record.revision))


@router.put("/blueprints/<id>", tags=TAGS, summary="Replace the draft of a blueprint")
def update_blueprint(id: str, body: BlueprintBody, if_match: IfMatch = None) -> Response[str]:
    stored = _blueprints().update(principal(), id, body.content, revision=revision(if_match))
    return answer(_shown(stored), headers=etag(stored.record.revision))


@router.delete("/blueprints/<id>", tags=TAGS, summary="Remove a blueprint and its versions")
def delete_blueprint(id: str, if_match: IfMatch = None) -> Response[str]:
    _blueprints().delete(principal(), id, revision=revision(if_match))
    return no_content()


@router.get("/blueprints/<id>/versions", tags=TAGS, summary="List published versions")
def list_versions(
    id: str, limit: Limit = 50, cursor: Cursor = None, offset: Offset = 0
) -> Response[str]:
    page = _blueprints().versions(principal(), id, limit=limit, cursor=cursor, offset=offset)
    return answer(
        listing(
            f"/blueprints/{id}/versions",
            [_version(record) for record in page.items],
            query={"limit": limit, "cursor": cursor, "offset": offset},
            next_cursor=page.next_cursor,
            previous_cursor=page.previous_cursor,
        )
    )


@router.post("/blueprints/<id>/versions", tags=TAGS, summary="Publish the draft as a version")
def publish_version(id: str, body: PublishBody) -> Response[str]:
    record = _blueprints().publish(principal(), id, body.version, allow_lower=body.allow_lower)
    place = f"/blueprints/{record.blueprint_id}/versions/{record.version}"
    return answer(_version(record), 201, {"Location": place})


@router.get("/blueprints/<id>/versions/next", tags=TAGS, summary="The version that changes ask for")
def propose_version(id: str) -> Response[str]:
    record = _blueprints().record(principal(), id)
    proposal = _blueprints().next_version(principal(), record.id)
    place = f"/blueprints/{record.id}"
    return answer(
        {
            "version": proposal.version,
            "previous": proposal.previous,
            "step": proposal.step,
            "stated": record.version,
            "sufficient": proposal.suffices(record.version),
            "reasons": [reason.to_dict() for reason in proposal.reasons],
            "_links": links(self=f"{place}/versions/next", blueprint=place),
        }
    )


@router.get("/blueprints/<id>/versions/<version>", tags=TAGS, summary="Read a published version")
def read_version(id: str, version: str) -> Response[str]:
    published = _blueprints().version(principal(), id, version)
    return answer({**published.document, **_version(published.version)})


@router.post("/blueprints/<id>/validate", tags=TAGS, summary="Check a draft and values for it")
def validate_blueprint(id: str, body: ValidateBody) -> Response[str]:
    faults = _blueprints().validate(principal(), id, body.variables)
    return answer({"valid": not faults, "faults": [_fault(fault) for fault in faults]})


@router.get("/blueprints/<id>/export", tags=TAGS, summary="A blueprint as text")
def export_blueprint(
    id: str,
    format: Annotated[TextFormat, Query()] = "yaml",
    version: Annotated[str | None, Query(max_length=128)] = None,
) -> Response[str]:
    text = _blueprints().export(principal(), id, format, version)
    return Response(200, f"application/{format}", text)


def _blueprints() -> Blueprints:
    return application().blueprints


def _created(stored: StoredBlueprint) -> Response[str]:
    headers = {"Location": f"/blueprints/{stored.record.id}", **etag(stored.record.revision)}
    return answer(_shown(stored), 201, headers)


def _shown(stored: StoredBlueprint) -> dict[str, Any]:
    return {
        "variables": [],
        "outputs": [],
        **stored.document,
        **stored.record.to_dict(),
        "_links": _links(stored.record.id),
    }


def _version(record: VersionRecord) -> dict[str, Any]:
    place = f"/blueprints/{record.blueprint_id}"
    return {
        **record.to_dict(),
        "_links": links(self=f"{place}/versions/{record.version}", blueprint=place),
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "field": fault.path,
        "message": fault.message,
        "line": fault.line,
        "column": fault.column,
        "hint": fault.hint,
    }


def _links(blueprint_id: str) -> dict[str, dict[str, str]]:
    place = f"/blueprints/{blueprint_id}"
    return links(
        self=place,
        versions=f"{place}/versions",
        validate=f"{place}/validate",
        export=f"{place}/export",
    )
