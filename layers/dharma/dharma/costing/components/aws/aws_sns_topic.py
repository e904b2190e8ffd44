"""SNS topic. Price rule: publishes in pieces of 64 KB; deliveries by what they go to
(https://aws.amazon.com/sns/pricing/)."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_sns_topic")

_PIECE_KB = Decimal(64)
_MILLION = Decimal(1_000_000)


@priced.component
def requests(topic: PricedResource) -> Component | None:
    if topic.get("fifo_topic", False):
        return None
    key = "monthly_requests"
    monthly, quantity = topic.usage.get(key), None
    if monthly is not None:
        size = topic.usage.get("request_size_kb") or _PIECE_KB
        pieces = (size / _PIECE_KB).to_integral_value(ROUND_CEILING)
        quantity = monthly * pieces / _MILLION
    return Component(("API requests",), "sns", "standard/requests", quantity, key)


@priced.component
def deliveries(topic: PricedResource) -> Component | None:
    key = "http_subscriptions"
    monthly = topic.usage.get(key)
    if monthly is None:
        return None
    return Component(("HTTP/HTTPS notifications",), "sns", "http", monthly / _MILLION, key)
