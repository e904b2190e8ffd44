from __future__ import annotations

import pytest

from dharma.core.errors import Conflict, NotFound
from dharma.core.workflows import MemoryWorkflows


def test_starting_is_idempotent_by_name_and_input() -> None:
    workflows = MemoryWorkflows()
    first = workflows.start("deploy", "run-1", {"deploymentId": "d"})
    assert workflows.start("deploy", "run-1", {"deploymentId": "d"}) == first
    with pytest.raises(Conflict, match="run-1"):
        workflows.start("deploy", "run-1", {"deploymentId": "other"})
    assert len(workflows.executions) == 1


def test_a_task_token_is_answered_once() -> None:
    workflows = MemoryWorkflows()
    workflows.wait("token")
    workflows.succeed("token", {"approved": True})
    with pytest.raises(NotFound):
        workflows.fail("token", "ApprovalRejected", "no")
    assert workflows.answers == [("token", "succeeded", {"approved": True})]


def test_stopping_ends_what_runs_and_nothing_else() -> None:
    workflows = MemoryWorkflows()
    running, ended = (workflows.start("deploy", name, {}) for name in ("a", "b"))
    workflows.finish(ended, {"ok": True})
    for execution in (running, ended):
        workflows.stop(execution, "Cancelled", "by somebody")
    assert workflows.describe(running).status == "ABORTED"
    assert workflows.describe(running).error == "Cancelled"
    assert workflows.describe(ended).status == "SUCCEEDED"
    with pytest.raises(NotFound):
        workflows.stop("deploy:absent")
