"""A deployment, the request for it, and what is told while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from dharma.core.clock import isoformat, parse_time
from dharma.model.blueprint import Blueprint
from dharma.model.expressions.nodes import Value

Operation = Literal["deploy", "rollback", "destroy"]
Status = Literal[
    "pending",
    "running",
    "awaiting_approval",
    "undoing",
    "succeeded",
    "failed",
    "rejected",
    "cancelled",
    "undo_failed",
]
FINAL: frozenset[Status] = frozenset(
    {"succeeded", "failed", "rejected", "cancelled", "undo_failed"}
)


@dataclass(frozen=True, slots=True)
class DeploymentRequest:
    """Carry a blueprint into an environment. `variables` are the caller's own, over those of the
    environment. `blueprint_id` is set when the blueprint came from the library."""

    environment: str
    blueprint: Blueprint
    variables: dict[str, Value] = field(default_factory=dict)
    auto_approve: bool = False
    comment: str = ""
    blueprint_id: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a deployment did not succeed: the error class, its message, and the step."""

    code: str
    message: str
    step: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """The present state of one run, folded from its events (`dharma.orchestrator.history`).

    `stack` names the set of native resources; `fencing_token` is the lock's. `state_version` is the
    version of the environment's state that it made, `target_version` the one that a rollback goes
    back to. `correlation_id` is that of the request that asked for it. `plan`, `cost`, `verdicts`
    are summaries; the documents are artifacts.
    """

    id: str
    tenant: str
    environment: str
    stack: str
    operation: Operation
    blueprint_name: str
    blueprint_version: str
    requested_by: str
    requested_at: datetime
    status: Status = "pending"
    step: str = ""
    blueprint_id: str | None = None
    correlation_id: str = ""
    comment: str = ""
    auto_approve: bool = False
    variables: dict[str, Any] = field(default_factory=dict)
    sealed_variables: str = ""
    fencing_token: int = 0
    execution: str = ""
    attempt: int = 1
    cancel_requested_by: str = ""
    approval_token: str = ""
    approvers: tuple[str, ...] = ()
    approved_by: str = ""
    rejected_by: str = ""
    approval_comment: str = ""
    plan: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, Any] = field(default_factory=dict)
    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)
    touched_cloud: bool = False
    change_started_at: datetime | None = None
    native_events_seen: int = 0
    state_version: int | None = None
    target_version: int | None = None
    resource_count: int = 0
    outputs: dict[str, Any] = field(default_factory=dict)
    failure: Failure | None = None
    finished_at: datetime | None = None
    updated_at: datetime | None = None
    sequence: int = 0

    @property
    def finished(self) -> bool:
        return self.status in FINAL

    def to_dict(self) -> dict[str, Any]:
        """As the API shows it: camelCase, no sealed values, no task token."""
        return {
            "id": self.id,
            "environment": self.environment,
            "stack": self.stack,
            "operation": self.operation,
            "blueprint": {
                "id": self.blueprint_id,
                "name": self.blueprint_name,
                "version": self.blueprint_version,
            },
            "status": self.status,
            "step": self.step,
            "requestedBy": self.requested_by,
            "requestedAt": isoformat(self.requested_at),
            "correlationId": self.correlation_id or None,
            "updatedAt": None if self.updated_at is None else isoformat(self.updated_at),
            "finishedAt": None if self.finished_at is None else isoformat(self.finished_at),
            "comment": self.comment,
            "autoApprove": self.auto_approve,
            "variables": self.variables,
            "approvers": list(self.approvers),
            "approvedBy": self.approved_by or None,
            "rejectedBy": self.rejected_by or None,
            "approvalComment": self.approval_comment or None,
            "cancelRequestedBy": self.cancel_requested_by or None,
            "plan": self.plan or None,
            "cost": self.cost or None,
            "guardrails": self.verdicts,
            "progress": self.progress or None,
            "resourceCount": self.resource_count,
            "outputs": self.outputs,
            "stateVersion": self.state_version,
            "targetVersion": self.target_version,
            "failure": None
            if self.failure is None
            else {
                "code": self.failure.code,
                "message": self.failure.message,
                "step": self.failure.step,
            },
        }


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """One entry of a deployment's history. `sequence` counts from 1 without gaps.

    `type` is one of the keys of `history.CHANGES`; `data` is JSON, small, free of secrets except
    what is sealed or marked internal there.
    """

    sequence: int
    type: str
    time: datetime
    data: dict[str, Any] = field(default_factory=dict)

    def to_record(self) -> dict[str, Any]:
        return {
            "sequence": self.sequence,
            "type": self.type,
            "time": isoformat(self.time),
            "data": self.data,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> ProgressEvent:
        return cls(record["sequence"], record["type"], parse_time(record["time"]), record["data"])
