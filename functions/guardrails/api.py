"""A blueprint before the policies, over HTTP."""

from __future__ import annotations

from typing import Literal

from aws_lambda_powertools.event_handler import Response

from dharma.bootstrap import application
from dharma.guardrails.check import check
from functions.bodies import SourceBody
from functions.edge import answer, lambda_handler, principal, resolver
from functions.sources import notes, open_source

app = resolver()


class JudgeBody(SourceBody):
    """What to judge. `warning` reports the same findings and blocks nothing."""

    mode: Literal["blocking", "warning"] = "blocking"


@app.post("/guardrails/validate", tags=["guardrails"], summary="Judge a blueprint by the policies")
def judge(body: JudgeBody) -> Response[str]:
    opened = open_source(body, principal(), expand=True)
    parts = application()
    verdict = check(opened.resolved(), parts.catalog, parts.policy_engine, body.mode)
    return answer({**verdict.to_dict(), "notes": notes(opened.read)})


handler = lambda_handler(app, "guardrails")
