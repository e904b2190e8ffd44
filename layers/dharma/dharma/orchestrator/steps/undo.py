"""Put back what was there before: the compensation of everything that a deployment changed."""

from __future__ import annotations

import json
from typing import Any

from dharma.core.errors import CompensationFailed
from dharma.core.redaction import redacted
from dharma.orchestrator.steps.monitor import undo_on
from dharma.orchestrator.steps.step_run import MESSAGE_LIMIT, StepRun
from dharma.orchestrator.steps.verify import describe, recorded, summarise


def run(step: StepRun) -> dict[str, Any]:
    """Begin: remove a first deployment, restore the previous template of an update, forget a change
    that was only prepared. A destruction is not undone: what is gone is gone, its state stays
    recorded, and destroying again takes up where it stopped."""
    d = step.deployment
    if d.status != "undoing":
        code, message = failure_of(step.said.error)
        failure = {"code": code, "message": message, "step": step.previous_step}
        step.tell("UndoStarted", {"failure": failure})
    if not d.touched_cloud:
        if step.find("native-plan.json") is not None:
            step.target.discard(step.change)
        return {"needed": False}
    if d.operation == "destroy":
        return {"needed": False}
    step.hold()
    undo_on(step)
    return {"needed": True}


def verify(step: StepRun) -> dict[str, Any]:
    """Prove that the environment is as before; `CompensationFailed` lists what is not."""
    d = step.deployment
    if step.present is None:
        left = step.target.leftovers(d.stack, recorded(step))
        if left:
            listed = ", ".join(f"{r.type} {r.physical_id}" for r in left)
            raise CompensationFailed(f"could not be removed: {listed}")
    else:
        differences = step.target.verify(d.stack, step.undoing.template)
        step.write(
            "undo-verification.json",
            redacted([describe(each) for each in differences], step.secrets),
        )
        serious = [each for each in differences if each.serious]
        if serious:
            raise CompensationFailed(f"could not be put back: {summarise(serious)}")
    step.tell("UndoFinished")
    return {}


def failure_of(error: Any) -> tuple[str, str]:
    """Error class and message of a caught failure, as Step Functions hands it on."""
    if not error:
        return "DeploymentFailed", "it stopped without a reason"
    cause = error.get("Cause", "")
    try:
        parsed = json.loads(cause)
    except ValueError:
        parsed = None
    message = parsed.get("errorMessage", cause) if isinstance(parsed, dict) else cause
    return error.get("Error", "DeploymentFailed"), str(message)[:MESSAGE_LIMIT]
