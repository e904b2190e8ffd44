"""`projections`: what is counted about deployments, and making it anew."""

from __future__ import annotations

import typer

from dharma_cli import exits
from dharma_cli.options import FormatOption
from dharma_cli.output import Format, Output

app = typer.Typer(help="Statistics of deployments: show, rebuild.", no_args_is_help=True)


@app.command()
def show(format: FormatOption = Format.TEXT) -> int:
    """Deployments by environment and outcome, and how long they took."""
    from dharma_cli.client import connect
    from dharma_cli.views.statistics import statistics_table

    output = Output("projections show", format)
    body = connect().get("/deployments/statistics")
    if output.is_json:
        output.document({"items": body["items"], "total": body["total"]})
    else:
        statistics_table(output, body["items"])
    return exits.FINE


@app.command()
def rebuild(format: FormatOption = Format.TEXT) -> int:
    """Make lists and statistics anew from the histories.

    For administrators. The present ones go on serving until the new ones are whole.
    """
    from dharma_cli.client import connect

    output = Output("projections rebuild", format)
    client = connect()
    body = client.post("/projections/rebuild", {})
    while not body["finished"]:
        output.say(f"{body['deployments']} deployment(s) so far")
        body = client.post("/projections/rebuild", {})
    if output.is_json:
        output.document(body)
    else:
        output.console.print(
            f"{body['deployments']} deployment(s) read from their histories,"
            f" {body['repaired']} record(s) repaired"
        )
    return exits.FINE
