"""Bringing a stack of the sandbox to a template, in steps that can be taken up again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from dharma.adapters.clouds.aws_clients import message_of, translated
from dharma.adapters.clouds.cloudformation_template import Resource, Template
from dharma.adapters.clouds.sandbox_emulator import EmulatedStack
from dharma.adapters.clouds.sandbox_journal import Entry, secret_names
from dharma.adapters.clouds.sandbox_removal import Removal
from dharma.adapters.clouds.sandbox_surroundings import evaluation, live
from dharma.adapters.clouds.sandbox_types import TYPES
from dharma.adapters.clouds.sandbox_types.native_type import (
    Made,
    NativeType,
    NotUpdatable,
    differences,
    same,
)
from dharma.core.errors import DeploymentFailed, DharmaError
from dharma.orchestrator.clouds import ChangeRequest, NativeAction, NativeChange, StackTemplate


@dataclass(frozen=True, slots=True)
class Wanted:
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


class SandboxStack:
    """One stack, and the work on it."""

    def __init__(self, stack: EmulatedStack) -> None:
        self.stack = stack
        self.removal = Removal(stack)

    def announce(self, template: StackTemplate) -> Iterator[NativeChange]:
        parsed = Template.parse(template.body, template.parameters)
        worked_out = evaluation(self.stack, parsed, reveal=True, lenient=True)
        wanted = [parsed.resources[name] for name in parsed.order()]
        wanted = [resource for resource in wanted if worked_out.exists(resource)]
        for resource in wanted:
            entry = self.stack.journal.entries.get(resource.logical_id)
            action: NativeAction | None = "create"
            if entry is not None and entry.type != resource.type:
                action = "replace"
            elif entry is not None:
                properties = worked_out.properties(resource)
                action = self._announced(entry, properties)
            if action is not None:
                yield NativeChange(resource.logical_id, resource.type, action)
        names = {resource.logical_id for resource in wanted}
        for entry in self.stack.journal.entries.values():
            if entry.logical_id not in names:
                yield NativeChange(entry.logical_id, entry.type, "delete")

    def _announced(self, entry: Entry, properties: dict[str, Any]) -> NativeAction | None:
        if _digest(entry.type, properties) == entry.digest:
            return None
        return "replace" if _needs_replacement(entry, properties) else "update"

    def carry_on(self, change: ChangeRequest, deadline: float) -> None:
        """Go on towards the wanted template until done or the time is up."""
        parsed = Template.parse(change.template.body, change.template.parameters)
        if not self.stack.exists:
            self.stack.make_empty(change.name)
            self.stack.journal.total = len(list(self.announce(change.template)))
        elif self.stack.journal.change != change.name:
            self.stack.settle()
            self.stack.journal.begin(change.name, len(list(self.announce(change.template))))
            self.stack.journal.description = parsed.document.get("Description", "")
        try:
            for step in self._steps(parsed):
                step()
                if time.monotonic() > deadline:
                    self.stack.note()
                    return
            self.stack.journal.outputs = evaluation(self.stack, parsed, reveal=True).outputs()
            self.stack.journal.phase, self.stack.journal.completed = "succeeded", True
            self.stack.publish()
        except (ClientError, DharmaError) as error:
            failure = translated(error) if isinstance(error, ClientError) else error
            if not isinstance(failure, DeploymentFailed):
                raise
            self.stack.journal.phase, self.stack.journal.reason = "failed", failure.message
            self.stack.settle()
            self.stack.note()

    def _steps(self, parsed: Template) -> Iterator[Callable[[], None]]:
        """The work that is still to do, each piece found only when those before are done."""
        shown = evaluation(self.stack, parsed, reveal=False)
        revealed = evaluation(self.stack, parsed, reveal=True)
        order = [parsed.resources[name] for name in parsed.order()]
        wanted = [resource for resource in order if revealed.exists(resource)]
        for resource in wanted:
            literal = shown.properties(resource)
            each = Wanted(
                resource, literal, revealed.properties(resource), _secret_values(parsed, literal)
            )
            entry = self.stack.journal.entries.get(resource.logical_id)
            if entry is None or entry.type != resource.type:
                yield partial(self._create, each)
            elif entry.digest != each.digest:
                yield partial(self._change, entry, each)
        names = {resource.logical_id for resource in wanted}
        for logical_id in [name for name in self.stack.journal.entries if name not in names]:
            self.stack.journal.leaving.append(self.stack.journal.entries.pop(logical_id))
        while self.stack.journal.leaving:
            yield self.removal.one

    def _create(self, wanted: Wanted) -> None:
        """Make a resource, or a new one beside the old. The journal has it, without a digest,
        before the emulator does: a kill in between leaves nothing unknown."""
        entries, leaving = self.stack.journal.entries, self.stack.journal.leaving
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
        self.stack.lives.pop(wanted.logical_id, None)

    def _returning(self, wanted: Wanted) -> Entry | None:
        for entry in self.stack.journal.leaving:
            if (entry.logical_id, entry.digest) == (wanted.logical_id, wanted.digest):
                self.stack.journal.leaving.remove(entry)
                return entry
        return None

    def _new_entry(self, wanted: Wanted) -> Entry:
        number = self.stack.journal.next_number()
        name = wanted.logical_id
        if name in self.stack.bodies or name in self.stack.journal.stale:
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

    def _make(self, entry: Entry, wanted: Wanted) -> None:
        native = TYPES.get(entry.type)
        self.stack.tell(entry, "CREATE_IN_PROGRESS")
        try:
            if native is not None and native.by_hand:
                entry.by_hand = True
                entry.physical_id = native.create(
                    self.stack.aws, wanted.properties, f"{self.stack.name}/{entry.name}"
                )
            else:
                names = _parameters(wanted, entry.number)
                values = {names[own]: value for own, value in wanted.secrets.items()}
                self._create_by_change_set(entry, native, values)
                if native is not None:
                    self.complete(entry, native, wanted.properties)
        except (ClientError, DeploymentFailed) as error:
            message = message_of(error) if isinstance(error, ClientError) else error.message
            self.stack.tell(entry, "CREATE_FAILED", message)
            self._undo_making(entry, native)
            raise
        entry.digest = wanted.digest
        self.stack.tell(entry, "CREATE_SKIPPED" if entry.skipped else "CREATE_COMPLETE")

    def _undo_making(self, entry: Entry, native: NativeType | None) -> None:
        """What was made but could not be completed goes again."""
        if native is None or not entry.physical_id:
            return
        self.removal.destroy(entry)
        if entry.name in self.stack.bodies:
            self.removal.forget(entry)

    def _create_by_change_set(
        self, entry: Entry, native: NativeType | None, values: dict[str, str]
    ) -> None:
        """One change set with one resource more. If it fails, what it made halfway is removed."""
        body: dict[str, Any] = {"Type": entry.type, "Properties": entry.properties}
        if entry.retain:
            body["DeletionPolicy"] = "Retain"
        prefix = f"{self.stack.name}-{entry.name}-"
        explicit = entry.properties.get(native.name_property or "") if native else None
        search = explicit if isinstance(explicit, str) else prefix[:24]
        before = set(native.named(self.stack.aws, search)) if native is not None else set()
        before_bodies = dict(self.stack.bodies)
        self.stack.bodies[entry.name] = body
        try:
            self.stack.submit(values)
            entry.physical_id = self.stack.physical_id(entry.name)
        except (ClientError, DeploymentFailed):
            self.stack.bodies = before_bodies
            self.stack.journal.stale.append(entry.name)
            self.stack.settle()
            if native is not None:
                for physical_id in set(native.named(self.stack.aws, search)) - before:
                    native.delete(self.stack.aws, Made(physical_id, entry.properties))
            raise
        if not entry.physical_id:
            self.stack.bodies = before_bodies
            self.stack.journal.stale.append(entry.name)
            entry.skipped = True

    def complete(self, entry: Entry, native: NativeType, properties: dict[str, Any]) -> None:
        """Set through the service what creation dropped."""
        present = live(self.stack, entry, native, properties)
        if present is None:
            raise DeploymentFailed(f"{entry.logical_id} ({entry.type}) vanished after its creation")
        if list(differences(properties, present.properties)):
            try:
                native.update(self.stack.aws, Made(entry.physical_id), properties)
            except NotUpdatable:
                return
            self.stack.lives.pop(entry.logical_id, None)

    def _change(self, entry: Entry, wanted: Wanted) -> None:
        native = TYPES.get(entry.type)
        if native is not None and not entry.skipped:
            if not _needs_replacement(entry, wanted.properties):
                with suppress(NotUpdatable):
                    self._update(entry, native, wanted)
                    return
            self._refuse_same_name(entry, native, wanted.properties)
        self._create(wanted)

    def _update(self, entry: Entry, native: NativeType, wanted: Wanted) -> None:
        self.stack.tell(entry, "UPDATE_IN_PROGRESS")
        try:
            native.update(
                self.stack.aws, Made(entry.physical_id, entry.properties), wanted.properties
            )
        except ClientError as error:
            # It may be half changed: no digest fits, so whatever comes next sets it again.
            entry.digest = ""
            self.stack.tell(entry, "UPDATE_FAILED", message_of(error))
            raise
        entry.properties, entry.digest = wanted.literal, wanted.digest
        entry.retain = wanted.resource.retain
        self.stack.lives.pop(entry.logical_id, None)
        self.stack.tell(entry, "UPDATE_COMPLETE")

    @staticmethod
    def _refuse_same_name(entry: Entry, native: NativeType, properties: dict[str, Any]) -> None:
        name = native.name_property
        if name and properties.get(name) and properties[name] == entry.properties.get(name):
            raise DeploymentFailed(
                "CloudFormation cannot update a stack when a custom-named resource requires "
                f"replacing. Rename {properties[name]} ({entry.logical_id}) and update again."
            )


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


def _parameters(wanted: Wanted, number: int) -> dict[str, str]:
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
