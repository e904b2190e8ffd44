"""Let the cloud say what it would do, and compare that with the plan that was approved."""

from __future__ import annotations

from typing import Any

from dharma.core.errors import DeploymentFailed
from dharma.orchestrator.clouds import NativePlan
from dharma.orchestrator.steps.step_run import StepRun


def run(step: StepRun) -> dict[str, Any]:
    """Writes `native-plan.json`. Raises `DeploymentFailed` when the cloud would remove or replace
    something although the plan announced nothing of the kind."""
    if step.deployment.operation == "destroy":
        return {"changes": step.deployment.plan["delete"]}
    change = step.change
    native = step.target.prepare(change)
    step.write(
        "native-plan.json",
        [
            {
                "logicalId": c.logical_id,
                "type": c.type,
                "action": c.action,
                "conditional": c.conditional,
            }
            for c in native.changes
        ],
    )
    step.tell("ChangePrepared", {"change": change.name, "changes": len(native.changes)})
    refuse_surprises(native, step.deployment.plan)
    return {"changes": len(native.changes)}


def refuse_surprises(native: NativePlan, summary: dict[str, int]) -> None:
    """What destroys something must have been announced to those who approved."""
    if summary["delete"] or summary["replace"]:
        return
    surprises = sorted(
        f"{c.logical_id} ({c.type})"
        for c in native.changes
        if c.action in ("delete", "replace") and not c.conditional
    )
    if surprises:
        raise DeploymentFailed(
            "the cloud would remove or replace what the plan left in place: " + ", ".join(surprises)
        )
