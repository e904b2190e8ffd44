"""Which routes change something, and under which name the audit trail keeps them.

The record lies in the transaction of the change (`dharma.core.audit`); where nothing was changed,
because it was refused or had been done before, it is written before the answer goes out. Reads go
to the access log only. A route that is neither here nor among those that change nothing fails a
test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dharma.bootstrap import application
from dharma.core.audit.acting import Act
from dharma.core.audit.records import Outcome
from dharma.core.errors import TooManyRequests, Unauthenticated
from dharma.core.principal import Principal

ACTIONS: dict[str, str] = {
    "POST /blueprints": "blueprint.create",
    "POST /blueprints/import": "blueprint.import",
    "PUT /blueprints/{id}": "blueprint.update",
    "DELETE /blueprints/{id}": "blueprint.delete",
    "POST /blueprints/{id}/versions": "blueprint.publish",
    "POST /environments": "environment.create",
    "PUT /environments/{name}": "environment.update",
    "DELETE /environments/{name}": "environment.delete",
    "POST /deployments": "deployment.deploy",
    "POST /deployments/{id}/approve": "deployment.approve",
    "POST /deployments/{id}/reject": "deployment.reject",
    "POST /deployments/{id}/cancel": "deployment.cancel",
    "POST /deployments/{id}/rollback": "deployment.rollback",
    "POST /deployments/{id}/destroy": "deployment.destroy",
    "POST /projections/rebuild": "projection.rebuild",
}
# They answer a question with what is in the body; nothing is stored.
CHANGING_NOTHING = frozenset(
    {
        "POST /blueprints/{id}/validate",
        "POST /costing/estimate",
        "POST /deployments/plan",
        "POST /guardrails/validate",
        "POST /iac/convert",
        "POST /iac/generate",
    }
)
# Of the one nobody knows who it was; the other would not limit anything if it cost a record.
_NOT_RECORDED = frozenset({Unauthenticated.__name__, TooManyRequests.__name__})


def act_of(event: Mapping[str, Any], correlation_id: str) -> Act | None:
    """What a request is about to do, and who asks; None when it changes nothing."""
    action = ACTIONS.get(str(event.get("routeKey", "")))
    caller = event["requestContext"].get("authorizer", {}).get("lambda")
    if action is None or not caller:
        return None
    http = event["requestContext"].get("http", {})
    parameters = event.get("pathParameters") or {}
    named = parameters.get("id", parameters.get("name"))
    kind = action.partition(".")[0]
    return Act(
        principal=Principal(caller["sub"], caller["tenant"], frozenset(caller["roles"].split())),
        action=action,
        subject=kind if named is None else f"{kind}/{named}",
        source_ip=str(http.get("sourceIp", "")),
        user_agent=str(http.get("userAgent", "")),
        correlation_id=correlation_id,
    )


def record(act: Act, served: Mapping[str, Any]) -> None:
    """Record what has no record yet; a failure after a change has one of its own."""
    status = int(served["statusCode"])
    code = json.loads(served["body"])["code"] if status >= 400 else None
    if code in _NOT_RECORDED or (code is None and act.recorded):
        return
    outcome: Outcome = "succeeded" if code is None else "refused" if status < 500 else "failed"
    application().audit.append(act.entry(outcome, code))
