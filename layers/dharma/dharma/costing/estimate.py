"""The estimate: every component of every resource, priced from the book or listed as unpriced.

Nothing is guessed to be zero: a component without a price, with an unknown property or of a kind
that is not priced is listed with the reason, and lowers the confidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from dharma.core.garbage import seldom_collected
from dharma.costing.component import Component, PricedResource, Undetermined
from dharma.costing.components import PRICED
from dharma.costing.cost_line import CostLine
from dharma.costing.money import NanoDollars, times, to_dollars
from dharma.costing.price_book import Price, PriceBook
from dharma.costing.savings import Saving, savings
from dharma.costing.usage import UnusedUsage, UsageTable
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance
from dharma.model.regions import DEFAULT_REGION


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Something that costs money, or may, and has no figure here."""

    address: str
    kind: str
    component: str
    reason: str


@dataclass(frozen=True, slots=True)
class Free:
    """A resource that costs nothing by itself, and why."""

    address: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """Monthly cost of a blueprint at list price, on demand, 730 hours."""

    total_monthly: NanoDollars
    lines: tuple[CostLine, ...] = ()
    unpriced: tuple[Unpriced, ...] = ()
    free: tuple[Free, ...] = ()
    savings: tuple[Saving, ...] = ()
    confidence: int = 100
    region: str = ""
    unused_usage: tuple[UnusedUsage, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The seed's `CostEstimate`, with where each figure comes from. Money is in USD."""
        return {
            "schemaVersion": "1",
            "currency": "USD",
            "region": self.region,
            "totalMonthlyCost": float(to_dollars(self.total_monthly)),
            "totalAnnualCost": float(to_dollars(NanoDollars(self.total_monthly * 12))),
            "breakdown": [line.to_dict() for line in self.lines if line.monthly is not None],
            "usageBased": [line.to_dict() for line in self.lines if line.monthly is None],
            "unpriced": [
                {
                    "address": gap.address,
                    "resourceType": gap.kind,
                    "component": gap.component,
                    "reason": gap.reason,
                }
                for gap in self.unpriced
            ],
            "free": [
                {"address": f.address, "resourceType": f.kind, "reason": f.reason}
                for f in self.free
            ],
            "optimizationSavings": float(
                to_dollars(NanoDollars(sum(saving.monthly for saving in self.savings)))
            ),
            "optimizations": [saving.to_dict() for saving in self.savings],
            "confidence": self.confidence,
            "unusedUsage": [unused.to_dict() for unused in self.unused_usage],
            "sources": self.sources,
        }


@seldom_collected()
def estimate(
    resolved: ResolvedBlueprint,
    book: PriceBook,
    usage: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    today: date,
    usage_file: str | None = None,
) -> CostEstimate:
    """Price a resolved blueprint.

    `usage` maps addresses to usage figures by key (`dharma.costing.usage`); `InvalidInput` names
    the one that is no figure, in `usage_file` if it stands in one. `today` ages the prices for the
    confidence.
    """
    region = resolved.region or DEFAULT_REGION[resolved.provider]
    neighbours = {instance.address: instance for instance in resolved.resources}
    stated = UsageTable(usage or {}, usage_file)
    lines: list[CostLine] = []
    unpriced: list[Unpriced] = []
    free: list[Free] = []
    for instance in resolved.resources:
        resource = PricedResource(instance, stated.of(instance.address), neighbours)
        priced = PRICED.get(instance.type)
        if priced is None:
            unpriced.append(
                Unpriced(instance.address, instance.type, "", "this kind is not priced yet")
            )
            continue
        if priced.free is not None:
            free.append(Free(instance.address, instance.type, priced.free))
            continue
        for name, function in priced.components:
            try:
                components = _as_list(function(resource))
            except Undetermined as missing:
                unpriced.append(Unpriced(instance.address, instance.type, name, str(missing)))
                continue
            for component in components:
                price = book.price(component.service, region, component.sku)
                if price is None:
                    reason = (
                        f"the price book has no {component.service} {component.sku} in {region}"
                    )
                    label = " > ".join(component.path)
                    unpriced.append(Unpriced(instance.address, instance.type, label, reason))
                else:
                    lines.append(_priced_line(instance, component, price))
    total = NanoDollars(sum(line.monthly for line in lines if line.monthly is not None))
    possible = tuple(savings(lines, book))
    sources = {line.source for line in lines} | {saving.source for saving in possible}
    return CostEstimate(
        total_monthly=total,
        lines=tuple(lines),
        unpriced=tuple(unpriced),
        free=tuple(free),
        savings=possible,
        confidence=confidence(lines, unpriced, today),
        region=region,
        unused_usage=tuple(stated.unused()),
        sources={name: book.source(name).title for name in sorted(sources)},
    )


def confidence(lines: Iterable[CostLine], unpriced: Iterable[Unpriced], today: date) -> int:
    """How much of the bill stands on firm ground, 0 to 100.

    Each component weighs the same. A listed price younger than a year counts in full, an older one
    0.8, a derived one 0.7; half of that when the quantity depends on unstated usage; an unpriced
    component counts nothing. No component at all is full confidence: there is nothing to pay.
    """
    marks = [_mark(line, today) for line in lines]
    marks += [Decimal(0) for _ in unpriced]
    if not marks:
        return 100
    return int((sum(marks, Decimal(0)) / len(marks) * 100).to_integral_value())


def _mark(line: CostLine, today: date) -> Decimal:
    mark = Decimal(1) if line.quality == "listed" else Decimal("0.7")
    if (today - line.as_of).days > 365:
        mark = min(mark, Decimal("0.8"))
    return mark if line.quantity is not None else mark / 2


def _priced_line(instance: ResourceInstance, component: Component, price: Price) -> CostLine:
    quantity = component.quantity
    return CostLine(
        address=instance.address,
        kind=instance.type,
        component=" > ".join(component.path),
        service=price.service,
        region=price.region,
        sku=price.sku,
        unit=price.unit,
        unit_price=price.nano,
        quantity=quantity,
        monthly=None if quantity is None else times(price.nano, quantity),
        usage_key=component.usage_key,
        source=price.source,
        as_of=price.as_of,
        quality=price.quality,
    )


def _as_list(answer: Component | Iterable[Component] | None) -> list[Component]:
    if answer is None:
        return []
    return [answer] if isinstance(answer, Component) else list(answer)
