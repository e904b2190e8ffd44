"""DynamoDB table. Price rule: request units on demand, or capacity units by the hour; storage; kept
backups (https://aws.amazon.com/dynamodb/pricing/). Storage is priced without the free 25 GB, which
an account has once and not each table."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_dynamodb_table")

_MILLION = Decimal(1_000_000)


@priced.component
def throughput(table: PricedResource) -> Iterable[Component]:
    if table.get("billing_mode", "PROVISIONED") == "PAY_PER_REQUEST":
        for label, sku, key in (
            ("Write request unit (WRU)", "write-request", "monthly_write_request_units"),
            ("Read request unit (RRU)", "read-request", "monthly_read_request_units"),
        ):
            monthly = table.usage.get(key)
            quantity = None if monthly is None else monthly / _MILLION
            yield Component((label,), "dynamodb", sku, quantity, key)
        return
    for label, sku, path in (
        ("Write capacity unit (WCU)", "write-capacity", "write_capacity"),
        ("Read capacity unit (RCU)", "read-capacity", "read_capacity"),
    ):
        units = table.number(path, 0)
        yield Component((label,), "dynamodb", sku, units)


@priced.component
def storage(table: PricedResource) -> Component:
    key = "storage_gb"
    return Component(("Data storage",), "dynamodb", "storage", table.usage.get(key), key)


@priced.component
def recovery(table: PricedResource) -> Component | None:
    if not table.get("point_in_time_recovery.enabled", False):
        return None
    key = "pitr_backup_storage_gb"
    label = "Point-In-Time Recovery (PITR) backup storage"
    return Component((label,), "dynamodb", "recovery", table.usage.get(key), key)
