"""Record that it did not succeed and free the environment: one transaction."""

from __future__ import annotations

from typing import Any

from dharma.core.errors import (
    ApprovalRejected,
    CompensationFailed,
    DeploymentCancelled,
)
from dharma.orchestrator.models import Deployment, Failure, Status
from dharma.orchestrator.repository import Appended
from dharma.orchestrator.steps.step_run import StepRun
from dharma.orchestrator.steps.undo import failure_of

_STATUS: dict[str, Status] = {
    ApprovalRejected.__name__: "rejected",
    DeploymentCancelled.__name__: "cancelled",
    CompensationFailed.__name__: "undo_failed",
}


def run(step: StepRun) -> dict[str, Any]:
    """The failure that started it all is kept; that of the undoing is added to it."""
    if step.deployment.finished:
        return {}

    def decide(deployment: Deployment) -> Appended:
        d = deployment
        failure, status = _outcome(step, d)
        release = step.locks.release(d.tenant, d.environment, d.id, d.fencing_token)
        said = {"code": failure.code, "message": failure.message, "step": failure.step}
        return Appended(
            entries=[("DeploymentFailed", {**said, "status": status})],
            operations=[] if release is None else [release],
            emitted=[("DeploymentFailed", {**said, "status": status})],
        )

    d = step.deployment
    step.deployment = step.deployments.append(d.tenant, d.id, decide)
    return {}


def _outcome(step: StepRun, deployment: Deployment) -> tuple[Failure, Status]:
    code, message = failure_of(step.said.error)
    first = deployment.failure
    if first is None:
        return Failure(code, message, step.previous_step), _STATUS.get(code, "failed")
    if step.said.undo_failed:
        both = f"{first.message}. Undoing it failed: {message}"
        return Failure(CompensationFailed.__name__, both, first.step), "undo_failed"
    return first, _STATUS.get(first.code, "failed")
