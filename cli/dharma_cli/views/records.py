"""Records of the library and of environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dharma_cli.output import Output
from dharma_cli.table import Table

if TYPE_CHECKING:
    from rich.console import Console


def environment_table(console: Console, items: list[dict[str, Any]]) -> None:
    table = Table("Name", "Provider", "Region", "Policies", "Approvers")
    for item in items:
        table.add(
            item["name"],
            item["provider"],
            item.get("region") or "",
            item.get("policyMode") or "",
            ", ".join(item.get("approvers") or []),
        )
    table.print(console)


def environment_card(console: Console, item: dict[str, Any]) -> None:
    for key in ("name", "provider", "account", "region", "credentials", "policyMode"):
        if item.get(key):
            console.print(f"{key}: {item[key]}", markup=False)
    if item.get("approvers"):
        console.print(f"approvers: {', '.join(item['approvers'])}", markup=False)
    if item.get("artifactBucket"):
        console.print(f"artifacts: {item['artifactBucket']}", markup=False)
    for name, variable in sorted((item.get("variables") or {}).items()):
        value = "(sensitive)" if variable.get("sensitive") else variable.get("value")
        console.print(f"  {name} = {value}", markup=False, soft_wrap=True)


def blueprint_table(console: Console, items: list[dict[str, Any]]) -> None:
    table = Table("Id", "Name", "Version", "Provider", "Resources", "Updated")
    for item in items:
        table.add(
            item["id"],
            item["name"],
            item["version"],
            item["provider"],
            str(item.get("resourceCount", "")),
            str((item.get("metadata") or {}).get("updatedAt", ""))[:19],
        )
    table.print(console)


def version_table(console: Console, items: list[dict[str, Any]]) -> None:
    table = Table("Version", "Published", "By")
    for item in items:
        table.add(
            item["version"], str(item.get("publishedAt", ""))[:19], item.get("publishedBy", "")
        )
    table.print(console)


def proposal_notes(output: Output, proposal: dict[str, Any]) -> None:
    """Why a version is what it is: the changes that weigh most, one a line."""
    if proposal["previous"] is None:
        output.say(f"{proposal['version']} is the first version")
    elif proposal["step"] is None:
        output.say(f"nothing has changed since {proposal['previous']}")
    else:
        output.say(f"{proposal['version']}: {proposal['step']} since {proposal['previous']}")
        for reason in proposal["reasons"]:
            if reason["step"] == proposal["step"]:
                place = ".".join(part for part in (reason["subject"], reason["path"]) if part)
                output.say(f"  {place}: {reason['message']}")
