"""Autoscaling group. Price rule: the group is free, its instances and their volumes are not
(https://aws.amazon.com/ec2/autoscaling/pricing/). Counted is the desired capacity, or the minimum
where none is given: what runs when nothing scales."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from typing import Any

from dharma.costing.component import Component, PricedKind, PricedResource, Undetermined
from dharma.costing.components.aws import ec2
from dharma.model.expressions.nodes import Expression

priced = PricedKind("aws_autoscaling_group")

_MIXED = "mixed_instances_policy"
_SPECIFICATION = f"{_MIXED}.launch_template.launch_template_specification"
_REFERENCES = (
    "launch_template.id",
    "launch_template.name",
    f"{_SPECIFICATION}.launch_template_id",
    f"{_SPECIFICATION}.launch_template_name",
    "launch_configuration",
)
_WHOLE = Decimal(100)


def _capacity(group: PricedResource) -> Decimal:
    """In units of capacity, which are instances where no weights are given."""
    stated = group.usage.get("instances")
    if stated is not None:
        return stated
    count = group.number("desired_capacity")
    if count is None:
        count = group.number("min_size")
    return count if count is not None else Decimal(0)


def _override(group: PricedResource) -> dict[str, Any]:
    """The first of the types that the group may choose: the one that it prefers."""
    overrides = group.get(f"{_MIXED}.launch_template.override", [])
    first = overrides[0] if overrides else {}
    if isinstance(first, Expression) or any(isinstance(v, Expression) for v in first.values()):
        raise Undetermined(f"{_MIXED}.launch_template.override", "not known before apply")
    return dict(first)


def _launch(group: PricedResource) -> ec2.Launch:
    found = next((r for path in _REFERENCES if (r := group.referenced(path)) is not None), None)
    if found is None:
        raise Undetermined("launch_template", "not a launch template of this blueprint")
    machines = _capacity(group)
    weight = _override(group).get("weighted_capacity")
    if weight is not None:
        machines = (machines / Decimal(str(weight))).to_integral_value(ROUND_CEILING)
    return ec2.Launch(found, machines, group.usage, (found.address,))


def _on_demand(group: PricedResource, launch: ec2.Launch) -> Decimal:
    """How many of them are not spot instances: the base, and a share of those above it
    (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html)."""
    machines = launch.machines
    if group.get(_MIXED) is None:
        return Decimal(0) if launch.is_spot else machines
    at = f"{_MIXED}.instances_distribution"
    base = min(group.number(f"{at}.on_demand_base_capacity", 0) or Decimal(0), machines)
    share = group.number(f"{at}.on_demand_percentage_above_base_capacity", 100)
    above = (machines - base) * (_WHOLE if share is None else share) / _WHOLE
    return base + above.to_integral_value(ROUND_CEILING)


@priced.component
def instances(group: PricedResource) -> Iterable[Component]:
    launch = _launch(group)
    size = str(_override(group).get("instance_type") or launch.instance_type)
    on_demand = _on_demand(group, launch)
    found = []
    if on_demand or not launch.machines:
        found.append(ec2.running(launch, on_demand, size))
    if on_demand < launch.machines:
        found.append(ec2.spot(launch, launch.machines - on_demand, size))
    return [component for component in found if component is not None]


@priced.component
def optimized_for_ebs(group: PricedResource) -> Component | None:
    return ec2.optimized_for_ebs(_launch(group))


@priced.component
def cpu_credits(group: PricedResource) -> Component | None:
    return ec2.cpu_credits(_launch(group))


@priced.component
def monitoring(group: PricedResource) -> Component | None:
    return ec2.detailed_monitoring(_launch(group))


@priced.component
def volumes(group: PricedResource) -> Iterable[Component]:
    launch = _launch(group)
    if launch.tenancy == "host":
        return
    if launch.by.instance.type == "aws_launch_configuration":
        yield from ec2.root_volume(launch)
        yield from ec2.further_volumes(launch, "ebs_block_device", "ebs_block_device")
    else:
        yield from ec2.further_volumes(launch, "block_device_mappings", "block_device_mapping")
