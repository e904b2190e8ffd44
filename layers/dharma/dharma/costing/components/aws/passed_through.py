"""Resources that the catalog has no kind for, by CloudFormation's own types and properties: what a
serverless application is made of besides what has one."""

from __future__ import annotations

from decimal import Decimal

from dharma.costing.component import HOURS_PER_MONTH, Component, PricedKind, PricedResource

_MILLION = Decimal(1_000_000)

pipe = PricedKind("AWS::Pipes::Pipe")
cache = PricedKind("AWS::ElastiCache::ServerlessCache")


@pipe.component
def carried(events_pipe: PricedResource) -> Component:
    key = "monthly_requests"
    monthly = events_pipe.usage.get(key)
    quantity = None if monthly is None else monthly / _MILLION
    return Component(("Requests",), "eventbridge-pipes", "requests", quantity, key)


@cache.component
def data(serverless: PricedResource) -> Component | None:
    if serverless.get("Engine") != "valkey":
        return None
    # At least 100 MB are metered at any time.
    stored = max(serverless.usage.get("storage_gb") or Decimal(0), Decimal("0.1"))
    return Component(
        ("Data stored",), "elasticache", "valkey/storage", stored * HOURS_PER_MONTH, "storage_gb"
    )


@cache.component
def processing(serverless: PricedResource) -> Component | None:
    if serverless.get("Engine") != "valkey":
        return None
    key = "monthly_processing_units"
    monthly = serverless.usage.get(key)
    quantity = None if monthly is None else monthly / _MILLION
    return Component(
        ("ElastiCache processing units",), "elasticache", "valkey/units", quantity, key
    )


PRICED = (pipe, cache)
