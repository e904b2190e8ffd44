"""CloudWatch alarm. Price rule: per month and metric that it looks at, by its resolution
(https://aws.amazon.com/cloudwatch/pricing/)."""

from __future__ import annotations

from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource, Undetermined

priced = PricedKind("aws_cloudwatch_metric_alarm")

_HIGH_RESOLUTION_SECONDS = 60


@priced.component
def metrics(alarm: PricedResource) -> Component:
    if alarm.get("metric_name") is None:
        raise Undetermined("metric_name", "not said: how many metrics it computes with is not read")
    period = alarm.number("period", _HIGH_RESOLUTION_SECONDS)
    high = period is not None and period < _HIGH_RESOLUTION_SECONDS
    label, sku = ("High resolution", "alarm-high") if high else ("Standard resolution", "alarm")
    return Component((label,), "cloudwatch", sku, Decimal(1))
