"""Ask the cloud what exists now, resource by resource, and compare it with the template."""

from __future__ import annotations

from typing import Any

from dharma.core.errors import DeploymentFailed
from dharma.orchestrator.clouds import Difference
from dharma.orchestrator.steps.step_run import StepRun


def run(step: StepRun) -> dict[str, Any]:
    """Writes `verification.json`. What cannot be verified is listed; what is wrong is raised as
    `DeploymentFailed`."""
    if step.deployment.operation == "destroy":
        differences = [
            Difference("unexpected", r.logical_id, "", "gone", r.physical_id)
            for r in step.target.leftovers(step.deployment.stack)
        ]
    else:
        differences = step.target.verify(step.deployment.stack, step.change.template)
    step.write("verification.json", [describe(d) for d in differences])
    serious = [d for d in differences if d.serious]
    step.tell(
        "Verified",
        {"differences": len(serious), "unverifiable": len(differences) - len(serious)},
    )
    if serious:
        raise DeploymentFailed("the cloud has something else: " + summarise(serious))
    return {"unverifiable": len(differences)}


def describe(difference: Difference) -> dict[str, str]:
    return {
        "severity": difference.severity,
        "logicalId": difference.logical_id,
        "path": difference.path,
        "expected": difference.expected,
        "found": difference.found,
    }


def summarise(differences: list[Difference]) -> str:
    """The first ten, in words."""
    words = [
        f"{d.logical_id}{'.' + d.path if d.path else ''} is {d.found or 'missing'}"
        f" instead of {d.expected}"
        for d in differences[:10]
    ]
    more = len(differences) - len(words)
    return "; ".join(words) + (f"; and {more} more" if more else "")
