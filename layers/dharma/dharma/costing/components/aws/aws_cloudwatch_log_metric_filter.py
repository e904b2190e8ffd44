"""Metric filter. Price rule: a metric of one's own costs in the hours with values, all of
them at most (https://aws.amazon.com/cloudwatch/pricing/)."""

from __future__ import annotations

from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_cloudwatch_log_metric_filter")


@priced.component
def custom_metric(_: PricedResource) -> Component:
    return Component(("Custom metric",), "cloudwatch", "metric", Decimal(1))
