"""One line of a cost estimate, with where its price comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dharma.costing.money import NanoDollars, to_dollars


@dataclass(frozen=True, slots=True)
class CostLine:
    """One priced component. `quantity` and `monthly` are None when they depend on unstated usage;
    `unit_price` is per `unit`."""

    address: str
    kind: str
    component: str
    region: str
    unit: str
    unit_price: NanoDollars
    quantity: Decimal | None
    monthly: NanoDollars | None
    usage_key: str | None
    source: str
    as_of: date
    quality: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "resourceType": self.kind,
            "component": self.component,
            "quantity": None if self.quantity is None else float(self.quantity),
            "unit": self.unit,
            "unitPrice": float(to_dollars(self.unit_price)),
            "monthlyCost": None if self.monthly is None else float(to_dollars(self.monthly)),
            "usageKey": self.usage_key,
            "region": self.region,
            "source": self.source,
            "asOf": self.as_of.isoformat(),
            "quality": self.quality,
        }
