"""Web ACL. Price rule: the list itself, each rule and each group of rules in it, and the requests
that it looks at (https://aws.amazon.com/waf/pricing/). Managed groups with a subscription of their
own cost more."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource, Undetermined

priced = PricedKind("aws_wafv2_web_acl")

_MILLION = Decimal(1_000_000)
_GROUPS = {
    "managed_rule_group_statement": ("Managed rule groups", "managed-rule-group"),
    "rule_group_reference_statement": ("Rule groups", "rule-group"),
}
_RULES = ("Rules", "rule")


@priced.component
def usage(_: PricedResource) -> Component:
    return Component(("Web ACL usage",), "waf", "web-acl", Decimal(1))


@priced.component
def rules(acl: PricedResource) -> Iterable[Component]:
    counts: dict[tuple[str, str], int] = {}
    for rule in acl.get("rule", []):
        if not isinstance(rule, dict):
            raise Undetermined("rule", "not known before apply")
        bought = next((_GROUPS[name] for name in _GROUPS if rule.get(name)), _RULES)
        counts[bought] = counts.get(bought, 0) + 1
    for (label, sku), count in counts.items():
        yield Component((label,), "waf", sku, Decimal(count))


@priced.component
def requests(acl: PricedResource) -> Component:
    key = "monthly_requests"
    monthly = acl.usage.get(key)
    quantity = None if monthly is None else monthly / _MILLION
    return Component(("Requests",), "waf", "requests", quantity, key)
