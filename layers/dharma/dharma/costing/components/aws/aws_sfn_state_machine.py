"""State machine. Price rule: transitions of a standard workflow
(https://aws.amazon.com/step-functions/pricing/). Express workflows are metered by duration, which
nothing here asks for yet."""

from __future__ import annotations

from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_sfn_state_machine")


@priced.component
def transitions(states: PricedResource) -> Component | None:
    if states.get("type", "STANDARD") != "STANDARD":
        return None
    key = "monthly_transitions"
    monthly = states.usage.get(key)
    quantity = None if monthly is None else monthly / Decimal(1000)
    return Component(("Transitions",), "step-functions", "transitions", quantity, key)
