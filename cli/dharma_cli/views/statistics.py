"""What is counted about deployments."""

from __future__ import annotations

from typing import Any

from dharma_cli.output import Output
from dharma_cli.table import Table


def statistics_table(output: Output, items: list[dict[str, Any]]) -> None:
    if not items:
        output.say("There are no deployments.")
        return
    figures = ("Deployments", "Mean duration")
    table = Table("Environment", "Outcome", *figures, right=figures)
    for item in items:
        for status, tally in item["byStatus"].items():
            mean = tally["meanSeconds"]
            table.add(
                item["environment"],
                status.replace("_", " "),
                str(tally["count"]),
                "" if mean is None else f"{mean:,.1f} s",
            )
    table.print(output.console)
