"""One stack of the emulator: what it says, the journal in its template, and change sets."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from dharma.adapters.clouds.aws_clients import AwsClients, no_such_stack
from dharma.adapters.clouds.sandbox_journal import Entry, Journal, secret_names
from dharma.adapters.clouds.sandbox_types.native_type import Live
from dharma.adapters.clouds.staged_templates import StagedTemplates
from dharma.core.clock import Clock, isoformat
from dharma.core.errors import DeploymentFailed

Bodies = dict[str, Any]


class EmulatedStack:
    """Read anew for every call. `bodies` are the resources of the emulator's template by name,
    `lives` what was read of resources in this call. `resting` is kept by the caller between calls:
    where each stack was left in order."""

    def __init__(
        self,
        aws: AwsClients,
        clock: Clock,
        name: str,
        staging: StagedTemplates,
        resting: dict[str, int],
    ) -> None:
        self.aws = aws
        self.clock = clock
        self.name = name
        self.staging = staging
        self.resting = resting
        self.native_status = ""
        self.journal = Journal()
        self.bodies: Bodies = {}
        self.lives: dict[str, Live | None] = {}
        self.exists = self.read()

    def read(self) -> bool:
        cloud = self.aws["cloudformation"]
        try:
            described = cloud.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if no_such_stack(error):
                return False
            raise
        self.native_status = described["StackStatus"]
        if self.native_status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE"):
            return False
        body = cloud.get_template(StackName=self.name)["TemplateBody"]
        template = json.loads(body) if isinstance(body, str) else body
        self.journal, self.bodies = Journal.read(template)
        unnamed = [
            entry
            for entry in self.journal.entries.values()
            if not entry.physical_id and not entry.by_hand and not entry.skipped
        ]
        if unnamed:
            # Made just before something was killed.
            names = self.physical_ids()
            for entry in unnamed:
                entry.physical_id = names.get(entry.name, "")
        return True

    def rests(self) -> bool:
        """Whether the last call ended in order here. After a kill the emulator may hold half of a
        change set that it never finished."""
        return self.resting.get(self.name) == self.journal.serial

    def physical_ids(self) -> dict[str, str]:
        """Those of all bodies, by name; without what the emulator passed over."""
        pages = self.aws["cloudformation"].get_paginator("list_stack_resources")
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.name)
            for each in page["StackResourceSummaries"]
            if each.get("LogicalResourceId") and each.get("PhysicalResourceId")
        }

    def physical_id(self, name: str) -> str:
        """Of one resource, also while the stack is in disorder; empty when it was not made."""
        cloud = self.aws["cloudformation"]
        try:
            answer = cloud.describe_stack_resource(StackName=self.name, LogicalResourceId=name)
        except (ResponseParserError, ClientError):
            # The emulator makes what it has not made yet when it is asked, and fails again.
            return ""
        return str(answer["StackResourceDetail"].get("PhysicalResourceId") or "")

    def make_empty(self, change: str) -> None:
        """A stack without resources, to hold the journal."""
        cloud = self.aws["cloudformation"]
        if self.native_status == "REVIEW_IN_PROGRESS":
            cloud.delete_stack(StackName=self.name)
        self.journal = Journal(change=change)
        self._execute(f"{change}-0", "CREATE", {}, [])
        self.exists = True

    def submit(self, values: dict[str, str]) -> None:
        """Execute a change set with the present bodies and journal."""
        name = f"{self.journal.change}-{self.journal.next_number()}"
        declared = {each for body in self.bodies.values() for each in secret_names(body)}
        parameters = [
            {"ParameterKey": key, "ParameterValue": values[key]}
            if key in values
            else {"ParameterKey": key, "UsePreviousValue": True}
            for key in sorted(declared)
        ]
        self._execute(name, "UPDATE", self.bodies, parameters)

    def _execute(self, name: str, kind: str, bodies: Bodies, parameters: list[Any]) -> None:
        cloud = self.aws["cloudformation"]
        self.resting.pop(self.name, None)
        with self.staging.given(self.name, name, self.journal.template(bodies)) as template:
            cloud.create_change_set(
                StackName=self.name,
                ChangeSetName=name,
                ChangeSetType=kind,
                Parameters=parameters,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
                **template,
            )
        try:
            cloud.execute_change_set(StackName=self.name, ChangeSetName=name)
        except ResponseParserError as error:
            # Its answer to a fault of its own is a page for people.
            raise DeploymentFailed("the sandbox failed in itself; its log says why") from error
        finally:
            # The emulator keeps each one, with its whole template, for ever.
            cloud.delete_change_set(StackName=self.name, ChangeSetName=name)
        self.resting[self.name] = self.journal.serial

    def note(self) -> None:
        """Store the journal: a change set that changes no resource."""
        self.submit({})

    def settle(self) -> None:
        """Bring the emulator back to the bodies that are known to exist: a change set that failed
        or was cut off leaves its resource half in the stack."""
        self.note()

    def publish(self) -> None:
        """The emulator shows outputs only after a plain update: what a person would look at.

        No parameter is named. The emulator then keeps those of the change sets; asked for previous
        values, it looks among those of plain updates only, and fails.
        """
        self.journal.next_number()
        document = json.loads(self.journal.template(self.bodies))
        document["Outputs"] = {
            name: {"Value": value} for name, value in self.journal.outputs.items()
        }
        body = "\t" + json.dumps(document, separators=(",", ":"))
        name = f"{self.journal.change}-{self.journal.serial}"
        with self.staging.given(self.name, name, body) as template:
            self.aws["cloudformation"].update_stack(
                StackName=self.name,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
                **template,
            )

    def drop(self) -> None:
        cloud = self.aws["cloudformation"]
        try:
            cloud.delete_stack(StackName=self.name)
        except (ClientError, ResponseParserError):
            # The emulator stumbles over resources that are gone already, and has by then removed
            # the stack itself.
            if self.read():
                raise
        self.resting.pop(self.name, None)
        self.staging.leave()

    def tell(self, entry: Entry, status: str, reason: str = "") -> None:
        self.journal.tell(isoformat(self.clock.now()), entry, status, reason)
