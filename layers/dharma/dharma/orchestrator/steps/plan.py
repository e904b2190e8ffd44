"""Compare what is wanted with what is there; write the plan that people decide on."""

from __future__ import annotations

from typing import Any

from dharma.core.errors import Conflict
from dharma.orchestrator.plan import Plan
from dharma.orchestrator.plan_view import render
from dharma.orchestrator.planning import plan, plan_of_removal
from dharma.orchestrator.steps.step_run import StepRun


def run(step: StepRun) -> dict[str, Any]:
    """Writes `plan.json` and `plan.txt`. Raises `Conflict` when the lifecycle forbids the plan."""
    made = make_plan(step)
    step.write("plan.json", made.to_dict())
    step.write_text("plan.txt", render(made))
    step.tell("PlanMade", {"plan": made.summary})
    if made.refused:
        raise Conflict("; ".join(made.refused))
    return {"empty": made.empty}


def make_plan(step: StepRun) -> Plan:
    deployed = step.deployed
    if step.deployment.operation == "destroy":
        if deployed is None:
            raise Conflict(f"{step.deployment.stack} has nothing to destroy")
        return plan_of_removal(deployed, step.ports.catalog)
    if deployed is not None and step.target.content(step.deployment.stack) is None:
        # Somebody removed the stack behind our back: everything has to be made again.
        deployed = None
    return plan(step.resolved, deployed, step.ports.catalog)
