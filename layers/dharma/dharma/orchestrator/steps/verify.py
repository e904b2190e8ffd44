"""Ask the cloud what exists now, resource by resource, and compare it with the template."""

from __future__ import annotations

import json
from typing import Any

from dharma.core.errors import DeploymentFailed
from dharma.core.redaction import redacted
from dharma.orchestrator.clouds import Difference, NativeResource
from dharma.orchestrator.steps.step_run import StepRun


def run(step: StepRun) -> dict[str, Any]:
    """Writes `verification.json`. What cannot be verified is listed; what is wrong is raised as
    `DeploymentFailed`."""
    if step.deployment.operation == "destroy":
        differences = [
            Difference("unexpected", r.logical_id, "", "gone", r.physical_id)
            for r in step.target.leftovers(step.deployment.stack, recorded(step))
        ]
    else:
        differences = step.target.verify(step.deployment.stack, step.change.template)
    step.write("verification.json", redacted([describe(d) for d in differences], step.secrets))
    serious = [d for d in differences if d.serious]
    step.tell(
        "Verified",
        {"differences": len(serious), "unverifiable": len(differences) - len(serious)},
    )
    if serious:
        raise DeploymentFailed("the cloud has something else: " + summarise(serious))
    return {"unverifiable": len(differences)}


def recorded(step: StepRun) -> tuple[NativeResource, ...]:
    """What is known to have existed: the present state's resources, and what this run made."""
    listed: list[dict[str, str]] = []
    if step.present is not None:
        listed += json.loads(step.ports.artifacts.get(step.present.artifacts["resources"]))
    d = step.deployment
    for event in step.deployments.history(d.tenant, d.id):
        if event.type == "ResourceChanged" and event.data["physicalId"]:
            listed.append(event.data)
    found = {
        (r["type"], r["physicalId"]): NativeResource(r["logicalId"], r["physicalId"], r["type"])
        for r in listed
    }
    return tuple(found.values())


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
