"""RDS instance. Price rule: instance hours by class, engine and deployment; provisioned storage and
IOPS, doubled by a standby; backups beyond the size of the database
(https://aws.amazon.com/rds/pricing/)."""

from __future__ import annotations

from decimal import Decimal

from dharma.costing.component import HOURS_PER_MONTH, Component, PricedKind, PricedResource

priced = PricedKind("aws_db_instance")

_STORAGE = {
    "gp2": "general purpose SSD, gp2",
    "gp3": "general purpose SSD, gp3",
    "io1": "provisioned IOPS SSD, io1",
    "io2": "provisioned IOPS SSD, io2",
    "standard": "magnetic",
}
# gp3 includes this many IOPS below 400 GiB, and four times as many from there on:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
_GP3_SMALL_GIB = Decimal(400)
_GP3_IOPS_SMALL = Decimal(3000)
_GP3_IOPS_LARGE = Decimal(12000)


def _deployment(database: PricedResource) -> str:
    return "multi-az" if database.get("multi_az", False) else "single-az"


def _storage_type(database: PricedResource) -> str:
    stated = database.get("storage_type")
    if stated is not None:
        return str(stated)
    # RDS's own default: io1 when IOPS are asked for, else gp2.
    return "io1" if database.get("iops") is not None else "gp2"


@priced.component
def instance(database: PricedResource) -> Component:
    deployment = _deployment(database)
    label = {"multi-az": "Multi-AZ", "single-az": "Single-AZ"}[deployment]
    instance_class = database.get("instance_class")
    return Component(
        (f"Database instance (on-demand, {label}, {instance_class})",),
        "rds-instance",
        f"{database.get('engine')}/{deployment}/{instance_class}",
        HOURS_PER_MONTH,
    )


@priced.component
def storage(database: PricedResource) -> Component | None:
    size = database.number("allocated_storage")
    if size is None:
        return None
    kind = _storage_type(database)
    return Component(
        (f"Storage ({_STORAGE.get(kind, kind)})",),
        "rds",
        f"{kind}/{_deployment(database)}/storage",
        size,
    )


@priced.component
def provisioned_iops(database: PricedResource) -> Component | None:
    iops = database.number("iops")
    if iops is None:
        return None
    kind = _storage_type(database)
    if kind == "gp3":
        size = database.number("allocated_storage", 0) or Decimal(0)
        iops -= _GP3_IOPS_LARGE if size >= _GP3_SMALL_GIB else _GP3_IOPS_SMALL
    if iops <= 0:
        return None
    sku = f"{kind}/{_deployment(database)}/iops"
    return Component(("Provisioned IOPS",), "rds", sku, iops)


@priced.component
def additional_backup_storage(database: PricedResource) -> Component | None:
    # Backups up to the size of the database are included.
    if not database.get("backup_retention_period", 0):
        return None
    key = "additional_backup_storage_gb"
    return Component(("Additional backup storage",), "rds", "backup", database.usage.get(key), key)
