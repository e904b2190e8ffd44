"""Deployments into an emulated AWS account, by change sets, with what the emulator lacks.

An emulator's CloudFormation (moto) creates most resources well. But a failed change set leaves
behind what it made, an update forgets resources whose type cannot be updated, deletion skips types
without a word and fails on dependencies, and outputs of change sets never appear. So here a change
is carried out as on AWS, in small steps:

1. Resources are created by change sets, dependencies first; those that do not wait for one another
   share one. Each is then read back, and what the emulator dropped is set through the service
   (`sandbox_types`). The journal in the template's metadata says what exists.
2. A changed resource is updated through the service, or replaced if it must be.
3. Only when all of that succeeded, what is replaced or no longer wanted is removed, dependents
   first. So a failed change can always be put back: the old resources are still there.

The emulator has no worker of its own: `execute`, `restore` and `delete` each work for a few seconds
and return; calling them again goes on where they stopped, also after a kill at any point.
"""

from __future__ import annotations

import time

from dharma.adapters.clouds.aws_clients import AwsClients, translating
from dharma.adapters.clouds.sandbox_emulator import EmulatedStack
from dharma.adapters.clouds.sandbox_removal import Removal
from dharma.adapters.clouds.sandbox_stack import SandboxStack
from dharma.adapters.clouds.sandbox_verification import Verification, native_resource
from dharma.adapters.clouds.staged_templates import StagedTemplates
from dharma.core.clock import Clock
from dharma.orchestrator.clouds import (
    ChangeRequest,
    Difference,
    NativeEvent,
    NativePlan,
    NativeResource,
    StackContent,
    StackStatus,
    StackTemplate,
)

SLICE_SECONDS = 3.0


class SandboxTarget:
    """`DeploymentTarget` for an emulator behind the endpoint of `aws`."""

    pause = 0

    def __init__(
        self,
        aws: AwsClients,
        clock: Clock,
        slice_seconds: float = SLICE_SECONDS,
        staging: StagedTemplates | None = None,
    ) -> None:
        self._aws = aws
        self._clock = clock
        self._slice = slice_seconds
        self._staging = staging or StagedTemplates(aws)
        self._resting: dict[str, int] = {}

    def prepare(self, change: ChangeRequest) -> NativePlan:
        """Compares with the journal: the emulator's own change sets announce too little."""
        with translating():
            work = SandboxStack(self._stack(change.stack))
            return NativePlan(tuple(work.announce(change.template)))

    def execute(self, change: ChangeRequest) -> None:
        with translating():
            stack = self._stack(change.stack)
            begun = stack.exists and stack.journal.change == change.name
            if begun and stack.journal.phase != "running":
                return
            SandboxStack(stack).carry_on(change, self._deadline())

    def restore(self, change: ChangeRequest) -> None:
        self.execute(change)

    def delete(self, stack: str, change: str) -> None:
        with translating():
            found = self._stack(stack)
            if found.exists:
                Removal(found).everything(change, self._deadline())

    def discard(self, change: ChangeRequest) -> None:
        """Nothing was made while preparing."""

    def status(self, stack: str, change: str | None = None) -> StackStatus:
        with translating():
            found = self._stack(stack)
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
        with translating():
            found = self._stack(stack)
            if not found.exists or found.journal.change != change:
                return []
            return found.journal.told()

    def content(self, stack: str) -> StackContent | None:
        with translating():
            found = self._stack(stack)
            if not found.exists:
                return None
            resources = [native_resource(entry) for entry in found.journal.entries.values()]
            return StackContent(tuple(resources), dict(found.journal.outputs))

    def verify(self, stack: str, template: StackTemplate) -> list[Difference]:
        with translating():
            return list(Verification(self._stack(stack)).differences(template))

    def leftovers(
        self, stack: str, recorded: tuple[NativeResource, ...] = ()
    ) -> list[NativeResource]:
        with translating():
            return Verification(self._stack(stack)).leftovers(recorded)

    def _stack(self, name: str) -> EmulatedStack:
        return EmulatedStack(self._aws, self._clock, name, self._staging, self._resting)

    def _deadline(self) -> float:
        return time.monotonic() + self._slice
