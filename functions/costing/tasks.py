"""The price of a deployment."""

from __future__ import annotations

from typing import Any

from dharma.bootstrap import application
from dharma.costing.estimate import estimate
from dharma.orchestrator.steps.step_run import StepRun
from functions.steps import step_handler


def price(step: StepRun) -> dict[str, Any]:
    """Writes `cost.json`, the whole estimate; what has no price is listed in it."""
    parts = application()
    priced = estimate(step.resolved, parts.price_book, today=parts.clock.now().date())
    document = priced.to_dict()
    step.write("cost.json", document)
    shown = {
        name: document[name]
        for name in ("totalMonthlyCost", "currency", "confidence", "optimizationSavings")
    }
    step.tell("CostEstimated", {"cost": {**shown, "unpriced": len(document["unpriced"])}})
    return {}


handler = step_handler({"cost": price}, "costing")
