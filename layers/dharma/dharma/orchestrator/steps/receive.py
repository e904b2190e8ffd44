"""Take up a deployment that was asked for. The lock was taken with the request."""

from __future__ import annotations

from typing import Any

from dharma.core.errors import Conflict
from dharma.orchestrator.models import Deployment
from dharma.orchestrator.repository import Appended
from dharma.orchestrator.steps.step_run import StepRun


def run(step: StepRun) -> dict[str, Any]:
    """Bind the deployment to this execution. A request is delivered at least once: a second
    execution for the same deployment ends here, without harm to the first."""
    execution = step.said.execution

    def decide(deployment: Deployment) -> Appended | None:
        if deployment.execution == execution:
            return None
        if deployment.execution or deployment.finished:
            raise Conflict(
                f"deployment {deployment.id} is already carried by {deployment.execution}"
            )
        return Appended([("ExecutionStarted", {"execution": execution})])

    d = step.deployment
    step.deployment = step.deployments.append(d.tenant, d.id, decide)
    step.hold()
    return {"operation": d.operation, "autoApprove": d.auto_approve}
