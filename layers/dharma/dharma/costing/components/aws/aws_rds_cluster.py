"""RDS cluster. Price rule: for Aurora, storage that is used, and requests to it where the storage
is not of the kind that includes them (https://aws.amazon.com/rds/aurora/pricing/)."""

from __future__ import annotations

from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_rds_cluster")

_MILLION = Decimal(1_000_000)
_INCLUDES_REQUESTS = "aurora-iopt1"


def _family(cluster: PricedResource) -> str:
    engine = str(cluster.get("engine"))
    return "aurora" if engine.startswith("aurora") else engine


@priced.component
def storage(cluster: PricedResource) -> Component:
    key = "storage_gb"
    kind = "io-optimized" if cluster.get("storage_type") == _INCLUDES_REQUESTS else "standard"
    label = "Storage (I/O-optimized)" if kind == "io-optimized" else "Storage"
    sku = f"{_family(cluster)}/{kind}/storage"
    return Component((label,), "rds-cluster", sku, cluster.usage.get(key), key)


@priced.component
def requests(cluster: PricedResource) -> Component | None:
    if _family(cluster) != "aurora" or cluster.get("storage_type") == _INCLUDES_REQUESTS:
        return None
    key = "monthly_io_requests"
    monthly = cluster.usage.get(key)
    quantity = None if monthly is None else monthly / _MILLION
    return Component(("I/O requests",), "rds-cluster", "aurora/standard/requests", quantity, key)
