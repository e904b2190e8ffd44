"""EC2 instance. Price rule: hours while running, volumes while they exist
(https://aws.amazon.com/ec2/pricing/on-demand/)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dharma.costing.component import HOURS_PER_MONTH, Component, PricedKind, PricedResource
from dharma.costing.components.aws import ec2

priced = PricedKind("aws_instance")

_ONE = Decimal(1)


def _launch(machine: PricedResource) -> ec2.Launch:
    return ec2.Launch(machine, _ONE, machine.usage)


def _type(machine: PricedResource) -> str:
    """Its own, else that of its template; EC2's own default is its oldest type
    (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html)."""
    stated = machine.get("instance_type")
    template = machine.referenced("launch_template.id") or machine.referenced(
        "launch_template.name"
    )
    if stated is None and template is not None:
        stated = template.get("instance_type")
    return str(stated or "m1.small")


@priced.component
def instance(machine: PricedResource) -> Component | None:
    hours = machine.usage.get("monthly_hours")
    share = _ONE if hours is None else hours / HOURS_PER_MONTH
    return ec2.running(_launch(machine), share, _type(machine))


@priced.component
def optimized_for_ebs(machine: PricedResource) -> Component | None:
    return ec2.optimized_for_ebs(_launch(machine)) if machine.get("instance_type") else None


@priced.component
def cpu_credits(machine: PricedResource) -> Component | None:
    return ec2.cpu_credits(_launch(machine)) if machine.get("instance_type") else None


@priced.component
def monitoring(machine: PricedResource) -> Component | None:
    return ec2.detailed_monitoring(_launch(machine))


@priced.component
def root_volume(machine: PricedResource) -> Iterable[Component]:
    return ec2.root_volume(_launch(machine))


@priced.component
def further_volumes(machine: PricedResource) -> Iterable[Component]:
    return ec2.further_volumes(_launch(machine), "ebs_block_device", "ebs_block_device")
