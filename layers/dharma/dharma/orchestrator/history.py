"""A deployment as the fold of its events.

`fold` is the only place where a deployment changes: what is stored beside the events is a cache of
it, and folding the events again gives the same record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from dharma.core.clock import isoformat, parse_time
from dharma.orchestrator.models import Deployment, Failure, ProgressEvent

_TIMES = frozenset({"requested_at", "finished_at", "updated_at", "change_started_at"})
_TUPLES = frozenset({"approvers"})


def to_record(deployment: Deployment) -> dict[str, Any]:
    """The deployment as plain JSON, sealed values included: for the store only."""
    record: dict[str, Any] = {}
    for f in fields(deployment):
        value = getattr(deployment, f.name)
        if isinstance(value, datetime):
            value = isoformat(value)
        elif isinstance(value, Failure):
            value = {"code": value.code, "message": value.message, "step": value.step}
        elif isinstance(value, tuple):
            value = list(value)
        record[f.name] = value
    return record


def from_record(record: dict[str, Any]) -> Deployment:
    """The inverse of `to_record`."""
    values = dict(record)
    for name in _TIMES & values.keys():
        values[name] = None if values[name] is None else parse_time(values[name])
    for name in _TUPLES & values.keys():
        values[name] = tuple(values[name])
    if values.get("failure") is not None:
        values["failure"] = Failure(**values["failure"])
    return Deployment(**values)


def fold(events: Iterable[ProgressEvent], start: Deployment | None = None) -> Deployment:
    """Apply events in order; the first one of a history is `DeploymentRequested`."""
    deployment = start
    for event in events:
        if deployment is None:
            deployment = _requested(event)
        else:
            change = CHANGES[event.type]
            deployment = replace(
                change(deployment, event.data, event.time),
                sequence=event.sequence,
                updated_at=event.time,
            )
    if deployment is None:
        raise ValueError("a history has at least one event")
    return deployment


def _requested(event: ProgressEvent) -> Deployment:
    if event.type != "DeploymentRequested":
        raise ValueError(f"a history begins with DeploymentRequested, not {event.type}")
    record = {**event.data["deployment"], "sequence": event.sequence}
    return replace(from_record(record), updated_at=event.time)


Change = Callable[[Deployment, dict[str, Any], datetime], Deployment]


def _execution_started(d: Deployment, data: dict[str, Any], _: datetime) -> Deployment:
    return replace(d, execution=data["execution"], status="running")


def _step_started(d: Deployment, data: dict[str, Any], _: datetime) -> Deployment:
    # The token lives until here, so that a decision whose delivery failed can be repeated.
    return replace(d, step=data["step"], approval_token="")


def _unchanged(d: Deployment, _data: dict[str, Any], _: datetime) -> Deployment:
    return d


def _judged(d: Deployment, data: dict[str, Any], _: datetime) -> Deployment:
    return replace(d, verdicts={**d.verdicts, data["stage"]: data["verdict"]})


def _estimated(d: Deployment, data: dict[str, Any], _: datetime) -> Deployment:
    return replace(d, cost=data["cost"])


def _planned(d: Deployment, data: dict[str, Any], _: datetime) -> Deployment:
    return replace(d, plan=data["plan"])


def _approval_requested(d: Deployment, data: dict[str, Any], _: datetime) -> Deployment:
    return replace(d, status="awaiting_approval", approval_token=data["token"])


def _approved(d: Deployment, data: dict[str, Any], _: datetime) -> Deployment:
    return replace(
        d,
        status="running",
        approved_by=data["by"],
        approval_comment=data.get("comment", ""),
    )


def _rejected(d: Deployment, data: dict[str, Any], _: datetime) -> Deployment:
    return replace(d, rejected_by=data["by"], approval_comment=data.get("comment", ""))


def _cancel_requested(d: Deployment, data: dict[str, Any], _: datetime) -> Deployment:
    return replace(d, cancel_requested_by=data["by"])


def _change_started(d: Deployment, _data: dict[str, Any], at: datetime) -> Deployment:
    return replace(d, touched_cloud=True, change_started_at=at)


def _resource_changed(d: Deployment, _data: dict[str, Any], _: datetime) -> Deployment:
    return replace(d, native_events_seen=d.native_events_seen + 1)


def _progressed(d: Deployment, data: dict[str, Any], _: datetime) -> Deployment:
    return replace(d, progress={"done": data["done"], "total": data["total"]})


def _undo_started(d: Deployment, data: dict[str, Any], at: datetime) -> Deployment:
    return replace(
        d,
        status="undoing",
        approval_token="",
        native_events_seen=0,
        change_started_at=at,
        failure=Failure(**data["failure"]),
    )


def _state_recorded(d: Deployment, data: dict[str, Any], _: datetime) -> Deployment:
    return replace(
        d,
        state_version=data["version"],
        resource_count=data["resourceCount"],
        outputs=data["outputs"],
    )


def _succeeded(d: Deployment, _data: dict[str, Any], at: datetime) -> Deployment:
    return replace(d, status="succeeded", approval_token="", finished_at=at)


def _failed(d: Deployment, data: dict[str, Any], at: datetime) -> Deployment:
    failure = Failure(data["code"], data["message"], data["step"])
    return replace(d, status=data["status"], approval_token="", failure=failure, finished_at=at)


CHANGES: dict[str, Change] = {
    "ExecutionStarted": _execution_started,
    "StepStarted": _step_started,
    "StepSucceeded": _unchanged,
    "StepFailed": _unchanged,
    "GuardrailsJudged": _judged,
    "CostEstimated": _estimated,
    "PlanMade": _planned,
    "ApprovalRequested": _approval_requested,
    "ApprovalGranted": _approved,
    "ApprovalRefused": _rejected,
    "CancelRequested": _cancel_requested,
    "ChangePrepared": _unchanged,
    "ChangeStarted": _change_started,
    "ResourceChanged": _resource_changed,
    "ProgressMade": _progressed,
    "Verified": _unchanged,
    "UndoStarted": _undo_started,
    "UndoFinished": _unchanged,
    "StateRecorded": _state_recorded,
    "DeploymentSucceeded": _succeeded,
    "DeploymentFailed": _failed,
    "NotificationSent": _unchanged,
    "NotificationFailed": _unchanged,
}
