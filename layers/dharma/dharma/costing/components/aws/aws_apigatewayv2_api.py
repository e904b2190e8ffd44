"""HTTP or WebSocket API. Price rule: requests, metered in pieces of 512 KB, at a lower price behind
the first 300 million of a month; messages, metered in pieces of 32 KB, at a lower price behind the
first billion, and minutes of connection (https://aws.amazon.com/api-gateway/pricing/)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_apigatewayv2_api")

_MILLION = Decimal(1_000_000)
_PIECE_KB = Decimal(512)
_FIRST_TIER = Decimal(300)
_MESSAGE_KB = Decimal(32)
_FIRST_MESSAGES = Decimal(1000)


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


@priced.component
def messages(socket: PricedResource) -> Iterable[Component]:
    if socket.get("protocol_type", "HTTP") != "WEBSOCKET":
        return
    key = "monthly_messages"
    monthly = socket.usage.get(key)
    label = "Messages (first 1B)"
    if monthly is None:
        yield Component((label,), "api-gateway", "websocket/messages", None, key)
        return
    size = socket.usage.get("message_size_kb") or _MESSAGE_KB
    millions = monthly * (size / _MESSAGE_KB).to_integral_value(ROUND_CEILING) / _MILLION
    first = min(millions, _FIRST_MESSAGES)
    yield Component((label,), "api-gateway", "websocket/messages", first, key)
    if millions > first:
        sku = "websocket/messages/over-1b"
        yield Component(("Messages (over 1B)",), "api-gateway", sku, millions - first, key)


@priced.component
def connections(socket: PricedResource) -> Component | None:
    if socket.get("protocol_type", "HTTP") != "WEBSOCKET":
        return None
    key = "monthly_connection_mins"
    monthly = socket.usage.get(key)
    quantity = None if monthly is None else monthly / _MILLION
    return Component(("Connection duration",), "api-gateway", "websocket/minutes", quantity, key)
