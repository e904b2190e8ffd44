"""Routes of what is counted about deployments."""

from __future__ import annotations

import time

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from dharma.bootstrap import application
from dharma.core.http import links
from dharma.orchestrator.milestones import Counts
from functions.bodies import Body
from functions.edge import answer, principal

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # untyped in the framework
TAGS = ["orchestrator"]
# Well below the time that one request has; the next one goes on.
REBUILD_SECONDS = 10.0


class RebuildBody(Body):
    """Nothing has to be said."""


@router.get("/deployments/statistics", tags=TAGS, summary="Count deployments by outcome")
def deployment_statistics() -> Response[str]:
    counted = application().projections.statistics(principal().tenant)
    total = Counts()
    for counts in counted.values():
        total = total.plus(counts)
    return answer(
        {
            "items": [
                {"environment": environment, **counts.to_dict()}
                for environment, counts in sorted(counted.items())
            ],
            "total": total.to_dict(),
            "_links": links(self="/deployments/statistics", deployments="/deployments"),
        }
    )


@router.post("/projections/rebuild", tags=TAGS, summary="Make read models anew from histories")
def rebuild_projections(_body: RebuildBody) -> Response[str]:
    """Works for some seconds; until `finished`, call it again and it goes on."""
    until = time.monotonic() + REBUILD_SECONDS
    rebuilt = application().projections.rebuild(
        principal().tenant, lambda: time.monotonic() >= until
    )
    return answer(rebuilt.to_dict())
