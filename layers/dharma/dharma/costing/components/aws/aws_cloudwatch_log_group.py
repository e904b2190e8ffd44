"""Log group. Price rule: what is ingested, kept and queried
(https://aws.amazon.com/cloudwatch/pricing/)."""

from __future__ import annotations

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_cloudwatch_log_group")


@priced.component
def ingested(group: PricedResource) -> Component:
    return _by_usage(group, "Data ingested", "ingested", "monthly_data_ingested_gb")


@priced.component
def archived(group: PricedResource) -> Component:
    return _by_usage(group, "Archival Storage", "archived", "storage_gb")


@priced.component
def queried(group: PricedResource) -> Component:
    return _by_usage(group, "Insights queries data scanned", "scanned", "monthly_data_scanned_gb")


def _by_usage(group: PricedResource, label: str, sku: str, key: str) -> Component:
    return Component((label,), "cloudwatch-logs", sku, group.usage.get(key), key)
