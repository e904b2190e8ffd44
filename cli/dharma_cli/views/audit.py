"""The audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dharma_cli.output import Output
from dharma_cli.table import Table

if TYPE_CHECKING:
    from dharma.core.audit.verification import Verified


def audit_table(output: Output, items: list[dict[str, Any]]) -> None:
    if not items:
        output.say("Nothing is on record.")
        return
    table = Table("Time", "Who", "From", "Action", "Subject", "Outcome")
    for item in items:
        outcome = item["outcome"] if item["code"] is None else f"{item['outcome']}: {item['code']}"
        shown = (item["time"][:19], item["actor"], item["sourceIp"], item["action"])
        table.add(*shown, item["subject"], outcome)
    table.print(output.console)


def verified_line(output: Output, verified: Verified) -> None:
    counted = f"{verified.records} record(s) of {verified.days} day(s)"
    if verified.finding is None:
        output.console.print(f"{counted}: every one as it was written")
        output.console.print(_anchored(verified), markup=False, soft_wrap=True)
    else:
        output.console.print(str(verified.finding), markup=False, soft_wrap=True)
        output.say(f"{counted} were walked; the first that does not fit is named.")


def _anchored(verified: Verified) -> str:
    upto = verified.anchored
    if upto is None:
        return "Not anchored yet: whoever could rewrite the whole chain would not be found."
    return f"Anchored up to {upto.time[:19]} (record {upto.sequence} of {upto.day})."
