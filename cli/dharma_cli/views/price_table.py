"""A cost estimate as a table, dearest resource first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dharma_cli.table import Table

if TYPE_CHECKING:
    from rich.console import Console


def price_table(console: Console, body: dict[str, Any]) -> None:
    """`body` is `CostEstimate.to_dict()`."""
    columns = ("Resource", "Quantity", "Unit", "Price", "Monthly")
    table = Table(*columns, right=("Quantity", "Price", "Monthly"))
    by_address: dict[str, list[dict[str, Any]]] = {}
    for line in [*body["breakdown"], *body["usageBased"]]:
        by_address.setdefault(line["address"], []).append(line)
    totals = {
        address: sum(line["monthlyCost"] or 0 for line in lines)
        for address, lines in by_address.items()
    }
    for address in sorted(by_address, key=lambda a: (-totals[a], a)):
        by_usage = all(line["monthlyCost"] is None for line in by_address[address])
        total = "by usage" if by_usage else _money(totals[address])
        table.add(address, "", "", "", total, style="bold")
        for line in by_address[address]:
            usage = line["monthlyCost"] is None
            table.add(
                f"  {line['component']}",
                "by usage" if usage else f"{line['quantity']:,g}",
                line["unit"].replace("gib", "GiB").replace("mib", "MiB"),
                _price(line["unitPrice"]),
                "" if usage else _money(line["monthlyCost"]),
                style="dim" if usage else None,
            )
    if by_address:
        table.print(console)
    for said in (*_gaps(body["unpriced"]), *_unused(body["unusedUsage"])):
        console.print(said, markup=False, style="yellow", soft_wrap=True)
    console.print(f"[bold]{_money(body['totalMonthlyCost'])} a month[/]", end="")
    free = len(body["free"])
    console.print(
        f" in {body['region']}, list prices on demand; {free} resource{'s' * (free != 1)} free by"
        f" {'themselves' if free != 1 else 'itself'}; confidence {body['confidence']} %",
        style="dim",
        soft_wrap=True,
    )
    if body["optimizationSavings"]:
        console.print(
            f"{_money(body['optimizationSavings'])} a month could be saved:", style="green"
        )
        for saving in body["optimizations"]:
            console.print(
                f"  {saving['address']} {saving['component']} as {saving['instead']}:"
                f" {_money(saving['monthlySavings'])}",
                markup=False,
                soft_wrap=True,
            )


def _gaps(unpriced: Iterable[dict[str, Any]]) -> Iterator[str]:
    """One line for all components of a resource that have no price for the same reason."""
    components: dict[tuple[str, str], list[str]] = {}
    for gap in unpriced:
        components.setdefault((gap["address"], gap["reason"]), []).append(gap["component"])
    for (address, reason), named in components.items():
        which = ", ".join(filter(None, named))
        yield f"not priced: {address}{' ' if which else ''}{which}: {reason}"


def _unused(usage: Iterable[dict[str, Any]]) -> Iterator[str]:
    for unused in usage:
        place = ".".join(filter(None, (unused["address"], unused["key"])))
        yield f"usage not used: {place}: {unused['reason']}"


def _price(dollars: float) -> str:
    """A unit price with all its digits, at least cents."""
    text = f"{dollars:,.9f}".rstrip("0")
    whole, _, digits = text.partition(".")
    return f"${whole}.{digits:0<2}"


def _money(dollars: float) -> str:
    return f"${dollars:,.2f}"
