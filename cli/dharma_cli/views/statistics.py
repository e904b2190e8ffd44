"""What is counted about deployments."""

from __future__ import annotations

from typing import Any

from dharma_cli.output import Output, print_table


def statistics_table(output: Output, items: list[dict[str, Any]]) -> None:
    if not items:
        output.say("There are no deployments.")
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Environment")
    table.add_column("Outcome")
    table.add_column("Deployments", justify="right")
    table.add_column("Mean duration", justify="right")
    for item in items:
        for status, tally in item["byStatus"].items():
            mean = tally["meanSeconds"]
            table.add_row(
                Text(item["environment"]),
                status.replace("_", " "),
                str(tally["count"]),
                "" if mean is None else f"{mean:,.1f} s",
            )
    print_table(output.console, table)
