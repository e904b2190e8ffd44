"""Load balancer. Price rule: hours, capacity units, and one public IPv4 address per zone when it
faces the internet (https://aws.amazon.com/elasticloadbalancing/pricing/)."""

from __future__ import annotations

from decimal import Decimal

from dharma.costing.component import (
    HOURS_PER_MONTH,
    Component,
    PricedKind,
    PricedResource,
)
from dharma.costing.usage import Usage

priced = PricedKind("aws_lb")

_LABELS = {
    "application": "Application load balancer",
    "network": "Network load balancer",
    "gateway": "Gateway load balancer",
}

# What one unit holds; a network balancer is counted by its flows of TCP.
_PER_UNIT: dict[str, dict[str, Decimal]] = {
    "application": {
        "new connections a second": Decimal(25),
        "active connections": Decimal(3_000),
        "GB an hour": Decimal(1),
        "rule evaluations a second": Decimal(1_000),
    },
    "network": {
        "new connections a second": Decimal(800),
        "active connections": Decimal(100_000),
        "GB an hour": Decimal(1),
    },
    "gateway": {
        "new connections a second": Decimal(600),
        "active connections": Decimal(60_000),
        "GB an hour": Decimal(1),
    },
}


def _type(balancer: PricedResource) -> str:
    return str(balancer.get("load_balancer_type", "application"))


@priced.component
def hours(balancer: PricedResource) -> Component:
    kind = _type(balancer)
    return Component((_LABELS.get(kind, kind),), "elb", f"{kind}/hour", HOURS_PER_MONTH)


@priced.component
def capacity_units(balancer: PricedResource) -> Component:
    units = _capacity_units(balancer)
    return Component(
        ("Load balancer capacity units",),
        "elb",
        f"{_type(balancer)}/lcu",
        None if units is None else units * HOURS_PER_MONTH,
        "capacity_units",
    )


def _capacity_units(balancer: PricedResource) -> Decimal | None:
    """Used in an average hour: stated as such, or the dimension that needs the most of them."""
    stated = balancer.usage.get("capacity_units")
    if stated is not None:
        return stated
    needed = [
        used / _PER_UNIT[_type(balancer)][dimension]
        for dimension, used in _used(balancer.usage).items()
        if used is not None and dimension in _PER_UNIT.get(_type(balancer), {})
    ]
    return max(needed, default=None)


def _used(usage: Usage) -> dict[str, Decimal | None]:
    """`new_connections` and `processed_bytes_gb` are monthly; `active_connections` and
    `rule_evaluations` (per second, beyond the ten rules of a request that are free) averages."""
    new, gigabytes = usage.get("new_connections"), usage.get("processed_bytes_gb")
    return {
        "new connections a second": None if new is None else new / HOURS_PER_MONTH / 3600,
        "active connections": usage.get("active_connections"),
        "GB an hour": None if gigabytes is None else gigabytes / HOURS_PER_MONTH,
        "rule evaluations a second": usage.get("rule_evaluations"),
    }


@priced.component
def public_addresses(balancer: PricedResource) -> Component | None:
    if _type(balancer) == "gateway" or balancer.get("internal", False):
        return None
    zones = Decimal(balancer.length("subnets"))
    if not zones:
        return None
    return Component(("Public IPv4 addresses",), "public-ipv4", "address", zones * HOURS_PER_MONTH)
