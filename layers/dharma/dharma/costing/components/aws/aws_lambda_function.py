"""Lambda function. Price rule: requests, and memory times duration, by processor
(https://aws.amazon.com/lambda/pricing/). The free tier of an account is not taken off."""

from __future__ import annotations

from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_lambda_function")

_MIB_PER_GIB = Decimal(1024)
_MILLION = Decimal(1_000_000)


@priced.component
def requests(function: PricedResource) -> Component:
    key = "monthly_requests"
    monthly = function.usage.get(key)
    quantity = None if monthly is None else monthly / _MILLION
    return Component(("Requests",), "lambda", "requests", quantity, key)


@priced.component
def duration(function: PricedResource) -> Component:
    key = "request_duration_ms"
    monthly, milliseconds = function.usage.get("monthly_requests"), function.usage.get(key)
    memory = function.number("memory_size", 128) or Decimal(128)
    quantity = None
    if monthly is not None and milliseconds is not None:
        seconds = monthly * milliseconds / Decimal(1000)
        quantity = memory / _MIB_PER_GIB * seconds / _MILLION
    architectures = function.get("architectures", ["x86_64"])
    processor = "arm64" if "arm64" in architectures else "x86_64"
    return Component(("Duration",), "lambda", f"{processor}/duration", quantity, key)
