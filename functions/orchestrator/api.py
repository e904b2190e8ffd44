"""Deployments, over HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header, Query
from pydantic import Field

from dharma.bootstrap import application
from dharma.core.errors import NotFound
from dharma.core.http import links, listing
from dharma.core.listing import listed
from dharma.orchestrator.models import Deployment, DeploymentRequest
from dharma.orchestrator.service import Orchestrator
from functions.bodies import Body, Cursor, Limit, Offset, SourceBody
from functions.edge import answer, lambda_handler, principal, resolver
from functions.orchestrator import statistics
from functions.sources import open_source

app = resolver()
app.include_router(statistics.router)
TAGS = ["orchestrator"]
MOST_EVENTS = 1000
# What the steps write for people and programs; the others are their own notes.
DOCUMENTS = frozenset(
    {"blueprint", "cost", "plan", "resources", "verdict-design", "verdict-plan", "verification"}
)
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="A request that is sent again with the same key starts nothing twice.",
    ),
]


class PlanBody(SourceBody):
    """A blueprint and the environment that it is meant for."""

    environment: str = Field(max_length=64)


class DeployBody(PlanBody):
    """Carry a blueprint into an environment."""

    auto_approve: bool = False
    comment: str = Field("", max_length=1000)


class DecisionBody(Body):
    """A decision about a deployment, and why."""

    comment: str = Field("", max_length=1000)


class DestroyBody(DecisionBody):
    """Remove what the stack of a deployment has."""

    auto_approve: bool = False


class RollbackBody(DestroyBody):
    """Go back to a state version; by default the one before this deployment's."""

    version: int | None = Field(None, ge=1)


@app.post("/deployments", tags=TAGS, summary="Ask for a deployment")
def create_deployment(body: DeployBody, idempotency_key: IdempotencyKey = None) -> Response[str]:
    request = replace(_requested(body), auto_approve=body.auto_approve, comment=body.comment)
    return _accepted(_orchestrator().deploy(request, principal(), idempotency_key))


@app.post("/deployments/plan", tags=TAGS, summary="Show what a deployment would change")
def plan_deployment(body: PlanBody) -> Response[str]:
    return answer(_orchestrator().plan(_requested(body), principal()).to_dict())


@app.get("/deployments", tags=TAGS, summary="List deployments, newest first")
def list_deployments(
    environment: Annotated[str | None, Query(max_length=64)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    offset: Offset = 0,
) -> Response[str]:
    page = listed(
        lambda number, place: _orchestrator().list(
            principal(), environment=environment, limit=number, cursor=place
        ),
        limit=limit,
        cursor=cursor,
        offset=offset,
    )
    asked = {"environment": environment, "limit": limit, "cursor": cursor, "offset": offset}
    return answer(
        listing(
            "/deployments",
            [_shown(deployment) for deployment in page.items],
            query=asked,
            next_cursor=page.next_cursor,
            previous_cursor=page.previous_cursor,
        )
    )


@app.get("/deployments/<id>", tags=TAGS, summary="Read a deployment")
def read_deployment(id: str) -> Response[str]:
    return answer(_shown(_orchestrator().read(id, principal())))


@app.get("/deployments/<id>/events", tags=TAGS, summary="What happened, oldest first")
def deployment_events(
    id: str,
    after: Annotated[
        int, Query(ge=0, description="Only what came after this sequence number.")
    ] = 0,
    cursor: Annotated[int | None, Query(ge=0, description="The same, as lists have it.")] = None,
) -> Response[str]:
    place = f"/deployments/{id}/events"
    events = _orchestrator().events(id, principal(), after=after if cursor is None else cursor)
    # The history is handed out in parts of this size.
    last = events[-1].sequence if len(events) == MOST_EVENTS else None
    relations = {"self": place, "deployment": f"/deployments/{id}"}
    if last is not None:
        relations["next"] = f"{place}?after={last}"
    return answer(
        {
            "items": [event.to_record() for event in events],
            "nextCursor": None if last is None else str(last),
            "_links": links(**relations),
        }
    )


@app.get("/deployments/<id>/documents/<name>", tags=TAGS, summary="Read a document of it")
def deployment_document(id: str, name: str) -> Response[str]:
    if name not in DOCUMENTS:
        raise NotFound(f"There is no document {name!r}; there are: {', '.join(sorted(DOCUMENTS))}")
    return answer(json.loads(_orchestrator().document(id, f"{name}.json", principal())))


@app.post("/deployments/<id>/approve", tags=TAGS, summary="Say yes to the plan")
def approve_deployment(id: str, body: DecisionBody) -> Response[str]:
    return answer(_shown(_orchestrator().approve(id, principal(), body.comment)))


@app.post("/deployments/<id>/reject", tags=TAGS, summary="Say no to the plan")
def reject_deployment(id: str, body: DecisionBody) -> Response[str]:
    return answer(_shown(_orchestrator().reject(id, principal(), body.comment)))


@app.post("/deployments/<id>/cancel", tags=TAGS, summary="Stop, and undo what was changed")
def cancel_deployment(id: str, body: DecisionBody) -> Response[str]:
    return answer(_shown(_orchestrator().cancel(id, principal())), 202)


@app.post("/deployments/<id>/rollback", tags=TAGS, summary="Go back to an earlier state")
def roll_back_deployment(
    id: str, body: RollbackBody, idempotency_key: IdempotencyKey = None
) -> Response[str]:
    return _accepted(
        _orchestrator().rollback(
            id,
            principal(),
            version=body.version,
            auto_approve=body.auto_approve,
            comment=body.comment,
            idempotency_key=idempotency_key,
        )
    )


@app.post("/deployments/<id>/destroy", tags=TAGS, summary="Remove everything of the stack")
def destroy_deployment(
    id: str, body: DestroyBody, idempotency_key: IdempotencyKey = None
) -> Response[str]:
    return _accepted(
        _orchestrator().destroy(
            id,
            principal(),
            auto_approve=body.auto_approve,
            comment=body.comment,
            idempotency_key=idempotency_key,
        )
    )


def _orchestrator() -> Orchestrator:
    return application().orchestrator


def _requested(body: PlanBody) -> DeploymentRequest:
    # The environment's variables are the orchestrator's to add: it stores only the caller's own.
    source = body.model_copy(update={"environment": None})
    opened = open_source(source, principal())
    return DeploymentRequest(
        environment=body.environment,
        blueprint=opened.blueprint,
        variables=opened.values,
        blueprint_id=opened.blueprint_id,
    )


def _accepted(deployment: Deployment) -> Response[str]:
    return answer(_shown(deployment), 202, {"Location": f"/deployments/{deployment.id}"})


def _shown(deployment: Deployment) -> dict[str, Any]:
    place = f"/deployments/{deployment.id}"
    relations = {"self": place, "events": f"{place}/events"}
    if deployment.status == "awaiting_approval":
        relations |= {"approve": f"{place}/approve", "reject": f"{place}/reject"}
    if deployment.finished:
        relations |= {"rollback": f"{place}/rollback", "destroy": f"{place}/destroy"}
    else:
        relations["cancel"] = f"{place}/cancel"
    return {**deployment.to_dict(), "_links": links(**relations)}


handler = lambda_handler(app, "orchestrator")
