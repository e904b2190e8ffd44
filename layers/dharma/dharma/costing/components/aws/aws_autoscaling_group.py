"""Autoscaling group. Price rule: the group is free, its instances and their volumes are not
(https://aws.amazon.com/ec2/autoscaling/pricing/). Counted is the desired capacity, or the minimum
where none is given: what runs when nothing scales."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource, Undetermined
from dharma.costing.components.aws import ec2

priced = PricedKind("aws_autoscaling_group")


def _count(group: PricedResource) -> Decimal:
    stated = group.usage.get("instances")
    if stated is not None:
        return stated
    count = group.number("desired_capacity")
    if count is None:
        count = group.number("min_size")
    return count if count is not None else Decimal(0)


def _template(group: PricedResource) -> PricedResource:
    template = group.referenced("launch_template.id") or group.referenced("launch_template.name")
    if template is None:
        raise Undetermined("launch_template", "not a launch template of this blueprint")
    return template


@priced.component
def instances(group: PricedResource) -> Component:
    template = _template(group)
    instance_type = template.get("instance_type")
    if instance_type is None:
        raise Undetermined("launch_template.instance_type", "absent")
    return ec2.running((template.address,), instance_type, _count(group))


@priced.component
def monitoring(group: PricedResource) -> Component | None:
    template = _template(group)
    if not template.get("monitoring_enabled", False):
        return None
    return ec2.detailed_monitoring((template.address,), _count(group))


@priced.component
def volumes(group: PricedResource) -> Iterable[Component]:
    template = _template(group)
    return ec2.mapped_volumes((template.address,), template, _count(group))
