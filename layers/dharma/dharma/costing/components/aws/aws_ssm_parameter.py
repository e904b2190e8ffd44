"""SSM parameter. Price rule: advanced parameters by the month; standard ones have no charge
(https://aws.amazon.com/systems-manager/pricing/)."""

from __future__ import annotations

from decimal import Decimal

from dharma.costing.component import Component, PricedKind, PricedResource

priced = PricedKind("aws_ssm_parameter")


@priced.component
def storage(parameter: PricedResource) -> Component | None:
    if parameter.get("tier", "Standard") == "Standard":
        return None
    return Component(
        ("Parameter storage (advanced)",), "systems-manager", "parameter/advanced", Decimal(1)
    )
