"""Begin the change in the cloud."""

from __future__ import annotations

from typing import Any

from dharma.orchestrator.steps.monitor import go_on
from dharma.orchestrator.steps.step_run import StepRun


def run(step: StepRun) -> dict[str, Any]:
    """The history knows of the change before the cloud does: whatever dies in between, the undoing
    will look."""
    d = step.deployment
    # A holder that was overtaken while it slept must not touch the cloud.
    step.locks.assert_held(d.tenant, d.environment, d.id, d.fencing_token)
    if not d.touched_cloud:
        step.tell("ChangeStarted", {"change": step.change_name})
    go_on(step)
    return {}
