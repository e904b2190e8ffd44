"""NAT gateway. Price rule: hours while it exists, and every gibibyte that it carries
(https://aws.amazon.com/vpc/pricing/)."""

from __future__ import annotations

from dharma.costing.component import HOURS_PER_MONTH, Component, PricedKind, PricedResource

priced = PricedKind("aws_nat_gateway")


@priced.component
def gateway(_: PricedResource) -> Component:
    return Component(("NAT gateway",), "nat-gateway", "hour", HOURS_PER_MONTH)


@priced.component
def data_processed(nat: PricedResource) -> Component:
    key = "monthly_data_processed_gb"
    return Component(("Data processed",), "nat-gateway", "data", nat.usage.get(key), key)
