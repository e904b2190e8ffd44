"""KMS key. Price rule: each key per month, its rotations too up to the second, and requests
(https://aws.amazon.com/kms/pricing/)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_kms_key")


@priced.component
def key(_: PricedResource) -> Component:
    return Component(("Customer master key",), "kms", "key", Decimal(1))


@priced.component
def data_key_pairs(kms: PricedResource) -> Iterable[Component]:
    # Only a symmetric key encrypts data key pairs.
    if kms.get("customer_master_key_spec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        return
    for algorithm in ("ECC", "RSA"):
        usage_key = f"monthly_{algorithm.lower()}_data_key_pair_requests"
        monthly = kms.usage.get(usage_key)
        yield Component(
            (f"{algorithm} GenerateDataKeyPair requests",),
            "kms",
            f"data-key-pairs-{algorithm.lower()}",
            None if monthly is None else monthly / Decimal(10_000),
            usage_key,
        )


@priced.component
def requests(kms: PricedResource) -> Component:
    usage_key = "monthly_requests"
    spec = str(kms.get("customer_master_key_spec", "SYMMETRIC_DEFAULT"))
    label, sku = {
        "SYMMETRIC_DEFAULT": ("Requests", "requests"),
        "RSA_2048": ("Requests (RSA 2048)", "requests-rsa-2048"),
    }.get(spec, ("Requests (asymmetric)", "requests-asymmetric"))
    monthly = kms.usage.get(usage_key)
    quantity = None if monthly is None else monthly / Decimal(10_000)
    return Component((label,), "kms", sku, quantity, usage_key)
