"""Events of a deployment as sentences. An event that people need not see has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dharma_cli.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

Sentence = Callable[[dict[str, Any]], str | None]


def event_line(console: Console, event: dict[str, Any]) -> None:
    """`10:02:11  Plan: 31 to create, 0 to update ...`"""
    sentence = _SENTENCES.get(event["type"], _type(event))
    said = sentence(event["data"])
    if said is None:
        return
    console.print(f"[dim]{str(event['time'])[11:19]}[/]  ", end="")
    style = "red" if "Failed" in event["type"] else None
    console.print(said, markup=False, style=style, soft_wrap=True)


def _type(event: dict[str, Any]) -> Sentence:
    # An event of a newer server: better its name than silence.
    return lambda data: str(event["type"])


def _silent(data: dict[str, Any]) -> str | None:
    return None


def _judged(data: dict[str, Any]) -> str:
    verdict = data["verdict"]
    said = f"Policies over the {data['stage']}: {verdict['outcome']}"
    if verdict["outcome"] == "pass":
        return said
    summary = verdict["summary"]
    # A deployment that goes on after a `fail` must say why it may.
    blocking = "blocking" if verdict["blocking"] else "not blocking"
    return f"{said} ({blocking}): {summary['failures']} failed, {summary['unknowns']} unknown"


def _estimated(data: dict[str, Any]) -> str:
    cost = data["cost"]
    return (
        f"Costs ${cost['totalMonthlyCost']:,.2f} a month"
        f" (confidence {cost['confidence']} %, {cost['unpriced']} not priced)"
    )


def _planned(data: dict[str, Any]) -> str:
    plan = data["plan"]
    if not any(plan[action] for action in ("create", "update", "replace", "delete")):
        return "Plan: No changes"
    return (
        f"Plan: {plan['create']} to create, {plan['update']} to update,"
        f" {plan['replace']} to replace, {plan['delete']} to destroy"
    )


def _resource(data: dict[str, Any]) -> str:
    reason = f": {data['reason']}" if data["reason"] else ""
    return f"  {data['status']:<28}{data['type']} {data['logicalId']}{reason}"


def _by(verb: str) -> Sentence:
    def said(data: dict[str, Any]) -> str:
        comment = f": {data['comment']}" if data.get("comment") else ""
        return f"{verb} by {data['by']}{comment}"

    return said


def _failed(data: dict[str, Any]) -> str:
    return f"Failed in {data['step']}: {data['code']}: {data['message']}"


_SENTENCES: dict[str, Sentence] = {
    "DeploymentRequested": lambda data: "Requested",
    "ExecutionStarted": _silent,
    "StepStarted": _silent,
    "StepSucceeded": _silent,
    "StepFailed": lambda data: f"Step {data['step']}: {data['code']}: {data['message']}",
    "GuardrailsJudged": _judged,
    "CostEstimated": _estimated,
    "PlanMade": _planned,
    "ApprovalRequested": lambda data: "Waiting for an approval",
    "ApprovalGranted": _by("Approved"),
    "ApprovalRefused": _by("Rejected"),
    "CancelRequested": _by("Cancellation asked"),
    "ChangePrepared": lambda data: (
        f"Change set {data['change']}: {counted(data['changes'], 'change')}"
    ),
    "ChangeStarted": lambda data: "Executing",
    "ResourceChanged": _resource,
    "ProgressMade": _silent,
    "Verified": lambda data: "Verified against what exists",
    "UndoStarted": lambda data: "Undoing what was changed",
    "UndoFinished": lambda data: "Undone: the environment is as it was",
    "StateRecorded": lambda data: (
        f"State {data['version']}: {counted(data['resourceCount'], 'resource')}"
    ),
    "DeploymentSucceeded": _silent,
    "DeploymentFailed": _failed,
    "NotificationSent": _silent,
    "NotificationFailed": lambda data: "The environment's webhook could not be reached",
}
