"""Removing resources from the sandbox, in an order in which they let themselves be removed."""

from __future__ import annotations

import time

from botocore.exceptions import ClientError

from dharma.adapters.clouds.aws_clients import is_missing, message_of
from dharma.adapters.clouds.sandbox_emulator import EmulatedStack
from dharma.adapters.clouds.sandbox_journal import Entry
from dharma.adapters.clouds.sandbox_types import TYPES
from dharma.adapters.clouds.sandbox_types.native_type import Made
from dharma.core.errors import DeploymentFailed


class Removal:
    """Works on what is `leaving` in the journal."""

    def __init__(self, stack: EmulatedStack) -> None:
        self.stack = stack

    def everything(self, change: str, deadline: float) -> None:
        if self.stack.journal.change != change:
            self.stack.settle()
            self.stack.journal.begin(change, len(list(self.stack.journal.everything())))
            self.stack.journal.leaving += self.stack.journal.entries.values()
            self.stack.journal.entries = {}
        elif self.stack.journal.phase == "failed":
            return
        try:
            while self.stack.journal.leaving:
                self.one()
                if time.monotonic() > deadline:
                    self.stack.note()
                    return
        except ClientError as error:
            self.stack.journal.phase, self.stack.journal.reason = "failed", message_of(error)
            self.stack.note()
            return
        if not self.stack.journal.emptied:
            # One look more for whoever follows the events, before they go with the stack.
            self.stack.journal.emptied = True
            self.stack.note()
            return
        self.stack.drop()

    def one(self) -> None:
        """Remove the youngest leaving resource that lets itself be removed."""
        last: ClientError | None = None
        for entry in sorted(self.stack.journal.leaving, key=lambda each: -each.number):
            try:
                self._remove(entry)
            except ClientError as error:
                last = error
                continue
            return
        if last is not None:
            entry = max(self.stack.journal.leaving, key=lambda each: each.number)
            self.stack.tell(entry, "DELETE_FAILED", message_of(last))
            raise last

    def _remove(self, entry: Entry) -> None:
        keep = entry.retain and self.stack.journal.completed
        if not keep and not entry.skipped:
            self.stack.tell(entry, "DELETE_IN_PROGRESS")
            self.destroy(entry)
        self.stack.journal.leaving.remove(entry)
        if keep:
            # Its body stays in the emulator's template, which would delete it otherwise.
            self.stack.journal.stale.append(entry.name)
        elif entry.name in self.stack.bodies:
            self.forget(entry)
        status = "DELETE_SKIPPED" if keep or entry.skipped else "DELETE_COMPLETE"
        self.stack.tell(entry, status)

    def destroy(self, entry: Entry) -> None:
        native = TYPES.get(entry.type)
        if native is None:
            return
        made = Made(entry.physical_id, entry.properties)
        if native.read(self.stack.aws, made) is None:
            return
        try:
            native.delete(self.stack.aws, made)
        except ClientError as error:
            if not is_missing(error):
                raise

    def forget(self, entry: Entry) -> None:
        """Take a body out of the emulator's template. The resource is gone already, so the
        emulator's own deletion may stumble; the body then stays, and means nothing."""
        body = self.stack.bodies.pop(entry.name)
        self.stack.journal.stale.append(entry.name)
        try:
            self.stack.submit({})
        except (ClientError, DeploymentFailed):
            self.stack.bodies[entry.name] = body
            self.stack.note()
