"""Bringing a stack of the sandbox to a template, in steps that can be taken up again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from dharma.adapters.aws_errors import message_of
from dharma.adapters.clouds.aws_clients import translated
from dharma.adapters.clouds.cloudformation_template import Template
from dharma.adapters.clouds.sandbox_creation import Creation, Wanted, digest_of, in_parts
from dharma.adapters.clouds.sandbox_emulator import EmulatedStack
from dharma.adapters.clouds.sandbox_journal import Entry, secret_names
from dharma.adapters.clouds.sandbox_removal import Removal
from dharma.adapters.clouds.sandbox_surroundings import evaluation
from dharma.adapters.clouds.sandbox_types import TYPES
from dharma.adapters.clouds.sandbox_types.native_type import (
    Made,
    NativeType,
    NotUpdatable,
    same,
)
from dharma.core.errors import DeploymentFailed, DharmaError
from dharma.orchestrator.clouds import ChangeRequest, NativeAction, NativeChange, StackTemplate


class SandboxStack:
    """One stack, and the work on it."""

    def __init__(self, stack: EmulatedStack) -> None:
        self.stack = stack
        self.removal = Removal(stack)
        self.creation = Creation(stack, self.removal)

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
        if digest_of(entry.type, properties) == entry.digest:
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
        elif not self.stack.rests():
            self.stack.settle()
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
            self.stack.journal.fail(failure.message)
            self.stack.settle()
            self.stack.note()

    def _steps(self, parsed: Template) -> Iterator[Callable[[], None]]:
        """The work that is still to do, each piece found only when those before are done."""
        shown = evaluation(self.stack, parsed, reveal=False)
        revealed = evaluation(self.stack, parsed, reveal=True)
        names: set[str] = set()
        for level in parsed.levels():
            resources = [parsed.resources[name] for name in level]
            wanted = [
                Wanted.of(parsed, each, shown.properties(each), revealed.properties(each))
                for each in resources
                if revealed.exists(each)
            ]
            names |= {each.logical_id for each in wanted}
            yield from self._level(wanted)
        for logical_id in [name for name in self.stack.journal.entries if name not in names]:
            self.stack.journal.leaving.append(self.stack.journal.entries.pop(logical_id))
        while self.stack.journal.leaving:
            yield self.removal.one
        self.removal.tidy()

    def _level(self, wanted: list[Wanted]) -> Iterator[Callable[[], None]]:
        """Resources that wait for no other: first all that is made, then what is changed."""
        entries = self.stack.journal.entries
        new: list[Wanted] = []
        changed: list[Wanted] = []
        for each in wanted:
            entry = entries.get(each.logical_id)
            if entry is None or entry.type != each.resource.type:
                new.append(each)
            elif entry.fresh and not _needs_replacement(entry, each.properties):
                continue
            elif entry.digest != each.digest:
                replace = self._is_replaced(entry, each)
                (new if replace else changed).append(each)
        yield from self._make(new)
        for each in wanted:
            if entries[each.logical_id].fresh:
                yield partial(self.creation.finish, entries[each.logical_id], each)
        for each in changed:
            yield partial(self._update, entries[each.logical_id], each)

    def _make(self, new: list[Wanted]) -> Iterator[Callable[[], None]]:
        known: list[Wanted] = []
        others: list[Wanted] = []
        for each in new:
            native = TYPES.get(each.resource.type)
            if native is not None and native.by_hand:
                yield partial(self.creation.by_hand, each)
            else:
                # A type that nobody knows may upset the emulator: it gets a change set of its own.
                (others if native is None else known).append(each)
        for part in [*in_parts(known), *([each] for each in others)]:
            yield partial(self.creation.together, part)

    def _is_replaced(self, entry: Entry, wanted: Wanted) -> bool:
        native = TYPES.get(entry.type)
        if native is None or entry.skipped:
            return True
        if not _needs_replacement(entry, wanted.properties) and native.updatable:
            return False
        self._refuse_same_name(entry, native, wanted.properties)
        return True

    def _update(self, entry: Entry, wanted: Wanted) -> None:
        native = TYPES[entry.type]
        self.stack.tell(entry, "UPDATE_IN_PROGRESS")
        try:
            native.update(
                self.stack.aws, Made(entry.physical_id, entry.properties), wanted.properties
            )
        except NotUpdatable:
            # Only this change of it cannot be made in place.
            self._refuse_same_name(entry, native, wanted.properties)
            for step in self._make([wanted]):
                step()
            new = self.stack.journal.entries[wanted.logical_id]
            if new.fresh:
                self.creation.finish(new, wanted)
            return
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
