"""Config rule. Price rule: evaluations, at lower prices behind the first 100,000 and the first
500,000 of a month (https://aws.amazon.com/config/pricing/). The tiers hold for all rules of an
account together; here each rule is counted by itself."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_config_config_rule")

_TIERS = (
    ("Rule evaluations (first 100K)", "evaluations", Decimal(100_000)),
    ("Rule evaluations (next 400K)", "evaluations/next-400k", Decimal(400_000)),
    ("Rule evaluations (over 500K)", "evaluations/over-500k", None),
)


@priced.component
def evaluations(rule: PricedResource) -> Iterable[Component]:
    key = "monthly_rule_evaluations"
    left = rule.usage.get(key)
    if left is None:
        label, sku, _ = _TIERS[0]
        yield Component((label,), "config", sku, None, key)
        return
    for position, (label, sku, size) in enumerate(_TIERS):
        here = left if size is None else min(left, size)
        if here or position == 0:
            yield Component((label,), "config", sku, here, key)
        left -= here
