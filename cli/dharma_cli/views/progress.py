"""Deployments: their state, a list of them, what exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dharma_cli.table import Table
from dharma_cli.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {
    "succeeded": "bold green",
    "failed": "bold red",
    "undo_failed": "bold red",
    "rejected": "yellow",
    "cancelled": "yellow",
    "awaiting_approval": "bold yellow",
}


def deployment_card(console: Console, body: dict[str, Any]) -> None:
    """The state of one deployment."""
    status = body["status"]
    blueprint = body["blueprint"]
    console.print(
        f"[{_STYLES.get(status, 'bold')}]{status.replace('_', ' ')}[/]"
        f"  {body['operation']} {body['id']}: {blueprint['name']} {blueprint['version']}"
        f" in {body['environment']}",
        soft_wrap=True,
    )
    if body.get("failure"):
        failure = body["failure"]
        console.print(
            f"  {failure['step']}: {failure['code']}: {failure['message']}",
            markup=False,
            style="red",
            soft_wrap=True,
        )
    if status == "succeeded":
        console.print(
            f"  {counted(body['resourceCount'], 'resource')}, state {body['stateVersion']}"
        )
        for name, value in (body.get("outputs") or {}).items():
            console.print(f"  {name} = {value}", markup=False, soft_wrap=True)


def deployment_table(console: Console, items: list[dict[str, Any]]) -> None:
    table = Table("Id", "Environment", "Operation", "Blueprint", "Status", "Requested", "By")
    for item in items:
        blueprint = item["blueprint"]
        table.add(
            item["id"],
            item["environment"],
            item["operation"],
            f"{blueprint['name']} {blueprint['version']}",
            (item["status"], _STYLES.get(item["status"], "")),
            str(item["requestedAt"])[:19],
            item["requestedBy"],
        )
    table.print(console)


def resource_table(console: Console, resources: list[dict[str, Any]]) -> None:
    """The native resources that exist now."""
    table = Table("Type", "Logical id", "Physical id")
    for resource in sorted(resources, key=lambda r: (r["type"], r["logicalId"])):
        table.add(resource["type"], resource["logicalId"], resource["physicalId"])
    table.print(console)
