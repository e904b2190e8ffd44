"""Routes of the audit trail, for administrators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from dharma.bootstrap import application
from dharma.core.http import links, listing
from dharma.core.store import Page
from functions.bodies import Cursor, Limit
from functions.edge import answer, principal

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # untyped in the framework
TAGS = ["monitoring"]
Day = Annotated[
    str | None,
    Query(pattern=r"^\d{4}-\d\d-\d\d$", description="In UTC; else the latest that has records."),
]
Order = Annotated[Literal["newest", "oldest"], Query(description="Which record comes first.")]


@router.get("/audit", tags=TAGS, summary="Who changed what, by day")
def list_records(
    day: Day = None, order: Order = "newest", limit: Limit = 50, cursor: Cursor = None
) -> Response[str]:
    trail, tenant = application().audit, principal().tenant
    day = day or trail.newest_day(tenant)
    records, page = _page(tenant, day, limit, cursor, reverse=order == "newest")
    body = listing(
        "/audit",
        records,
        query={"day": day, "order": order, "limit": limit, "cursor": cursor},
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )
    return answer({**body, "day": day})


@router.get("/audit/days", tags=TAGS, summary="The chains of the audit trail, oldest first")
def list_days() -> Response[str]:
    days = application().audit.days(principal().tenant)
    relations = links(self="/audit/days", records="/audit")
    return answer({"items": [day.to_dict() for day in days], "_links": relations})


def _page(
    tenant: str, day: str | None, limit: int, cursor: str | None, *, reverse: bool
) -> tuple[list[dict[str, Any]], Page]:
    if day is None:
        return [], Page(())
    return application().audit.page(tenant, day, limit=limit, cursor=cursor, reverse=reverse)
