"""SQS queue. Price rule: per request, of which each carries up to 64 KB
(https://aws.amazon.com/sqs/pricing/)."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_sqs_queue")

_CHUNK_KB = Decimal(64)


@priced.component
def requests(queue: PricedResource) -> Component:
    key = "monthly_requests"
    monthly = queue.usage.get(key)
    quantity = None
    if monthly is not None:
        size = queue.usage.get("request_size_kb") or _CHUNK_KB
        chunks = (size / _CHUNK_KB).to_integral_value(ROUND_CEILING)
        quantity = monthly * chunks / Decimal(1_000_000)
    kind = "fifo" if queue.get("fifo_queue", False) else "standard"
    return Component(("Requests",), "sqs", f"{kind}/requests", quantity, key)
