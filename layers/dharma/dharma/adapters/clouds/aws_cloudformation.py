"""Deployments into AWS by CloudFormation change sets.

CloudFormation undoes a failed change itself; what is added here: a change is named after its run,
so that repeating a call finds what was begun; an update that succeeded but did not verify is put
back by the previous template; a rollback that got stuck is continued; and verification is
CloudFormation's own drift detection, which asks each resource.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
(statuses) and the CloudFormation API reference.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from dharma.adapters.aws_errors import code_of
from dharma.adapters.clouds.aws_clients import AwsClients, no_such_stack, translating
from dharma.adapters.clouds.staged_templates import STAGED_BYTES, StagedTemplates
from dharma.core.clock import isoformat
from dharma.core.errors import DeploymentFailed, NotExpressible, Unavailable
from dharma.orchestrator.clouds import (
    ChangeRequest,
    Difference,
    NativeAction,
    NativeChange,
    NativeEvent,
    NativePlan,
    NativeResource,
    Phase,
    StackContent,
    StackStatus,
    StackTemplate,
)

# What CloudFormation takes in one template.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MOST_RESOURCES = 500
_STACK = "AWS::CloudFormation::Stack"
_ABSENT = frozenset({"DELETE_COMPLETE"})
_UNDONE = frozenset({"ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"})
_DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_ACTIONS: dict[str, NativeAction] = {"Add": "create", "Modify": "update", "Remove": "delete"}
_BEGUN = frozenset({"EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED", "OBSOLETE"})


class CloudFormationTarget:
    """`DeploymentTarget` for one account and region. `sleep` is for tests."""

    pause = 5

    def __init__(
        self,
        aws: AwsClients,
        staging: StagedTemplates | None = None,
        *,
        patience: float = 240,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._aws = aws
        self._staging = staging or StagedTemplates(aws)
        self._patience = patience
        self._sleep = sleep

    @property
    def _cloud(self) -> Any:
        return self._aws["cloudformation"]

    def prepare(self, change: ChangeRequest) -> NativePlan:
        with translating():
            if self._described(change) is None:
                self._create(change)
            described = self._settled(change)
            if described is None:
                raise DeploymentFailed(f"the change set {change.name} disappeared")
            if described["Status"] == "FAILED":
                reason = described.get("StatusReason", "")
                if any(words in reason for words in _NO_CHANGES):
                    return NativePlan(())
                raise DeploymentFailed(f"CloudFormation refuses the change: {reason}")
            return NativePlan(tuple(self._changes(change, described)))

    def _settled(self, change: ChangeRequest) -> Any:
        """The change set when CloudFormation has worked it out."""
        described = self._described(change)
        while described is not None and described["Status"].endswith(("PENDING", "PROGRESS")):
            self._sleep(2)
            described = self._described(change)
        return described

    def _create(self, change: ChangeRequest) -> None:
        body = _compact(change.template.body)
        _refuse_too_large(body)
        stack = self._stack(change.stack)
        status = stack["StackStatus"] if stack is not None else ""
        if status == "ROLLBACK_COMPLETE":
            # What a failed creation leaves has no resources and can only be deleted.
            self._cloud.delete_stack(StackName=change.stack)
            self._wait(change.stack, lambda present: present in ("", "DELETE_COMPLETE"))
            status = ""
        with self._staging.given(change.stack, change.name, body) as template:
            self._cloud.create_change_set(
                StackName=change.stack,
                ChangeSetName=change.name,
                ChangeSetType="CREATE" if status in ("", "REVIEW_IN_PROGRESS") else "UPDATE",
                Parameters=[
                    {"ParameterKey": name, "ParameterValue": value}
                    for name, value in sorted(change.template.parameters.items())
                ],
                Tags=[{"Key": k, "Value": v} for k, v in sorted(change.template.tags.items())],
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
                ClientToken=change.name,
                **template,
            )
            # The object is there until CloudFormation is through with it.
            self._settled(change)

    def _described(self, change: ChangeRequest) -> Any:
        try:
            return self._cloud.describe_change_set(
                StackName=change.stack, ChangeSetName=change.name
            )
        except ClientError as error:
            if code_of(error) in ("ChangeSetNotFound", "ChangeSetNotFoundException"):
                return None
            if no_such_stack(error):
                return None
            raise

    def _changes(self, change: ChangeRequest, first: Any) -> Iterator[NativeChange]:
        page = first
        while True:
            for each in page.get("Changes", []):
                if each.get("Type") == "Resource":
                    yield _announced(each["ResourceChange"])
            token = page.get("NextToken")
            if not token:
                return
            page = self._cloud.describe_change_set(
                StackName=change.stack, ChangeSetName=change.name, NextToken=token
            )

    def execute(self, change: ChangeRequest) -> None:
        with translating():
            described = self._described(change)
            if described is None:
                # Executing deletes the other change sets of a stack; one that ran may be gone too.
                if self._ran(change.stack, change.name):
                    return
                raise DeploymentFailed(f"there is no change set {change.name}")
            if described["Status"] == "FAILED" or described["ExecutionStatus"] in _BEGUN:
                return
            self._cloud.execute_change_set(
                StackName=change.stack,
                ChangeSetName=change.name,
                ClientRequestToken=change.name,
            )

    def restore(self, change: ChangeRequest) -> None:
        with translating():
            stack = self._stack(change.stack)
            status = stack["StackStatus"] if stack is not None else ""
            if status == "UPDATE_IN_PROGRESS" and not self._ran(change.stack, change.name):
                self._cloud.cancel_update_stack(
                    StackName=change.stack, ClientRequestToken=change.name
                )
            elif status == "UPDATE_ROLLBACK_FAILED":
                self._cloud.continue_update_rollback(
                    StackName=change.stack, ClientRequestToken=change.name
                )
            elif status in _UNDONE or status.endswith("_IN_PROGRESS"):
                return
            elif not self._ran(change.stack, change.name):
                self.prepare(change)
                self.execute(change)

    def delete(self, stack: str, change: str) -> None:
        with translating():
            present = self._stack(stack)
            if present is None or present["StackStatus"] == "DELETE_IN_PROGRESS":
                return
            if present["StackStatus"] == "DELETE_FAILED" and self._ran(stack, change):
                return
            self._cloud.delete_stack(StackName=stack, ClientRequestToken=change)

    def discard(self, change: ChangeRequest) -> None:
        with translating():
            stack = self._stack(change.stack)
            if stack is None:
                return
            if stack["StackStatus"] == "REVIEW_IN_PROGRESS":
                self._cloud.delete_stack(StackName=change.stack)
                return
            described = self._described(change)
            if described is not None and described["ExecutionStatus"] not in _BEGUN:
                self._cloud.delete_change_set(StackName=change.stack, ChangeSetName=change.name)

    def status(self, stack: str, change: str | None = None) -> StackStatus:
        with translating():
            present = self._stack(stack)
            if present is None:
                return StackStatus("absent")
            native = str(present["StackStatus"])
            events = [] if change is None else self._events(stack, change)
            if change is not None and not events and self._is_to_come(stack, change):
                return StackStatus("running", native)
            failed = [e for e in events if e.status.endswith("_FAILED") and e.reason]
            reason = failed[0].reason if failed else str(present.get("StackStatusReason", ""))
            if failed:
                reason = f"{failed[0].logical_id} ({failed[0].type}): {reason}"
            finished = {
                e.logical_id for e in events if e.status.endswith("_COMPLETE") and e.type != _STACK
            }
            begun = {e.logical_id for e in events if e.type != _STACK}
            return StackStatus(
                _phase(native),
                native,
                reason,
                undone=native in _UNDONE,
                done=len(finished),
                total=len(begun),
            )

    def _is_to_come(self, stack: str, change: str) -> bool:
        """Whether a change without any event yet will still run: the stack's own status is then
        that of the change before."""
        described = self._described(ChangeRequest(stack, change, StackTemplate("")))
        return described is not None and described["ExecutionStatus"] in (
            "AVAILABLE",
            "EXECUTE_IN_PROGRESS",
        )

    def events(self, stack: str, change: str) -> list[NativeEvent]:
        with translating():
            return [e for e in self._events(stack, change) if e.type != _STACK]

    def _events(self, stack: str, change: str) -> list[NativeEvent]:
        """Events that carry the change's token, oldest first."""
        found: list[NativeEvent] = []
        try:
            pages = self._cloud.get_paginator("describe_stack_events").paginate(StackName=stack)
            for page in pages:
                found += [
                    _event(event)
                    for event in page["StackEvents"]
                    if event.get("ClientRequestToken") == change
                ]
        except ClientError as error:
            if not no_such_stack(error):
                raise
        return list(reversed(found))

    def _ran(self, stack: str, change: str) -> bool:
        return bool(self._events(stack, change))

    def content(self, stack: str) -> StackContent | None:
        with translating():
            present = self._stack(stack)
            if present is None or present["StackStatus"] == "REVIEW_IN_PROGRESS":
                return None
            outputs = {o["OutputKey"]: o["OutputValue"] for o in present.get("Outputs", [])}
            return StackContent(tuple(self._resources(stack)), outputs)

    def _resources(self, stack: str) -> Iterator[NativeResource]:
        pages = self._cloud.get_paginator("list_stack_resources").paginate(StackName=stack)
        for page in pages:
            for each in page["StackResourceSummaries"]:
                if each["ResourceStatus"] != "DELETE_COMPLETE":
                    yield NativeResource(
                        each["LogicalResourceId"],
                        each.get("PhysicalResourceId", ""),
                        each["ResourceType"],
                        each["ResourceStatus"],
                    )

    def verify(self, stack: str, template: StackTemplate) -> list[Difference]:
        with translating():
            if self._stack(stack) is None:
                return [Difference("missing", stack, "", "present", "")]
            detection = self._cloud.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
            deadline = time.monotonic() + self._patience
            while True:
                answer = self._cloud.describe_stack_drift_detection_status(
                    StackDriftDetectionId=detection
                )
                if answer["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                    break
                if time.monotonic() > deadline:
                    raise Unavailable(f"drift detection of {stack} takes too long")
                self._sleep(3)
            return list(self._drifts(stack))

    def _drifts(self, stack: str) -> Iterator[Difference]:
        told: set[str] = set()
        arguments: dict[str, Any] = {"StackName": stack}
        while True:
            page = self._cloud.describe_stack_resource_drifts(**arguments)
            for drift in page["StackResourceDrifts"]:
                name, status = drift["LogicalResourceId"], drift["StackResourceDriftStatus"]
                told.add(name)
                if status == "DELETED":
                    yield Difference("missing", name, "", drift.get("PhysicalResourceId", ""), "")
                elif status == "MODIFIED":
                    for each in drift.get("PropertyDifferences", []):
                        # CloudFormation has waited for the resource to be as it says; what differs
                        # since may well be the service's own doing.
                        yield Difference(
                            "noted",
                            name,
                            each["PropertyPath"].strip("/").replace("/", "."),
                            each["ExpectedValue"],
                            each["ActualValue"],
                        )
                elif status == "NOT_CHECKED":
                    yield Difference("unverifiable", name, "", drift["ResourceType"], "not told")
            if not page.get("NextToken"):
                break
            arguments["NextToken"] = page["NextToken"]
        for resource in self._resources(stack):
            if resource.logical_id not in told:
                yield Difference("unverifiable", resource.logical_id, "", resource.type, "not told")

    def leftovers(
        self, stack: str, recorded: tuple[NativeResource, ...] = ()
    ) -> list[NativeResource]:
        """A stack that is gone has left what it was told to retain: CloudFormation remembers a
        deleted stack by its id for 90 days."""
        with translating():
            if self._stack(stack) is not None:
                return list(self._resources(stack))
            deleted = self._last_deleted(stack)
            if deleted is None:
                return []
            kept = [r for r in self._resources(deleted) if r.status == "DELETE_SKIPPED"]
            known = {r.physical_id for r in recorded}
            return [r for r in kept if not recorded or r.physical_id in known]

    def _last_deleted(self, stack: str) -> str | None:
        pages = self._cloud.get_paginator("list_stacks").paginate(
            StackStatusFilter=["DELETE_COMPLETE"]
        )
        for page in pages:
            for summary in page["StackSummaries"]:
                if summary["StackName"] == stack:
                    return str(summary["StackId"])
        return None

    def _stack(self, name: str) -> Any:
        try:
            described = self._cloud.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if no_such_stack(error):
                return None
            raise
        return None if described["StackStatus"] in _ABSENT else described

    def _wait(self, stack: str, until: Callable[[str], bool]) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            present = self._stack(stack)
            if until("" if present is None else str(present["StackStatus"])):
                return
            if time.monotonic() > deadline:
                raise Unavailable(f"the stack {stack} takes too long")
            self._sleep(2)


def _compact(body: str) -> str:
    """The same template without the layout that is for people."""
    return json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)


def _refuse_too_large(body: str) -> None:
    size, resources = len(body.encode()), len(json.loads(body).get("Resources", {}))
    said = [
        f"{present:,} {what} where CloudFormation takes {most:,}"
        for present, most, what in (
            (resources, MOST_RESOURCES, "resources"),
            (size, STAGED_BYTES, "bytes"),
        )
        if present > most
    ]
    if said:
        raise NotExpressible(
            f"one stack cannot hold this blueprint: its template has {' and '.join(said)}. "
            "Divide it into several blueprints, each deployed as a stack of its own"
        )


def _phase(native: str) -> Phase:
    if native == "REVIEW_IN_PROGRESS":
        return "prepared"
    if native in _DONE:
        return "succeeded"
    if native in _UNDONE or native.endswith("_FAILED"):
        return "failed"
    return "running"


def _announced(change: Any) -> NativeChange:
    action = _ACTIONS.get(change["Action"], "update")
    replacement = change.get("Replacement", "False")
    if action == "update" and replacement == "True":
        action = "replace"
    return NativeChange(
        change["LogicalResourceId"],
        change["ResourceType"],
        action,
        conditional=replacement == "Conditional",
    )


def _event(event: Any) -> NativeEvent:
    return NativeEvent(
        id=event["EventId"],
        time=isoformat(event["Timestamp"]),
        logical_id=event["LogicalResourceId"],
        type=event.get("ResourceType", ""),
        status=event.get("ResourceStatus", ""),
        reason=event.get("ResourceStatusReason", ""),
        physical_id=event.get("PhysicalResourceId", ""),
    )
