"""EC2 instance. Price rule: hours while running, volumes while they exist
(https://aws.amazon.com/ec2/pricing/on-demand/)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dharma.costing.component import HOURS_PER_MONTH, Component, PricedKind, PricedResource
from dharma.costing.components.aws import ec2
from dharma.costing.components.aws.block_storage import volume

priced = PricedKind("aws_instance")

_ONE = Decimal(1)


@priced.component
def instance(machine: PricedResource) -> Component:
    hours = machine.usage.get("monthly_hours")
    share = _ONE if hours is None else hours / HOURS_PER_MONTH
    return ec2.running((), machine.get("instance_type", "m1.small"), share)


@priced.component
def monitoring(machine: PricedResource) -> Component | None:
    return ec2.detailed_monitoring((), _ONE) if machine.get("monitoring", False) else None


@priced.component
def root_volume(machine: PricedResource) -> Iterable[Component]:
    return volume(
        ("root_block_device",),
        volume_type=machine.get("root_block_device.volume_type"),
        size=machine.number("root_block_device.volume_size"),
        iops=machine.number("root_block_device.iops"),
        throughput=machine.number("root_block_device.throughput"),
    )
