"""A blueprint's price, over HTTP."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from pydantic import Field

from dharma.bootstrap import application
from dharma.costing.estimate import estimate
from functions.bodies import SourceBody
from functions.edge import answer, lambda_handler, principal, resolver
from functions.sources import notes, open_source

app = resolver()


class EstimateBody(SourceBody):
    """What to price. `usage` maps addresses to expected figures."""

    usage: dict[str, dict[str, Any]] = Field(default_factory=dict)


@app.post("/costing/estimate", tags=["costing"], summary="Price a blueprint per month")
def price(body: EstimateBody) -> Response[str]:
    opened = open_source(body, principal(), expand=True)
    parts = application()
    today = parts.clock.now().date()
    priced = estimate(opened.resolved(), parts.price_book, body.usage, today=today)
    return answer({**priced.to_dict(), "notes": notes(opened.read)})


handler = lambda_handler(app, "costing")
