"""RDS cluster instance. Price rule: hours by class, or capacity units that are used of a serverless
one (https://aws.amazon.com/rds/aurora/pricing/). Extended support and longer retention of
Performance Insights, which cost more, are not looked at."""

from __future__ import annotations

from dharma.costing.component import HOURS_PER_MONTH, Component, PricedKind, PricedResource

priced = PricedKind("aws_rds_cluster_instance")

_SERVERLESS = "db.serverless"


@priced.component
def instance(member: PricedResource) -> Component:
    instance_class = member.get("instance_class")
    engine = member.get("engine")
    if instance_class == _SERVERLESS:
        key = "capacity_units_per_hr"
        used = member.usage.get(key)
        quantity = None if used is None else used * HOURS_PER_MONTH
        return Component(("Aurora serverless v2",), "rds-cluster", "aurora/acu", quantity, key)
    return Component(
        (f"Database instance (on-demand, {instance_class})",),
        "rds-instance",
        f"{engine}/cluster/{instance_class}",
        HOURS_PER_MONTH,
    )
