"""CloudFormation's own semantics, played by a fake: statuses, tokens, rollbacks, drift.

The fake does what the API reference says; nothing here needs an account. Milliseconds.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from dharma.adapters.clouds.aws_cloudformation import CloudFormationTarget
from dharma.core.errors import (
    DeploymentFailed,
    DharmaError,
    Forbidden,
    NotExpressible,
    TooManyRequests,
    Unavailable,
)
from dharma.orchestrator.clouds import ChangeRequest, NativeChange, StackTemplate

Json = dict[str, Any]


def refusal(code: str, message: str, status: int = 400) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        "Operation",
    )


class FakeCloudFormation:
    """One stack. `outcome` is what the next execution ends in; `turn` lets time pass."""

    def __init__(self) -> None:
        self.status: str | None = None
        self.body: Json = {"Resources": {}}
        self.sets: dict[str, Json] = {}
        self.log: list[Json] = []
        self.calls: list[str] = []
        self.outcome = "COMPLETE"
        self.token = ""
        self.drifts: list[Json] = []
        self.failure: Exception | None = None
        self.replacement: dict[str, str] = {}
        self._before: Json = self.body
        self._operation = ""

    def __getitem__(self, service: str) -> FakeCloudFormation:
        assert service == "cloudformation"
        return self

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.failure is not None:
            raise self.failure

    def describe_stacks(self, StackName: str) -> Json:
        self._call("describe_stacks")
        if self.status is None:
            raise refusal("ValidationError", f"Stack with id {StackName} does not exist")
        outputs = [{"OutputKey": "Url", "OutputValue": "http://x"}]
        return {"Stacks": [{"StackStatus": self.status, "Outputs": outputs}]}

    def create_change_set(self, **said: Any) -> Json:
        self._call("create_change_set")
        if said["ChangeSetType"] == "CREATE":
            assert self.status in (None, "REVIEW_IN_PROGRESS")
            self.status = "REVIEW_IN_PROGRESS"
        else:
            assert self.status is not None
            assert self.status != "REVIEW_IN_PROGRESS"
        body = json.loads(said["TemplateBody"])
        empty = body == self.body
        self.sets[said["ChangeSetName"]] = {
            **said,
            "body": body,
            "Status": "FAILED" if empty else "CREATE_PENDING",
            "StatusReason": "The submitted information didn't contain changes." if empty else "",
            "ExecutionStatus": "UNAVAILABLE",
        }
        return {}

    def describe_change_set(self, StackName: str, ChangeSetName: str, NextToken: str = "") -> Json:
        self._call("describe_change_set")
        if ChangeSetName not in self.sets:
            raise refusal("ChangeSetNotFound", f"ChangeSet [{ChangeSetName}] does not exist")
        found = self.sets[ChangeSetName]
        if found["Status"] == "CREATE_PENDING":
            found["Status"], found["ExecutionStatus"] = "CREATE_COMPLETE", "AVAILABLE"
            return {**found, "Status": "CREATE_IN_PROGRESS"}
        old, new = self.body["Resources"], found["body"]["Resources"]
        changes = [("Add", name) for name in sorted(new.keys() - old.keys())]
        changes += [("Modify", n) for n in sorted(new.keys() & old.keys()) if new[n] != old[n]]
        changes += [("Remove", name) for name in sorted(old.keys() - new.keys())]
        # One change a page, so that paging is used.
        page = int(NextToken or 0)
        listed = [
            {
                "Type": "Resource",
                "ResourceChange": {
                    "Action": action,
                    "LogicalResourceId": name,
                    "ResourceType": (new | old)[name]["Type"],
                    "Replacement": self.replacement.get(name, "False"),
                },
            }
            for action, name in changes[page : page + 1]
        ]
        more = {"NextToken": str(page + 1)} if page + 1 < len(changes) else {}
        return {**found, "Changes": listed, **more}

    def execute_change_set(
        self, StackName: str, ChangeSetName: str, ClientRequestToken: str
    ) -> None:
        self._call("execute_change_set")
        found = self.sets[ChangeSetName]
        assert found["ExecutionStatus"] == "AVAILABLE"
        found["ExecutionStatus"] = "EXECUTE_IN_PROGRESS"
        self._operation = "CREATE" if self.status == "REVIEW_IN_PROGRESS" else "UPDATE"
        self._before, self.body, self.token = self.body, found["body"], ClientRequestToken
        self._enter(f"{self._operation}_IN_PROGRESS")

    def _enter(self, status: str) -> None:
        self.status = status
        self._event("stack", "AWS::CloudFormation::Stack", status)

    def _event(self, name: str, kind: str, status: str, reason: str = "") -> None:
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=len(self.log))
        self.log.append(
            {
                "EventId": str(len(self.log)),
                "Timestamp": at,
                "LogicalResourceId": name,
                "ResourceType": kind,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "PhysicalResourceId": f"p-{name}",
                "ClientRequestToken": self.token,
            }
        )

    def turn(self) -> None:
        """The operation under way comes to its end."""
        if self._operation == "DELETE":
            if self.outcome == "COMPLETE":
                self.status = None
            else:
                self._event("Queue", "AWS::SQS::Queue", "DELETE_FAILED", "not empty")
                self._enter("DELETE_FAILED")
            return
        if self.outcome == "COMPLETE":
            for name, resource in self.body["Resources"].items():
                self._event(name, resource["Type"], f"{self._operation}_COMPLETE")
            self._enter(f"{self._operation}_COMPLETE")
            return
        self._event("Queue", "AWS::SQS::Queue", f"{self._operation}_FAILED", "no such key")
        self.body = self._before
        undone = "ROLLBACK" if self._operation == "CREATE" else "UPDATE_ROLLBACK"
        self._enter(f"{undone}_{self.outcome}")

    def delete_stack(self, StackName: str, ClientRequestToken: str = "") -> None:
        self._call("delete_stack")
        self.token, self._operation = ClientRequestToken, "DELETE"
        if self.status in ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"):
            self.status, self.body = None, {"Resources": {}}
        else:
            self._enter("DELETE_IN_PROGRESS")

    def cancel_update_stack(self, StackName: str, ClientRequestToken: str) -> None:
        self._call("cancel_update_stack")
        self.token, self.outcome = ClientRequestToken, "FAILURE"
        self.body = self._before
        self._enter("UPDATE_ROLLBACK_IN_PROGRESS")
        self._enter("UPDATE_ROLLBACK_COMPLETE")

    def continue_update_rollback(self, StackName: str, ClientRequestToken: str) -> None:
        self._call("continue_update_rollback")
        self.token = ClientRequestToken
        self._enter("UPDATE_ROLLBACK_COMPLETE")

    def delete_change_set(self, StackName: str, ChangeSetName: str) -> None:
        self._call("delete_change_set")
        del self.sets[ChangeSetName]

    def detect_stack_drift(self, StackName: str) -> Json:
        self._call("detect_stack_drift")
        return {"StackDriftDetectionId": "d-1"}

    def describe_stack_drift_detection_status(self, StackDriftDetectionId: str) -> Json:
        self._call("describe_stack_drift_detection_status")
        first = self.calls.count("describe_stack_drift_detection_status") == 1
        status = "DETECTION_IN_PROGRESS" if first else "DETECTION_COMPLETE"
        return {"DetectionStatus": status}

    def describe_stack_resource_drifts(self, StackName: str, NextToken: str = "") -> Json:
        return {"StackResourceDrifts": self.drifts}

    def get_paginator(self, name: str) -> Any:
        fake = self

        class Paginator:
            def paginate(self, **said: Any) -> list[Json]:
                fake._call(name)
                if name == "describe_stack_events":
                    return [{"StackEvents": fake.log[::-1]}]
                if name == "list_stacks":
                    return [{"StackSummaries": []}]
                summaries = [
                    {
                        "LogicalResourceId": logical_id,
                        "PhysicalResourceId": f"p-{logical_id}",
                        "ResourceType": resource["Type"],
                        "ResourceStatus": "CREATE_COMPLETE",
                    }
                    for logical_id, resource in fake.body["Resources"].items()
                ]
                return [{"StackResourceSummaries": summaries}]

        return Paginator()


@pytest.fixture
def fake() -> FakeCloudFormation:
    return FakeCloudFormation()


@pytest.fixture
def target(fake: FakeCloudFormation) -> CloudFormationTarget:
    return CloudFormationTarget(fake, sleep=lambda _: None)  # type: ignore[arg-type]  # one service


def change(name: str, **resources: int) -> ChangeRequest:
    """Queues with these delays."""
    body = {
        "Resources": {
            logical_id: {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}}
            for logical_id, delay in resources.items()
        }
    }
    return ChangeRequest("web", name, StackTemplate(json.dumps(body), {"A": "1"}, tags={"t": "v"}))


def carry(target: CloudFormationTarget, fake: FakeCloudFormation, request: ChangeRequest) -> str:
    target.prepare(request)
    target.execute(request)
    assert target.status("web", request.name).phase == "running"
    fake.turn()
    return target.status("web", request.name).phase


def test_a_creation_is_announced_executed_and_told(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    request = change("run-1", Queue=1, Other=2)
    assert target.status("web", "run-1").phase == "absent"
    assert target.prepare(request).changes == (
        NativeChange("Other", "AWS::SQS::Queue", "create"),
        NativeChange("Queue", "AWS::SQS::Queue", "create"),
    )
    assert target.status("web", "run-1").phase != "succeeded"
    target.execute(request)
    fake.turn()
    status = target.status("web", "run-1")
    assert (status.phase, status.native, status.done) == ("succeeded", "CREATE_COMPLETE", 2)
    assert [e.logical_id for e in target.events("web", "run-1")] == ["Queue", "Other"]
    content = target.content("web")
    assert content is not None
    assert content.outputs == {"Url": "http://x"}


def test_every_call_may_be_repeated(target: CloudFormationTarget, fake: FakeCloudFormation) -> None:
    request = change("run-1", Queue=1)
    assert target.prepare(request) == target.prepare(request)
    for _ in range(3):
        target.execute(request)
    fake.turn()
    target.execute(request)
    assert fake.calls.count("create_change_set") == 1
    assert fake.calls.count("execute_change_set") == 1


def test_an_executed_change_set_that_is_gone_is_not_executed_again(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    carry(target, fake, change("run-1", Queue=1))
    fake.sets.clear()
    target.execute(change("run-1", Queue=1))
    with pytest.raises(DeploymentFailed, match="no change set run-2"):
        target.execute(change("run-2", Queue=1))


def test_an_update_says_what_it_replaces_and_what_it_may(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    carry(target, fake, change("run-1", A=1, B=1, C=1, D=1))
    fake.replacement = {"A": "True", "B": "Conditional"}
    plan = target.prepare(change("run-2", A=2, B=2, C=2))
    assert plan.changes == (
        NativeChange("A", "AWS::SQS::Queue", "replace"),
        NativeChange("B", "AWS::SQS::Queue", "update", conditional=True),
        NativeChange("C", "AWS::SQS::Queue", "update"),
        NativeChange("D", "AWS::SQS::Queue", "delete"),
    )


def test_an_update_without_changes_succeeds_without_running(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    carry(target, fake, change("run-1", Queue=1))
    request = change("run-2", Queue=1)
    assert target.prepare(request).changes == ()
    target.execute(request)
    assert target.status("web", "run-2").phase == "succeeded"
    assert fake.calls.count("execute_change_set") == 1


def test_a_failed_creation_tells_the_first_reason_and_is_deleted(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    request = change("run-1", Queue=1)
    target.prepare(request)
    target.execute(request)
    fake._event("Queue", "AWS::SQS::Queue", "CREATE_FAILED", "no such key")
    fake._enter("ROLLBACK_COMPLETE")
    status = target.status("web", "run-1")
    assert (status.phase, status.undone) == ("failed", True)
    assert status.reason == "Queue (AWS::SQS::Queue): no such key"
    target.delete("web", "run-1-undo")
    assert target.status("web", "run-1-undo").phase == "absent"
    assert target.leftovers("web") == []


def test_what_a_failed_creation_left_does_not_stand_in_the_way(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    fake.status = "ROLLBACK_COMPLETE"
    target.prepare(change("run-2", Queue=1))
    assert fake.status == "REVIEW_IN_PROGRESS"


def test_a_failed_update_that_rolled_back_needs_no_restoring(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    carry(target, fake, change("run-1", Queue=1))
    before = fake.body
    request = change("run-2", Queue=2)
    target.prepare(request)
    target.execute(request)
    fake.body = before
    fake._event("Queue", "AWS::SQS::Queue", "UPDATE_FAILED", "no such key")
    fake._enter("UPDATE_ROLLBACK_COMPLETE")
    status = target.status("web", "run-2")
    assert (status.phase, status.undone) == ("failed", True)
    target.restore(change("run-2-undo", Queue=1))
    assert target.status("web", "run-2-undo").undone
    assert "run-2-undo" not in fake.sets


def test_the_status_of_the_change_before_is_not_taken_for_this_ones(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    carry(target, fake, change("run-1", Queue=1))
    fake._enter("UPDATE_ROLLBACK_COMPLETE")
    request = change("run-3", Queue=3)
    target.prepare(request)
    assert target.status("web", "run-3").phase == "running"


def test_an_update_that_is_cancelled_halfway_is_rolled_back(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    carry(target, fake, change("run-1", Queue=1))
    request = change("run-2", Queue=2)
    target.prepare(request)
    target.execute(request)
    target.restore(change("run-2-undo", Queue=1))
    assert "cancel_update_stack" in fake.calls
    status = target.status("web", "run-2-undo")
    assert (status.phase, status.undone) == ("failed", True)


def test_an_update_that_succeeded_is_put_back_by_the_previous_template(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    first = change("run-1", Queue=1)
    carry(target, fake, first)
    before = fake.body
    carry(target, fake, change("run-2", Queue=2))
    undo = ChangeRequest("web", "run-2-undo", first.template)
    target.restore(undo)
    target.restore(undo)
    fake.turn()
    assert target.status("web", "run-2-undo").phase == "succeeded"
    assert fake.body == before


def test_a_rollback_that_got_stuck_is_continued(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    carry(target, fake, change("run-1", Queue=1))
    fake._enter("UPDATE_ROLLBACK_FAILED")
    target.restore(change("run-2-undo", Queue=1))
    assert target.status("web", "run-2-undo").undone


def test_a_deletion_runs_once_and_tells_why_it_stops(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    carry(target, fake, change("run-1", Queue=1))
    target.delete("web", "run-2")
    target.delete("web", "run-2")
    assert fake.calls.count("delete_stack") == 1
    fake.outcome = "FAILED"
    fake.turn()
    status = target.status("web", "run-2")
    assert (status.phase, status.undone) == ("failed", False)
    assert "not empty" in status.reason
    target.delete("web", "run-2")
    assert fake.calls.count("delete_stack") == 1
    fake.outcome = "COMPLETE"
    target.delete("web", "run-3")
    fake.turn()
    assert target.status("web", "run-3").phase == "absent"


def test_a_prepared_change_can_be_forgotten(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    first = change("run-1", Queue=1)
    target.prepare(first)
    target.discard(first)
    assert fake.status is None
    fake.sets.clear()
    carry(target, fake, first)
    second = change("run-2", Queue=2)
    target.prepare(second)
    target.discard(second)
    assert "run-2" not in fake.sets
    target.discard(first)
    assert "run-1" in fake.sets


def test_verification_is_drift_detection(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    carry(target, fake, change("run-1", A=1, B=1, C=1))
    fake.drifts = [
        {
            "LogicalResourceId": "A",
            "ResourceType": "AWS::SQS::Queue",
            "StackResourceDriftStatus": "MODIFIED",
            "PropertyDifferences": [
                {"PropertyPath": "/DelaySeconds", "ExpectedValue": "1", "ActualValue": "9"}
            ],
        },
        {
            "LogicalResourceId": "B",
            "ResourceType": "AWS::SQS::Queue",
            "PhysicalResourceId": "p-B",
            "StackResourceDriftStatus": "DELETED",
        },
    ]
    found = target.verify("web", StackTemplate("{}"))
    assert [(d.severity, d.logical_id, d.path) for d in found] == [
        ("noted", "A", "DelaySeconds"),
        ("missing", "B", ""),
        ("unverifiable", "C", ""),
    ]
    assert [d.serious for d in found] == [False, True, False]


def test_a_template_that_is_too_long_is_refused_before_it_is_sent(
    target: CloudFormationTarget, fake: FakeCloudFormation
) -> None:
    many = change("run-1", **{f"Queue{n}": n for n in range(900)})
    with pytest.raises(NotExpressible, match="900 resources where CloudFormation takes 500"):
        target.prepare(many)
    assert "create_change_set" not in fake.calls


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (refusal("AccessDenied", "no"), Forbidden),
        (refusal("ExpiredToken", "old"), Forbidden),
        (refusal("Throttling", "slow down"), TooManyRequests),
        (refusal("InternalFailure", "oops", 500), Unavailable),
        (EndpointConnectionError(endpoint_url="http://x"), Unavailable),
        (refusal("InsufficientCapabilities", "needs"), DeploymentFailed),
    ],
)
def test_refusals_of_the_cloud_are_told_by_what_to_do_about_them(
    target: CloudFormationTarget,
    fake: FakeCloudFormation,
    failure: Exception,
    error: type[DharmaError],
) -> None:
    fake.failure = failure
    with pytest.raises(error):
        target.status("web")
