"""Ask people. The state machine waits with a task token until somebody decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dharma.core.errors import DeploymentCancelled
from dharma.orchestrator.repository import Appended
from dharma.orchestrator.steps.step_run import StepRun

# The same time as the state's TimeoutSeconds, and the lease outlives it a little.
PATIENCE = timedelta(hours=24)


def run(step: StepRun) -> dict[str, Any]:
    """Store the token, keep the environment for as long as people may take, tell them."""
    d = step.deployment
    lease = PATIENCE + timedelta(minutes=15)
    step.locks.renew(d.tenant, d.environment, d.id, d.fencing_token, lease)
    if d.approved_by:
        # The step is repeated after somebody already said yes to an earlier token.
        step.ports.workflows.succeed(step.said.task_token, {"approvedBy": d.approved_by})
        return {"finished": False}
    step.append(
        Appended(
            entries=[
                (
                    "ApprovalRequested",
                    {"token": step.said.task_token, "approvers": list(d.approvers)},
                )
            ],
            emitted=[("ApprovalRequested", {"approvers": list(d.approvers), "plan": d.plan})],
        )
    )
    if step.deployment.cancel_requested_by:
        # Cancelled a moment before the token was stored: nobody else will end the waiting.
        raise DeploymentCancelled(f"{step.deployment.cancel_requested_by} cancelled it")
    return {"finished": False}
