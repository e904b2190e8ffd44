"""HTTP API. Price rule: requests, metered in pieces of 512 KB, at a lower price behind the first
300 million of a month (https://aws.amazon.com/api-gateway/pricing/). What a WebSocket API costs, by
message and minute, nothing here asks for yet."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_apigatewayv2_api")

_MILLION = Decimal(1_000_000)
_PIECE_KB = Decimal(512)
_FIRST_TIER = Decimal(300)


@priced.component
def requests(http: PricedResource) -> Iterable[Component]:
    if http.get("protocol_type", "HTTP") != "HTTP":
        return
    key = "monthly_requests"
    monthly = http.usage.get(key)
    label = "Requests (first 300M)"
    if monthly is None:
        yield Component((label,), "api-gateway", "http/requests", None, key)
        return
    size = http.usage.get("request_size_kb") or _PIECE_KB
    millions = monthly * (size / _PIECE_KB).to_integral_value(ROUND_CEILING) / _MILLION
    first = min(millions, _FIRST_TIER)
    yield Component((label,), "api-gateway", "http/requests", first, key)
    if millions > first:
        rest = millions - first
        yield Component(
            ("Requests (over 300M)",), "api-gateway", "http/requests/over-300m", rest, key
        )
