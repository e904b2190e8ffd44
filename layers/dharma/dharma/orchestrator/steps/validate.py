"""Check blueprint and variables with everything known that will be known."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.validation import validate
from dharma.core.errors import InvalidBlueprint
from dharma.orchestrator.steps.step_run import StepRun


def run(step: StepRun) -> dict[str, Any]:
    """Raises `InvalidBlueprint` or `InvalidVariables` with all faults."""
    faults = validate(step.blueprint, step.ports.catalog)
    if faults:
        listed = "; ".join(str(fault) for fault in faults[:10])
        raise InvalidBlueprint(f"{len(faults)} faults in the blueprint: {listed}", faults)
    return {"resources": len(step.resolved.resources)}
