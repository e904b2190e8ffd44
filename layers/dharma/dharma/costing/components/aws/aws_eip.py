"""Elastic IP. Price rule: every public IPv4 address costs the same by the hour, in use or idle,
since 2024-02-01 (https://aws.amazon.com/vpc/pricing/)."""

from __future__ import annotations

from dharma.costing.component import HOURS_PER_MONTH, Component, PricedKind, PricedResource

priced = PricedKind("aws_eip")


@priced.component
def address(_: PricedResource) -> Component:
    return Component(("Public IPv4 address",), "public-ipv4", "address", HOURS_PER_MONTH)
