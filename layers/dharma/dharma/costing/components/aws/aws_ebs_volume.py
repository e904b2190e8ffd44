"""EBS volume. Price rule: provisioned size, whether attached or not
(https://aws.amazon.com/ebs/pricing/)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource
from dharma.costing.components.aws.block_storage import volume

priced = PricedKind("aws_ebs_volume")


@priced.component
def storage(ebs: PricedResource) -> Iterable[Component]:
    return volume(
        (),
        volume_type=ebs.get("type"),
        size=ebs.number("size"),
        iops=ebs.number("iops"),
        throughput=ebs.number("throughput"),
    )


@priced.component
def requests(ebs: PricedResource) -> Component | None:
    if ebs.get("type") != "standard":
        return None
    # Only magnetic volumes are charged per request.
    monthly = ebs.usage.get("monthly_standard_io_requests")
    quantity = None if monthly is None else monthly / Decimal(1_000_000)
    return Component(
        ("I/O requests",), "ebs", "standard/io", quantity, "monthly_standard_io_requests"
    )
