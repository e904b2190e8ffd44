"""Look how far the cloud is; called again and again until it has finished."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dharma.core.errors import CompensationFailed, DeploymentFailed
from dharma.orchestrator.clouds import StackStatus
from dharma.orchestrator.repository import Appended
from dharma.orchestrator.steps.step_run import StepRun

LONGEST = timedelta(hours=3)
_ENTRIES = 40


def run(step: StepRun) -> dict[str, Any]:
    """`{"finished": bool, "pause": seconds to the next look}`; raises `DeploymentFailed` with the
    cloud's reason."""
    status = look(step, step.change_name)
    if status.phase == "failed":
        raise DeploymentFailed(status.reason or f"the cloud says {status.native}")
    gone = status.phase == "absent"
    if gone and step.deployment.operation != "destroy":
        raise DeploymentFailed(f"the stack {step.deployment.stack} disappeared")
    finished = gone or status.phase == "succeeded"
    if not finished:
        _check_time(step)
        go_on(step)
    return {"finished": finished, "pause": step.target.pause}


def go_on(step: StepRun) -> None:
    """Begin the change again: a cloud that works by itself finds it begun, one that works only
    while it is called goes on, and one that was killed takes it up."""
    d = step.deployment
    if d.operation == "destroy":
        step.target.delete(d.stack, step.change_name)
    else:
        step.target.execute(step.change)


def run_undo(step: StepRun) -> dict[str, Any]:
    """The same for the undoing; its failure is `CompensationFailed`. Undoing may take longer than a
    lease, and whoever has the environment by then must not be disturbed."""
    step.hold()
    status = look(step, step.undo_name)
    if status.phase == "failed" and not status.undone:
        raise CompensationFailed(status.reason or f"the cloud says {status.native}")
    finished = status.phase not in ("running", "prepared")
    if not finished:
        _check_time(step)
        undo_on(step)
    return {"finished": finished, "pause": step.target.pause}


def undo_on(step: StepRun) -> None:
    """Remove a first deployment, or restore the previous template of an update."""
    if step.present is None:
        step.target.delete(step.deployment.stack, step.undo_name)
    else:
        step.target.restore(step.undoing)


def look(step: StepRun, change: str) -> StackStatus:
    """The stack's status; what happened since the last look goes into the history."""
    d = step.deployment
    status = step.target.status(d.stack, change)
    fresh = step.target.events(d.stack, change)[d.native_events_seen :]
    entries: list[tuple[str, dict[str, Any]]] = [
        (
            "ResourceChanged",
            {
                "logicalId": event.logical_id,
                "physicalId": event.physical_id,
                "type": event.type,
                "status": event.status,
                "reason": event.reason[:500],
                "at": event.time,
            },
        )
        for event in fresh
    ]
    progress = {"done": status.done, "total": status.total}
    if status.total and progress != d.progress:
        entries.append(("ProgressMade", progress))
    for first in range(0, len(entries), _ENTRIES):
        step.append(Appended(entries[first : first + _ENTRIES]))
    return status


def _check_time(step: StepRun) -> None:
    started = step.deployment.change_started_at
    if started is not None and step.ports.clock.now() - started > LONGEST:
        raise DeploymentFailed(f"the cloud did not finish within {LONGEST}")
