"""Event bus. Price rule: custom events that are published on it
(https://aws.amazon.com/eventbridge/pricing/)."""

from __future__ import annotations

from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_cloudwatch_event_bus")

_MILLION = Decimal(1_000_000)


@priced.component
def events(bus: PricedResource) -> Component:
    key = "monthly_custom_events"
    monthly = bus.usage.get(key)
    quantity = None if monthly is None else monthly / _MILLION
    return Component(("Custom events published",), "eventbridge", "custom", quantity, key)
