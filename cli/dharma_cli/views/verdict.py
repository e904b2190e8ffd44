"""A verdict of the guardrails: worst first, each finding with what would mend it."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_ORDER = {"critical": 0, "high": 1, "medium": 2, "low": 3}
_STYLE = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
_OUTCOME = {"pass": "bold green", "fail": "bold red", "unknown": "yellow", "error": "bold red"}


def verdict(console: Console, body: dict[str, Any]) -> None:
    """`body` is `Verdict.to_dict()`."""
    findings = sorted(
        body["findings"],
        key=lambda f: (_ORDER.get(f["severity"], 9), f["policy"], f["address"] or ""),
    )
    for finding in findings:
        severity = finding["severity"]
        status = "" if finding["status"] == "fail" else f" ({finding['status']})"
        if finding.get("exemption"):
            status = " (excepted)"
        console.print(f"[{_STYLE.get(severity, '')}]{severity:>8}[/]{status}  ", end="")
        console.print(finding["title"], markup=False, style="bold", soft_wrap=True)
        # A line without its file would point nowhere.
        place = ":".join(str(p) for p in (finding.get("file"), finding.get("line")) if p)
        place = place if finding.get("file") else ""
        where = "  ".join(part for part in (finding["address"], place) if part)
        if where:
            console.print(f"          {where}", markup=False, style="dim", soft_wrap=True)
        # A second line of it stands below the first, where no line of ours begins.
        console.print(indent(finding["message"], " " * 10), markup=False, soft_wrap=True)
        if finding.get("remediation"):
            console.print(
                f"          -> {finding['remediation']}", markup=False, style="dim", soft_wrap=True
            )
    outcome = body["outcome"]
    counts = {
        status: sum(1 for f in findings if f["status"] == status)
        for status in ("fail", "unknown", "error")
    }
    said = f"{counts['fail']} failed, {counts['unknown']} unknown"
    if counts["error"]:
        said += f", {counts['error']} policies could not be evaluated"
    blocking = " (blocking)" if body.get("blocking") else ""
    console.print(f"[{_OUTCOME.get(outcome, '')}]{outcome}[/]{blocking}: {said}")
