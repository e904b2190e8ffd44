"""Resources that the catalog has no kind for, by CloudFormation's own types and properties: what a
serverless application is made of besides functions and tables."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal

from dharma.costing.component import HOURS_PER_MONTH, Component, PricedKind, PricedResource

_MILLION = Decimal(1_000_000)
# HTTP APIs are metered in pieces of 512 KB (https://aws.amazon.com/api-gateway/pricing/).
_PIECE_KB = Decimal(512)
_FIRST_TIER = Decimal(300)

api = PricedKind("AWS::ApiGatewayV2::Api")
machine = PricedKind("AWS::StepFunctions::StateMachine")
bus = PricedKind("AWS::Events::EventBus")
pipe = PricedKind("AWS::Pipes::Pipe")
cache = PricedKind("AWS::ElastiCache::ServerlessCache")
metric_filter = PricedKind("AWS::Logs::MetricFilter")


@api.component
def requests(http: PricedResource) -> Iterable[Component]:
    if http.get("ProtocolType", "HTTP") != "HTTP":
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


@machine.component
def transitions(states: PricedResource) -> Component | None:
    # Express workflows are metered by duration, which nothing here asks for yet.
    if states.get("StateMachineType", "STANDARD") != "STANDARD":
        return None
    key = "monthly_transitions"
    monthly = states.usage.get(key)
    quantity = None if monthly is None else monthly / Decimal(1000)
    return Component(("Transitions",), "step-functions", "transitions", quantity, key)


@bus.component
def events(events_bus: PricedResource) -> Component:
    key = "monthly_custom_events"
    monthly = events_bus.usage.get(key)
    quantity = None if monthly is None else monthly / _MILLION
    return Component(("Custom events published",), "eventbridge", "custom", quantity, key)


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


@metric_filter.component
def custom_metric(_: PricedResource) -> Component:
    # A metric of one's own costs in the hours in which there are values: all of them at most.
    return Component(("Custom metric",), "cloudwatch", "metric", Decimal(1))


PRICED = (api, machine, bus, pipe, cache, metric_filter)
