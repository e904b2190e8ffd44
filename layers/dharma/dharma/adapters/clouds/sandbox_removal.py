"""Removing resources from the sandbox, in an order in which they let themselves be removed."""

from __future__ import annotations

import time

from botocore.exceptions import ClientError

from dharma.adapters.aws_errors import message_of
from dharma.adapters.clouds.aws_clients import is_missing
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
        elif not self.stack.rests():
            self.stack.settle()
        try:
            while self.stack.journal.leaving:
                self.one()
                if time.monotonic() > deadline:
                    self.stack.note()
                    return
        except ClientError as error:
            self.stack.journal.fail(message_of(error))
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

    def tidy(self) -> None:
        """Take the bodies of what is gone out of the emulator's template.

        The emulator's own deletion may stumble over a resource that is gone already. Then the
        bodies of its type stay, and mean nothing.
        """
        present = {entry.name for entry in self.stack.journal.everything()}
        gone = self.stack.bodies.keys() - present - set(self.stack.journal.stale)
        if not gone or self._forget(gone):
            return
        kinds: dict[str, set[str]] = {}
        for name in gone:
            kinds.setdefault(self.stack.bodies[name]["Type"], set()).add(name)
        if len(kinds) > 1:
            for _, names in sorted(kinds.items()):
                self._forget(names)
        self.stack.journal.stale += sorted(gone & self.stack.bodies.keys())
        self.stack.note()

    def _forget(self, names: set[str]) -> bool:
        bodies, stale = dict(self.stack.bodies), list(self.stack.journal.stale)
        for name in names:
            del self.stack.bodies[name]
        self.stack.journal.stale += sorted(names)
        try:
            self.stack.submit({})
        except (ClientError, DeploymentFailed):
            self.stack.bodies, self.stack.journal.stale = bodies, stale
            return False
        return True
