"""Load balancer. Price rule: hours, capacity units, and one public IPv4 address per zone when it
faces the internet (https://aws.amazon.com/elasticloadbalancing/pricing/)."""

from __future__ import annotations

from decimal import Decimal

from dharma.costing.component import HOURS_PER_MONTH, Component, PricedKind, PricedResource

priced = PricedKind("aws_lb")

_LABELS = {
    "application": "Application load balancer",
    "network": "Network load balancer",
    "gateway": "Gateway load balancer",
}


def _type(balancer: PricedResource) -> str:
    return str(balancer.get("load_balancer_type", "application"))


@priced.component
def hours(balancer: PricedResource) -> Component:
    kind = _type(balancer)
    return Component((_LABELS.get(kind, kind),), "elb", f"{kind}/hour", HOURS_PER_MONTH)


@priced.component
def capacity_units(balancer: PricedResource) -> Component:
    # A unit is the highest of new connections, active connections, bytes and rule evaluations.
    key = "capacity_units"
    units = balancer.usage.get(key)
    quantity = None if units is None else units * HOURS_PER_MONTH
    return Component(
        ("Load balancer capacity units",), "elb", f"{_type(balancer)}/lcu", quantity, key
    )


@priced.component
def public_addresses(balancer: PricedResource) -> Component | None:
    if _type(balancer) == "gateway" or balancer.get("internal", False):
        return None
    zones = Decimal(balancer.length("subnets"))
    if not zones:
        return None
    return Component(("Public IPv4 addresses",), "public-ipv4", "address", zones * HOURS_PER_MONTH)
