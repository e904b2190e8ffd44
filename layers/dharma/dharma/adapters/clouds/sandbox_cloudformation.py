"""Deployments into an emulated AWS account, by change sets, with what the emulator lacks.

An emulator's CloudFormation (moto) creates most resources well. But a failed change set leaves
behind what it made, an update forgets resources whose type cannot be updated, deletion skips types
without a word and fails on dependencies, and outputs of change sets never appear. So here a change
is carried out as on AWS, in small steps:

1. Every resource is created by a change set of its own, dependencies first, and read back; what the
   emulator dropped is set through the service (`sandbox_types`). The journal in the template's
   metadata says what exists.
2. A changed resource is updated through the service, or replaced if it must be.
3. Only when all of that succeeded, what is replaced or no longer wanted is removed, dependents
   first. So a failed change can always be put back: the old resources are still there.

The emulator has no worker of its own: `execute`, `restore` and `delete` each work for a few seconds
and return; calling them again goes on where they stopped, also after a kill at any point.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from dharma.adapters.clouds.aws_clients import (
    AwsClients,
    code_of,
    is_missing,
    message_of,
    translated,
)
from dharma.adapters.clouds.cloudformation_template import (
    Evaluation,
    Resource,
    Surroundings,
    Template,
)
from dharma.adapters.clouds.sandbox_journal import Entry, Journal, secret_names
from dharma.adapters.clouds.sandbox_types import TYPES
from dharma.adapters.clouds.sandbox_types.native_type import (
    Live,
    Made,
    NativeType,
    NotUpdatable,
    differences,
    same,
)
from dharma.core.clock import Clock, isoformat
from dharma.core.errors import DeploymentFailed, DharmaError
from dharma.orchestrator.clouds import (
    ChangeRequest,
    Difference,
    NativeAction,
    NativeChange,
    NativeEvent,
    NativePlan,
    NativeResource,
    StackContent,
    StackStatus,
    StackTemplate,
)

SLICE_SECONDS = 3.0
Bodies = dict[str, Any]


class SandboxTarget:
    """`DeploymentTarget` for an emulator behind the endpoint of `aws`."""

    def __init__(self, aws: AwsClients, clock: Clock, slice_seconds: float = SLICE_SECONDS) -> None:
        self._aws = aws
        self._clock = clock
        self._slice = slice_seconds

    def prepare(self, change: ChangeRequest) -> NativePlan:
        """Compares with the journal: the emulator's own change sets announce too little."""
        with _translating():
            stack = _Stack(self._aws, self._clock, change.stack)
            return NativePlan(tuple(stack.announce(change.template)))

    def execute(self, change: ChangeRequest) -> None:
        with _translating():
            stack = _Stack(self._aws, self._clock, change.stack)
            begun = stack.exists and stack.journal.change == change.name
            if begun and stack.journal.phase != "running":
                return
            stack.carry_on(change, self._deadline())

    def restore(self, change: ChangeRequest) -> None:
        self.execute(change)

    def delete(self, stack: str, change: str) -> None:
        with _translating():
            found = _Stack(self._aws, self._clock, stack)
            if found.exists:
                found.remove(change, self._deadline())

    def discard(self, change: ChangeRequest) -> None:
        """Nothing was made while preparing."""

    def status(self, stack: str, change: str | None = None) -> StackStatus:
        with _translating():
            found = _Stack(self._aws, self._clock, stack)
            if not found.exists:
                return StackStatus("absent")
            journal = found.journal
            if change is not None and journal.change != change:
                return StackStatus("prepared", native=journal.phase)
            done = journal.done
            return StackStatus(
                journal.phase,
                native=found.native_status,
                reason=journal.reason,
                done=min(done, journal.total),
                total=journal.total,
            )

    def events(self, stack: str, change: str) -> list[NativeEvent]:
        with _translating():
            found = _Stack(self._aws, self._clock, stack)
            if not found.exists or found.journal.change != change:
                return []
            return found.journal.told()

    def content(self, stack: str) -> StackContent | None:
        with _translating():
            found = _Stack(self._aws, self._clock, stack)
            if not found.exists:
                return None
            resources = [_native(entry) for entry in found.journal.entries.values()]
            return StackContent(tuple(resources), dict(found.journal.outputs))

    def verify(self, stack: str, template: StackTemplate) -> list[Difference]:
        with _translating():
            return list(_Stack(self._aws, self._clock, stack).verify(template))

    def leftovers(
        self, stack: str, recorded: tuple[NativeResource, ...] = ()
    ) -> list[NativeResource]:
        with _translating():
            return _Stack(self._aws, self._clock, stack).leftovers(recorded)

    def _deadline(self) -> float:
        return time.monotonic() + self._slice


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A resource worked out: `literal` with references to secrets, `properties` with the secrets
    themselves, `secrets` the values of those referred to."""

    resource: Resource
    literal: dict[str, Any]
    properties: dict[str, Any]
    secrets: dict[str, str]

    @property
    def logical_id(self) -> str:
        return self.resource.logical_id

    @property
    def digest(self) -> str:
        return _digest(self.resource.type, self.properties)


class _Stack:
    """One stack of the emulator with its journal, read anew for every call."""

    def __init__(self, aws: AwsClients, clock: Clock, name: str) -> None:
        self._aws = aws
        self._clock = clock
        self.name = name
        self.native_status = ""
        self.journal = Journal()
        self.bodies: Bodies = {}
        self._lives: dict[str, Live | None] = {}
        self.exists = self._read()

    # --- Reading

    def _read(self) -> bool:
        cloud = self._aws["cloudformation"]
        try:
            described = cloud.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if _no_such_stack(error):
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
                entry.physical_id = self._physical_id(entry.name)
        return True

    # --- Announcing

    def announce(self, template: StackTemplate) -> Iterator[NativeChange]:
        parsed = Template.parse(template.body, template.parameters)
        evaluation = self._evaluation(parsed, reveal=True, lenient=True)
        wanted = [parsed.resources[name] for name in parsed.order()]
        wanted = [resource for resource in wanted if evaluation.exists(resource)]
        for resource in wanted:
            entry = self.journal.entries.get(resource.logical_id)
            action: NativeAction | None = "create"
            if entry is not None and entry.type != resource.type:
                action = "replace"
            elif entry is not None:
                properties = evaluation.properties(resource)
                action = self._announced(entry, properties)
            if action is not None:
                yield NativeChange(resource.logical_id, resource.type, action)
        names = {resource.logical_id for resource in wanted}
        for entry in self.journal.entries.values():
            if entry.logical_id not in names:
                yield NativeChange(entry.logical_id, entry.type, "delete")

    def _announced(self, entry: Entry, properties: dict[str, Any]) -> NativeAction | None:
        if _digest(entry.type, properties) == entry.digest:
            return None
        return "replace" if _needs_replacement(entry, properties) else "update"

    # --- Carrying out

    def carry_on(self, change: ChangeRequest, deadline: float) -> None:
        """Go on towards the wanted template until done or the time is up."""
        parsed = Template.parse(change.template.body, change.template.parameters)
        if not self.exists:
            self._make_empty(change.name)
            self.journal.total = len(parsed.resources)
        if self.journal.change != change.name:
            self._settle()
            self.journal.begin(change.name, len(list(self.announce(change.template))))
            self.journal.description = parsed.document.get("Description", "")
        try:
            for step in self._steps(parsed):
                step()
                if time.monotonic() > deadline:
                    self._note()
                    return
            self.journal.outputs = self._evaluation(parsed, reveal=True).outputs()
            self.journal.phase, self.journal.completed = "succeeded", True
            self._publish()
        except (ClientError, DharmaError) as error:
            failure = translated(error) if isinstance(error, ClientError) else error
            if not isinstance(failure, DeploymentFailed):
                raise
            self.journal.phase, self.journal.reason = "failed", failure.message
            self._settle()
            self._note()

    def _steps(self, parsed: Template) -> Iterator[Callable[[], None]]:
        """The work that is still to do, each piece found only when those before are done."""
        shown = self._evaluation(parsed, reveal=False)
        revealed = self._evaluation(parsed, reveal=True)
        order = [parsed.resources[name] for name in parsed.order()]
        wanted = [resource for resource in order if revealed.exists(resource)]
        for resource in wanted:
            literal = shown.properties(resource)
            each = _Wanted(
                resource, literal, revealed.properties(resource), _secret_values(parsed, literal)
            )
            entry = self.journal.entries.get(resource.logical_id)
            if entry is None or entry.type != resource.type:
                yield partial(self._create, each)
            elif entry.digest != each.digest:
                yield partial(self._change, entry, each)
        names = {resource.logical_id for resource in wanted}
        for logical_id in [name for name in self.journal.entries if name not in names]:
            self.journal.leaving.append(self.journal.entries.pop(logical_id))
        while self.journal.leaving:
            yield self._remove_one

    def _create(self, wanted: _Wanted) -> None:
        """Make a resource, or a new one beside the old. The journal has it, without a digest,
        before the emulator does: a kill in between leaves nothing unknown."""
        entries, leaving = self.journal.entries, self.journal.leaving
        old = entries.get(wanted.logical_id)
        returning = self._returning(wanted)
        if old is not None:
            leaving.append(old)
        # Put back before its replacement took over for good, the old one is still there.
        entry = entries[wanted.logical_id] = returning or self._new_entry(wanted)
        if returning is None:
            try:
                self._make(entry, wanted)
            except (ClientError, DharmaError):
                del entries[wanted.logical_id]
                if old is not None:
                    leaving.remove(old)
                    entries[wanted.logical_id] = old
                raise
        self._lives.pop(wanted.logical_id, None)

    def _returning(self, wanted: _Wanted) -> Entry | None:
        for entry in self.journal.leaving:
            if (entry.logical_id, entry.digest) == (wanted.logical_id, wanted.digest):
                self.journal.leaving.remove(entry)
                return entry
        return None

    def _new_entry(self, wanted: _Wanted) -> Entry:
        number = self.journal.next_number()
        name = wanted.logical_id
        if name in self.bodies or name in self.journal.stale:
            name = f"{name}R{number}"
        return Entry(
            wanted.logical_id,
            name,
            wanted.resource.type,
            "",
            _renamed(wanted.literal, _parameters(wanted, number)),
            number=number,
            retain=wanted.resource.retain,
        )

    def _make(self, entry: Entry, wanted: _Wanted) -> None:
        native = TYPES.get(entry.type)
        self._tell(entry, "CREATE_IN_PROGRESS")
        try:
            if native is not None and native.by_hand:
                entry.by_hand = True
                entry.physical_id = native.create(
                    self._aws, wanted.properties, f"{self.name}/{entry.name}"
                )
            else:
                names = _parameters(wanted, entry.number)
                values = {names[own]: value for own, value in wanted.secrets.items()}
                self._create_by_change_set(entry, native, values)
                if native is not None:
                    self._complete(entry, native, wanted.properties)
        except (ClientError, DeploymentFailed) as error:
            message = message_of(error) if isinstance(error, ClientError) else error.message
            self._tell(entry, "CREATE_FAILED", message)
            self._undo_making(entry, native)
            raise
        entry.digest = wanted.digest
        self._tell(entry, "CREATE_SKIPPED" if entry.skipped else "CREATE_COMPLETE")

    def _undo_making(self, entry: Entry, native: NativeType | None) -> None:
        """What was made but could not be completed goes again."""
        if native is None or not entry.physical_id:
            return
        self._destroy(entry)
        self.bodies.pop(entry.name, None)
        self.journal.stale.append(entry.name)

    def _create_by_change_set(
        self, entry: Entry, native: NativeType | None, values: dict[str, str]
    ) -> None:
        """One change set with one resource more. If it fails, what it made halfway is removed."""
        body: dict[str, Any] = {"Type": entry.type, "Properties": entry.properties}
        if entry.retain:
            body["DeletionPolicy"] = "Retain"
        prefix = f"{self.name}-{entry.name}-"
        explicit = entry.properties.get(native.name_property or "") if native else None
        search = explicit if isinstance(explicit, str) else prefix[:24]
        before = set(native.named(self._aws, search)) if native is not None else set()
        before_bodies = dict(self.bodies)
        self.bodies[entry.name] = body
        try:
            self._submit(values)
            entry.physical_id = self._physical_id(entry.name)
        except (ClientError, DeploymentFailed):
            self.bodies = before_bodies
            self.journal.stale.append(entry.name)
            self._settle()
            if native is not None:
                for physical_id in set(native.named(self._aws, search)) - before:
                    native.delete(self._aws, Made(physical_id, entry.properties))
            raise
        if not entry.physical_id:
            self.bodies = before_bodies
            self.journal.stale.append(entry.name)
            entry.skipped = True

    def _physical_id(self, name: str) -> str:
        """Empty when the emulator passed over the resource, as it does with types it lacks."""
        cloud = self._aws["cloudformation"]
        try:
            answer = cloud.describe_stack_resource(StackName=self.name, LogicalResourceId=name)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if status >= 500 or code_of(error) == "ValidationError":
                return ""
            raise
        return str(answer["StackResourceDetail"].get("PhysicalResourceId") or "")

    def _complete(self, entry: Entry, native: NativeType, properties: dict[str, Any]) -> None:
        """Set through the service what creation dropped."""
        live = self._live(entry, native, properties)
        if live is None:
            raise DeploymentFailed(f"{entry.logical_id} ({entry.type}) vanished after its creation")
        if list(differences(properties, live.properties)):
            try:
                native.update(self._aws, Made(entry.physical_id), properties)
            except NotUpdatable:
                return
            self._lives.pop(entry.logical_id, None)

    def _change(self, entry: Entry, wanted: _Wanted) -> None:
        native = TYPES.get(entry.type)
        if native is not None and not entry.skipped:
            if not _needs_replacement(entry, wanted.properties):
                with suppress(NotUpdatable):
                    self._update(entry, native, wanted)
                    return
            self._refuse_same_name(entry, native, wanted.properties)
        self._create(wanted)

    def _update(self, entry: Entry, native: NativeType, wanted: _Wanted) -> None:
        self._tell(entry, "UPDATE_IN_PROGRESS")
        try:
            native.update(self._aws, Made(entry.physical_id, entry.properties), wanted.properties)
        except ClientError as error:
            # It may be half changed: no digest fits, so whatever comes next sets it again.
            entry.digest = ""
            self._tell(entry, "UPDATE_FAILED", message_of(error))
            raise
        entry.properties, entry.digest = wanted.literal, wanted.digest
        entry.retain = wanted.resource.retain
        self._lives.pop(entry.logical_id, None)
        self._tell(entry, "UPDATE_COMPLETE")

    @staticmethod
    def _refuse_same_name(entry: Entry, native: NativeType, properties: dict[str, Any]) -> None:
        name = native.name_property
        if name and properties.get(name) and properties[name] == entry.properties.get(name):
            raise DeploymentFailed(
                "CloudFormation cannot update a stack when a custom-named resource requires "
                f"replacing. Rename {properties[name]} ({entry.logical_id}) and update again."
            )

    def _remove_one(self) -> None:
        """Remove the youngest leaving resource that lets itself be removed."""
        last: ClientError | None = None
        for entry in sorted(self.journal.leaving, key=lambda each: -each.number):
            try:
                self._remove(entry)
            except ClientError as error:
                last = error
                continue
            return
        if last is not None:
            entry = max(self.journal.leaving, key=lambda each: each.number)
            self._tell(entry, "DELETE_FAILED", message_of(last))
            raise last

    def _remove(self, entry: Entry) -> None:
        keep = entry.retain and self.journal.completed
        if not keep and not entry.skipped:
            self._tell(entry, "DELETE_IN_PROGRESS")
            self._destroy(entry)
        self.journal.leaving.remove(entry)
        if keep:
            # Its body stays in the emulator's template, which would delete it otherwise.
            self.journal.stale.append(entry.name)
        elif entry.name in self.bodies:
            self._forget(entry)
        status = "DELETE_SKIPPED" if keep or entry.skipped else "DELETE_COMPLETE"
        self._tell(entry, status)

    def _destroy(self, entry: Entry) -> None:
        native = TYPES.get(entry.type)
        if native is None:
            return
        made = Made(entry.physical_id, entry.properties)
        if native.read(self._aws, made) is None:
            return
        try:
            native.delete(self._aws, made)
        except ClientError as error:
            if not is_missing(error):
                raise

    def _forget(self, entry: Entry) -> None:
        """Take a body out of the emulator's template. The resource is gone already, so the
        emulator's own deletion may stumble; the body then stays, and means nothing."""
        body = self.bodies.pop(entry.name)
        self.journal.stale.append(entry.name)
        try:
            self._submit({})
        except (ClientError, DeploymentFailed):
            self.bodies[entry.name] = body
            self._note()

    # --- Removing everything

    def remove(self, change: str, deadline: float) -> None:
        if self.journal.change != change:
            self._settle()
            self.journal.begin(change, len(list(self.journal.everything())))
            self.journal.leaving += self.journal.entries.values()
            self.journal.entries = {}
        elif self.journal.phase == "failed":
            return
        try:
            while self.journal.leaving:
                self._remove_one()
                if time.monotonic() > deadline:
                    self._note()
                    return
        except ClientError as error:
            self.journal.phase, self.journal.reason = "failed", message_of(error)
            self._note()
            return
        if not self.journal.emptied:
            # One look more for whoever follows the events, before they go with the stack.
            self.journal.emptied = True
            self._note()
            return
        self._drop()

    def _drop(self) -> None:
        cloud = self._aws["cloudformation"]
        try:
            cloud.delete_stack(StackName=self.name)
        except ClientError:
            # The emulator stumbles over resources that are gone already, and has by then removed
            # the stack itself.
            if self._read():
                raise

    # --- Verifying

    def verify(self, template: StackTemplate) -> Iterator[Difference]:
        parsed = Template.parse(template.body, template.parameters)
        evaluation = self._evaluation(parsed, reveal=True, lenient=True)
        wanted = {
            name: resource
            for name, resource in parsed.resources.items()
            if evaluation.exists(resource)
        }
        for _, resource in sorted(wanted.items()):
            yield from self._verify_one(resource, evaluation, template.secrets)
        for name, entry in sorted(self.journal.entries.items()):
            if name not in wanted:
                yield Difference("unexpected", name, "", "gone", entry.physical_id)
        for entry in self.journal.leaving:
            if self._is_there(entry):
                yield Difference("unexpected", entry.logical_id, "", "gone", entry.physical_id)

    def _verify_one(
        self, resource: Resource, evaluation: Evaluation, secrets: frozenset[str]
    ) -> Iterator[Difference]:
        name = resource.logical_id
        entry = self.journal.entries.get(name)
        if entry is None:
            yield Difference("missing", name, "", "present", "")
            return
        native = TYPES.get(entry.type)
        if native is None or entry.skipped:
            said = "skipped by the sandbox" if entry.skipped else "not told"
            yield Difference("unverifiable", name, "", entry.type, said)
            return
        wanted = evaluation.properties(resource)
        live = native.read(self._aws, Made(entry.physical_id, wanted))
        if live is None:
            yield Difference("missing", name, "", entry.physical_id, "")
            return
        hidden = {key for key in wanted if any(secret_names(entry.properties.get(key)))}
        for key, value in sorted(wanted.items()):
            expected = "(secret)" if key in hidden else _brief(value)
            if key not in live.properties:
                yield Difference("unverifiable", name, key, expected, "not told by the sandbox")
            elif not same(value, live.properties[key]):
                yield self._judged(name, key, value, live.properties[key], expected)

    @staticmethod
    def _judged(name: str, key: str, wanted: Any, live: Any, expected: str) -> Difference:
        """A difference in what the emulator tells only in part is none that counts."""
        if isinstance(wanted, dict) and isinstance(live, dict):
            told = {k: v for k, v in wanted.items() if k in live}
            if same(told, live):
                return Difference("unverifiable", name, key, expected, _brief(live))
        return Difference("different", name, key, expected, _brief(live))

    def leftovers(self, recorded: tuple[NativeResource, ...]) -> list[NativeResource]:
        """Of the journal and of what was recorded elsewhere, all that still exists."""
        entries = list(self.journal.everything()) if self.exists else []
        left = [_native(entry) for entry in entries if self._is_there(entry)]
        known = {resource.physical_id for resource in left}
        for resource in recorded:
            entry = Entry(resource.logical_id, "", resource.type, "", {})
            entry.physical_id = resource.physical_id
            if resource.physical_id not in known and self._is_there(entry):
                left.append(resource)
        return left

    def _is_there(self, entry: Entry) -> bool:
        native = TYPES.get(entry.type)
        if native is None or not entry.physical_id or (native.by_hand and not entry.properties):
            return False
        return native.read(self._aws, Made(entry.physical_id, entry.properties)) is not None

    # --- Evaluating

    def _evaluation(self, parsed: Template, *, reveal: bool, lenient: bool = False) -> Evaluation:
        """`lenient`: what does not exist yet gets a placeholder instead of a failure."""

        def ref(logical_id: str) -> str:
            entry = self.journal.entries.get(logical_id)
            if entry is None or entry.skipped:
                if lenient or (entry is not None and entry.skipped):
                    return f"<{logical_id}>"
                raise DeploymentFailed(f"{logical_id} does not exist")
            return entry.physical_id

        def attribute(logical_id: str, name: str) -> Any:
            entry = self.journal.entries.get(logical_id)
            native = TYPES.get(entry.type) if entry is not None else None
            if entry is None or native is None or entry.skipped:
                if lenient or entry is not None:
                    return f"<{logical_id}.{name}>"
                raise DeploymentFailed(f"{logical_id} does not exist")
            live = self._live(entry, native, entry.properties)
            if live is None:
                if lenient:
                    return f"<{logical_id}.{name}>"
                raise DeploymentFailed(f"{logical_id} ({entry.physical_id}) is gone")
            if name not in live.attributes:
                raise DeploymentFailed(f"the sandbox does not tell {logical_id}.{name}")
            return live.attributes[name]

        return parsed.evaluation(
            Surroundings(
                pseudo=self._pseudo(),
                zones=self._zones,
                ref=ref,
                attribute=attribute,
                stored=self._stored,
                exported=self._exported,
            ),
            reveal=reveal,
        )

    def _live(self, entry: Entry, native: NativeType, properties: dict[str, Any]) -> Live | None:
        if entry.logical_id not in self._lives:
            made = Made(entry.physical_id, properties)
            self._lives[entry.logical_id] = native.read(self._aws, made)
        return self._lives[entry.logical_id]

    def _pseudo(self) -> dict[str, str]:
        account = _account(self._aws)
        region = self._aws.region
        return {
            "AWS::AccountId": account,
            "AWS::Region": region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": self.name,
            "AWS::StackId": f"arn:aws:cloudformation:{region}:{account}:stack/{self.name}",
            "AWS::NotificationARNs": "",
        }

    def _zones(self, region: str) -> list[str]:
        zones = self._aws["ec2"].describe_availability_zones(
            Filters=[{"Name": "region-name", "Values": [region]}]
        )["AvailabilityZones"]
        return sorted(zone["ZoneName"] for zone in zones)

    def _stored(self, name: str) -> str:
        return str(self._aws["ssm"].get_parameter(Name=name)["Parameter"]["Value"])

    def _exported(self, name: str) -> str:
        exports = self._aws["cloudformation"].list_exports()["Exports"]
        for export in exports:
            if export["Name"] == name:
                return str(export["Value"])
        raise DeploymentFailed(f"no stack exports {name}")

    # --- Submitting

    def _make_empty(self, change: str) -> None:
        """A stack without resources, to hold the journal."""
        cloud = self._aws["cloudformation"]
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

    def _submit(self, values: dict[str, str]) -> None:
        """Execute a change set with the present bodies and journal."""
        cloud = self._aws["cloudformation"]
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

    def _note(self) -> None:
        """Store the journal: a change set that changes no resource."""
        self._submit({})

    def _settle(self) -> None:
        """Bring the emulator back to the bodies that are known to exist: a change set that failed
        or was cut off leaves its resource half in the stack."""
        self._note()

    def _publish(self) -> None:
        """The emulator shows outputs only after a plain update: what a person would look at."""
        self.journal.next_number()
        document = json.loads(self.journal.template(self.bodies))
        document["Outputs"] = {
            name: {"Value": value} for name, value in self.journal.outputs.items()
        }
        declared = sorted({n for body in self.bodies.values() for n in secret_names(body)})
        self._aws["cloudformation"].update_stack(
            StackName=self.name,
            TemplateBody="\t" + json.dumps(document),
            Parameters=[{"ParameterKey": n, "UsePreviousValue": True} for n in declared],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )

    def _tell(self, entry: Entry, status: str, reason: str = "") -> None:
        self.journal.tell(isoformat(self._clock.now()), entry, status, reason)


def _needs_replacement(entry: Entry, wanted: dict[str, Any]) -> bool:
    native = TYPES.get(entry.type)
    if native is None:
        return True
    return any(
        not same(wanted.get(name), entry.properties.get(name))
        for name in native.immutable
        if (name in wanted or name in entry.properties)
        and not any(secret_names(entry.properties.get(name)))
    )


def _digest(kind: str, properties: dict[str, Any]) -> str:
    text = json.dumps([kind, properties], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _parameters(wanted: _Wanted, number: int) -> dict[str, str]:
    """A parameter of its own for each use of a secret: changing the value of one that exists would
    make the emulator update, and so forget, what uses it."""
    return {own: f"{own}V{number}" for own in wanted.secrets}


def _secret_values(parsed: Template, literal: Any) -> dict[str, str]:
    """The values of the secrets that a worked out value refers to."""
    declared: dict[str, Any] = parsed.document.get("Parameters", {})
    return {
        name: str(parsed.parameters.get(name, declared[name].get("Default", "")))
        for name in secret_names(literal)
    }


def _renamed(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, dict):
        if len(node) == 1 and node.get("Ref") in names:
            return {"Ref": names[node["Ref"]]}
        return {key: _renamed(member, names) for key, member in node.items()}
    if isinstance(node, list):
        return [_renamed(element, names) for element in node]
    return node


def _native(entry: Entry) -> NativeResource:
    status = "SKIPPED" if entry.skipped else "COMPLETE"
    return NativeResource(entry.logical_id, entry.physical_id, entry.type, status)


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= 200 else f"{text[:197]}..."


def _account(aws: AwsClients) -> str:
    return str(aws["sts"].get_caller_identity()["Account"])


def _no_such_stack(error: ClientError) -> bool:
    return code_of(error) == "ValidationError" and "does not exist" in message_of(error)


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise translated(error) from error
