"""One line of a cost estimate, with the row of the price book that it was priced by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dharma.costing.money import NanoDollars, to_dollars


@dataclass(frozen=True, slots=True)
class CostLine:
    """One priced component. `quantity` and `monthly` are None when they depend on unstated usage;
    `unit_price` is per `unit`. `service`, `region` and `sku` are the key of the price's row."""

    address: str
    kind: str
    component: str
    service: str
    region: str
    sku: str
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
            "service": self.service,
            "region": self.region,
            "sku": self.sku,
            "source": self.source,
            "asOf": self.as_of.isoformat(),
            "quality": self.quality,
        }
