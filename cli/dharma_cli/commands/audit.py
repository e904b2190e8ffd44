"""`audit`: who changed what through the API, and whether the record of it was touched since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dharma_cli import exits
from dharma_cli.options import FormatOption
from dharma_cli.output import Format, Output

if TYPE_CHECKING:
    from dharma_cli.client import Client

app = typer.Typer(help="The audit trail: list, verify. For administrators.", no_args_is_help=True)


@app.command("list")
def list_records(
    day: Annotated[
        str | None, typer.Option(help="As YYYY-MM-DD, in UTC; else the latest with records.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 50,
    format: FormatOption = Format.TEXT,
) -> int:
    """Who changed and decided what, newest first.

    What was refused is listed too; what was only read is not.
    """
    from dharma_cli.client import connect
    from dharma_cli.views.audit import audit_table

    output = Output("audit list", format)
    pages = connect().pages("/audit", day=day, limit=min(limit, 1000))
    found = list(islice(pages, limit))
    if output.is_json:
        output.document({"items": found})
    else:
        audit_table(output, found)
    return exits.FINE


@app.command()
def verify(format: FormatOption = Format.TEXT) -> int:
    """Find any later edit of the audit trail.

    Walks all chains: a record that was changed, removed, added or moved does not fit. The hashes
    are computed here, from what the server hands out. Exit code 2 names the first bad record.
    """
    from dharma.core.audit.verification import verify as walk
    from dharma.core.clock import SystemClock
    from dharma_cli.client import connect
    from dharma_cli.views.audit import verified_line

    output = Output("audit verify", format)
    client = connect()
    verified = walk(
        lambda: client.get("/audit/days")["items"],
        lambda day: _records(client, day),
        SystemClock().now(),
    )
    if output.is_json:
        output.document(verified.to_dict())
    else:
        verified_line(output, verified)
    return exits.FINE if verified.finding is None else exits.FINDINGS


def _records(client: Client, day: str) -> Iterator[Mapping[str, Any]]:
    return client.pages("/audit", day=day, order="oldest", limit=1000)
