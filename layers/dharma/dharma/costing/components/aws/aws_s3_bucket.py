"""S3 bucket. Price rule: what is stored, by class and volume, and requests
(https://aws.amazon.com/s3/pricing/). Storage falls in price above 50 and above 500 TiB."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_s3_bucket")

# Upper bounds in GiB, as the price list gives them.
_TIERS = (
    ("Storage", "standard/storage", Decimal(51_200)),
    ("Storage (over 50 TB)", "standard/storage/over-50tib", Decimal(512_000)),
    ("Storage (over 500 TB)", "standard/storage/over-500tib", None),
)


@priced.component
def storage(bucket: PricedResource) -> Iterable[Component]:
    key = "standard.storage_gb"
    stored = bucket.usage.get(key)
    if stored is None:
        yield Component(("Standard", "Storage"), "s3", "standard/storage", None, key)
        return
    below = Decimal(0)
    for label, sku, bound in _TIERS:
        part = (stored if bound is None else min(stored, bound)) - below
        if part <= 0 and below:
            return
        yield Component(("Standard", label), "s3", sku, max(part, Decimal(0)), key)
        below = bound if bound is not None else stored


@priced.component
def writes(bucket: PricedResource) -> Component:
    key = "standard.monthly_tier_1_requests"
    return _requests(bucket, "PUT, COPY, POST, LIST requests", "standard/put", key)


@priced.component
def reads(bucket: PricedResource) -> Component:
    key = "standard.monthly_tier_2_requests"
    return _requests(bucket, "GET, SELECT, and all other requests", "standard/get", key)


def _requests(bucket: PricedResource, label: str, sku: str, key: str) -> Component:
    monthly = bucket.usage.get(key)
    quantity = None if monthly is None else monthly / Decimal(1000)
    return Component(("Standard", label), "s3", sku, quantity, key)
