"""What running EC2 instances cost, shared by single instances and autoscaling groups."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from dharma.costing.component import HOURS_PER_MONTH, Component, PricedResource, Undetermined
from dharma.costing.components.aws.block_storage import volume
from dharma.model.expressions.nodes import Expression

# Detailed monitoring sends 7 metrics per instance:
# https://aws.amazon.com/cloudwatch/pricing/ (EC2 detailed monitoring example)
_DETAILED_METRICS = Decimal(7)


def running(path: tuple[str, ...], instance_type: str, count: Decimal) -> Component:
    """On-demand Linux hours of `count` instances that always run."""
    return Component(
        (*path, f"Instance usage (Linux/UNIX, on-demand, {instance_type})"),
        "ec2-instance",
        instance_type,
        HOURS_PER_MONTH * count,
    )


def detailed_monitoring(path: tuple[str, ...], count: Decimal) -> Component:
    return Component(
        (*path, "EC2 detailed monitoring"), "cloudwatch", "metric", _DETAILED_METRICS * count
    )


def mapped_volumes(
    path: tuple[str, ...], template: PricedResource, count: Decimal
) -> Iterator[Component]:
    """The volumes that a launch template maps; those of the image itself are not known here."""
    for index, mapping in enumerate(template.get("block_device_mappings", [])):
        at = f"block_device_mappings[{index}]"
        if not _known(mapping, at):
            continue
        yield from volume(
            (*path, f"block_device_mapping[{index}]"),
            volume_type=_known(mapping.get("volume_type"), f"{at}.volume_type"),
            size=_number(mapping, "volume_size", at),
            iops=_number(mapping, "iops", at),
            throughput=_number(mapping, "throughput", at),
            count=count,
        )


def _known(value: Any, path: str) -> Any:
    if isinstance(value, Expression):
        raise Undetermined(path, "not known before apply")
    return value


def _number(mapping: dict[str, Any], name: str, at: str) -> Decimal | None:
    value = _known(mapping.get(name), f"{at}.{name}")
    return None if value is None else Decimal(str(value))
