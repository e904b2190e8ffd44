"""One stack of the emulator: what it says, the journal in its template, and change sets."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from dharma.adapters.clouds.aws_clients import AwsClients, code_of, message_of
from dharma.adapters.clouds.sandbox_journal import Entry, Journal, secret_names
from dharma.adapters.clouds.sandbox_types.native_type import Live
from dharma.core.clock import Clock, isoformat
from dharma.core.errors import DeploymentFailed

Bodies = dict[str, Any]


class EmulatedStack:
    """Read anew for every call. `bodies` are the resources of the emulator's template by name,
    `lives` what was read of resources in this call."""

    def __init__(self, aws: AwsClients, clock: Clock, name: str) -> None:
        self.aws = aws
        self.clock = clock
        self.name = name
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
        for entry in self.journal.entries.values():
            if not entry.physical_id and not entry.by_hand and not entry.skipped:
                # Made just before something was killed.
                entry.physical_id = self.physical_id(entry.name)
        return True

    def physical_id(self, name: str) -> str:
        """Empty when the emulator passed over the resource, as it does with types it lacks."""
        cloud = self.aws["cloudformation"]
        try:
            answer = cloud.describe_stack_resource(StackName=self.name, LogicalResourceId=name)
        except ResponseParserError:
            return ""
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if status >= 500 or code_of(error) == "ValidationError":
                return ""
            raise
        return str(answer["StackResourceDetail"].get("PhysicalResourceId") or "")

    def make_empty(self, change: str) -> None:
        """A stack without resources, to hold the journal."""
        cloud = self.aws["cloudformation"]
        if self.native_status == "REVIEW_IN_PROGRESS":
            cloud.delete_stack(StackName=self.name)
        self.journal = Journal(change=change)
        cloud.create_change_set(
            StackName=self.name,
            ChangeSetName=f"{change}-0",
            ChangeSetType="CREATE",
            TemplateBody=self.journal.template({}),
        )
        cloud.execute_change_set(StackName=self.name, ChangeSetName=f"{change}-0")
        self.exists = True

    def submit(self, values: dict[str, str]) -> None:
        """Execute a change set with the present bodies and journal."""
        cloud = self.aws["cloudformation"]
        name = f"{self.journal.change}-{self.journal.next_number()}"
        template = self.journal.template(self.bodies)
        declared = {each for body in self.bodies.values() for each in secret_names(body)}
        parameters = [
            {"ParameterKey": key, "ParameterValue": values[key]}
            if key in values
            else {"ParameterKey": key, "UsePreviousValue": True}
            for key in sorted(declared)
        ]
        cloud.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType="UPDATE",
            TemplateBody=template,
            Parameters=parameters,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )
        try:
            cloud.execute_change_set(StackName=self.name, ChangeSetName=name)
        except ResponseParserError as error:
            # Its answer to a fault of its own is a page for people.
            raise DeploymentFailed("the sandbox failed in itself; its log says why") from error

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
        self.aws["cloudformation"].update_stack(
            StackName=self.name,
            TemplateBody="\t" + json.dumps(document),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )

    def drop(self) -> None:
        cloud = self.aws["cloudformation"]
        try:
            cloud.delete_stack(StackName=self.name)
        except ClientError:
            # The emulator stumbles over resources that are gone already, and has by then removed
            # the stack itself.
            if self.read():
                raise

    def tell(self, entry: Entry, status: str, reason: str = "") -> None:
        self.journal.tell(isoformat(self.clock.now()), entry, status, reason)


def no_such_stack(error: ClientError) -> bool:
    return code_of(error) == "ValidationError" and "does not exist" in message_of(error)
