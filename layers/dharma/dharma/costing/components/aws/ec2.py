"""What running EC2 instances cost, shared by single instances and autoscaling groups.

A `Launch` is whatever says how machines are started: the instance itself, a launch template, or a
launch configuration. Price rules: https://aws.amazon.com/ec2/pricing/on-demand/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dharma.costing.component import (
    HOURS_PER_MONTH,
    Component,
    PricedResource,
    Undetermined,
)
from dharma.costing.components.aws.block_storage import volume
from dharma.costing.usage import Usage
from dharma.model.expressions.nodes import Expression

# Detailed monitoring sends 7 metrics per instance:
# https://aws.amazon.com/cloudwatch/pricing/ (EC2 detailed monitoring example)
_DETAILED_METRICS = Decimal(7)
# Families that are optimized for EBS at a price, where it is asked for; with all later ones it is
# included: https://docs.aws.amazon.com/ec2/latest/instancetypes/ebs-optimized.html
_OPTIMIZED_AT_A_PRICE = frozenset({"c1", "c3", "g2", "i2", "m1", "m2", "m3", "r3"})
_BURSTABLE = frozenset({"t2", "t3", "t3a", "t4g"})
_SYSTEMS = {"linux": "Linux/UNIX", "windows": "Windows", "rhel": "RHEL", "suse": "SUSE"}
# By kind: where the tenancy stands, and where the monitoring, which has another default in each.
_TENANCY = {
    "aws_instance": "tenancy",
    "aws_launch_template": "placement.tenancy",
    "aws_launch_configuration": "placement_tenancy",
}
_MONITORING = {
    "aws_instance": ("monitoring", False),
    "aws_launch_template": ("monitoring_enabled", False),
    "aws_launch_configuration": ("enable_monitoring", True),
}


@dataclass(frozen=True, slots=True)
class Launch:
    """`machines` is the number of instances that always run, `usage` that of the resource which is
    priced: `operating_system` (linux, windows, rhel, suse), `monthly_cpu_credit_hrs` per instance
    and `vcpu_count`. `path` leads to what says how they are started."""

    by: PricedResource
    machines: Decimal
    usage: Usage
    path: tuple[str, ...] = ()

    @property
    def instance_type(self) -> str:
        found = self.by.get("instance_type")
        if found is None:
            raise Undetermined("instance_type", "absent")
        return str(found)

    @property
    def family(self) -> str:
        return self.instance_type.split(".", 1)[0]

    @property
    def tenancy(self) -> str:
        return str(self.by.get(_TENANCY[self.by.instance.type], "default"))

    @property
    def is_spot(self) -> bool:
        """A launch configuration bids a price; a template's way to it is no property of ours."""
        return self.by.get("spot_price") is not None

    @property
    def system(self) -> str:
        """A machine image does not tell its system; without a word it is Linux."""
        return (self.usage.text("operating_system") or "linux").lower()


def running(
    launch: Launch, machines: Decimal | None = None, instance_type: str | None = None
) -> Component | None:
    """On-demand hours. On a dedicated host the host is paid for, and not what runs on it."""
    if launch.tenancy == "host":
        return None
    size = instance_type or launch.instance_type
    sku = "/".join(
        part
        for part in (
            size,
            "" if launch.system == "linux" else launch.system,
            "" if launch.tenancy == "default" else launch.tenancy,
        )
        if part
    )
    label = _SYSTEMS.get(launch.system, launch.system)
    count = launch.machines if machines is None else machines
    return Component(
        (*launch.path, f"Instance usage ({label}, on-demand, {size})"),
        "ec2-instance",
        sku,
        HOURS_PER_MONTH * count,
    )


def spot(launch: Launch, machines: Decimal, instance_type: str) -> Component:
    """Hours of spot instances, whose price changes with the market."""
    return Component(
        (*launch.path, f"Instance usage (Linux/UNIX, spot, {instance_type})"),
        "ec2-instance",
        f"{instance_type}/spot",
        HOURS_PER_MONTH * machines,
    )


def detailed_monitoring(launch: Launch) -> Component | None:
    path, default = _MONITORING[launch.by.instance.type]
    if launch.tenancy == "host" or not launch.by.get(path, default):
        return None
    return Component(
        (*launch.path, "EC2 detailed monitoring"),
        "cloudwatch",
        "metric",
        _DETAILED_METRICS * launch.machines,
    )


def optimized_for_ebs(launch: Launch) -> Component | None:
    if not launch.by.get("ebs_optimized", False) or launch.family not in _OPTIMIZED_AT_A_PRICE:
        return None
    return Component(
        (*launch.path, "EBS-optimized usage"),
        "ec2-ebs-optimized",
        launch.instance_type,
        HOURS_PER_MONTH * launch.machines,
    )


def cpu_credits(launch: Launch) -> Component | None:
    """Hours above the baseline, for each virtual processor, where somebody expects any."""
    hours = launch.usage.get("monthly_cpu_credit_hrs")
    processors = launch.usage.get("vcpu_count")
    if hours is None or processors is None or launch.family not in _BURSTABLE:
        return None
    return Component(
        (*launch.path, "CPU credits"),
        "ec2-cpu-credits",
        launch.family,
        hours * processors * launch.machines,
        "monthly_cpu_credit_hrs",
    )


def root_volume(launch: Launch) -> Iterator[Component]:
    """The volume of the image: 8 GiB of gp2 when nothing else is said."""
    at = "root_block_device"
    yield from volume(
        (*launch.path, at),
        volume_type=launch.by.get(f"{at}.volume_type"),
        size=launch.by.number(f"{at}.volume_size"),
        iops=launch.by.number(f"{at}.iops"),
        throughput=launch.by.number(f"{at}.throughput"),
        count=launch.machines,
    )


def further_volumes(launch: Launch, block: str, label: str) -> Iterator[Component]:
    """The volumes that a list of blocks attaches; those of the image itself are not known here."""
    for index, mapping in enumerate(launch.by.get(block, [])):
        at = f"{block}[{index}]"
        if not _known(mapping, at):
            continue
        yield from volume(
            (*launch.path, f"{label}[{index}]"),
            volume_type=_known(mapping.get("volume_type"), f"{at}.volume_type"),
            size=_number(mapping, "volume_size", at),
            iops=_number(mapping, "iops", at),
            throughput=_number(mapping, "throughput", at),
            count=launch.machines,
        )


def _known(value: Any, path: str) -> Any:
    if isinstance(value, Expression):
        raise Undetermined(path, "not known before apply")
    return value


def _number(mapping: dict[str, Any], name: str, at: str) -> Decimal | None:
    value = _known(mapping.get(name), f"{at}.{name}")
    return None if value is None else Decimal(str(value))
