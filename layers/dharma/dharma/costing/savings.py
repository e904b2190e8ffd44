"""Cheaper ways to buy the very same thing, computed from the book's own prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from dharma.costing.cost_line import CostLine
from dharma.costing.money import NanoDollars, times, to_dollars
from dharma.costing.price_book import PriceBook


@dataclass(frozen=True, slots=True)
class Saving:
    """What one component would save per month if it were bought as `instead`, whose price is the
    book's row `service`, `region`, `sku`."""

    address: str
    component: str
    instead: str
    monthly: NanoDollars
    service: str
    region: str
    sku: str
    source: str
    as_of: date

    def to_dict(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "component": self.component,
            "instead": self.instead,
            "monthlySavings": float(to_dollars(self.monthly)),
            "service": self.service,
            "region": self.region,
            "sku": self.sku,
            "source": self.source,
            "asOf": self.as_of.isoformat(),
        }


# gp3 gives at least the baseline of gp2 at every size up to 1,000 GiB (3,000 IOPS, 125 MiB/s):
# https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
_GP2_LABEL = "Storage (general purpose SSD, gp2)"


def savings(lines: Iterable[CostLine], book: PriceBook) -> Iterator[Saving]:
    """EBS volumes of type gp2 that would cost less as gp3."""
    for line in lines:
        if line.quantity is None or line.monthly is None or line.kind == "aws_db_instance":
            continue
        if not line.component.endswith(_GP2_LABEL):
            continue
        gp3 = book.price("ebs", line.region, "gp3/storage")
        if gp3 is not None and gp3.nano < line.unit_price:
            less = NanoDollars(line.monthly - times(gp3.nano, line.quantity))
            yield Saving(
                line.address,
                line.component,
                "gp3",
                less,
                gp3.service,
                gp3.region,
                gp3.sku,
                gp3.source,
                gp3.as_of,
            )
