"""The port to a cloud that can be deployed into.

A target works on *stacks*: the named set of native resources that one blueprint has in one
environment. A change is prepared (the cloud says what it would do), executed (returns at once) and
watched. Every call may be repeated: a change is identified by its name, which the caller derives
from run and attempt, and what was already done is found, not done twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

NativeAction = Literal["create", "update", "replace", "delete"]
Phase = Literal["absent", "prepared", "running", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class StackTemplate:
    """What a stack should be: the native template, the values of its parameters (those in `secrets`
    are never shown) and tags for everything in it."""

    body: str
    parameters: dict[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """Bring `stack` to `template`. `name` identifies the change for good."""

    stack: str
    name: str
    template: StackTemplate


@dataclass(frozen=True, slots=True)
class NativeChange:
    """What the cloud itself announces for one resource. `update` may turn out to be a replacement
    when the cloud says so only conditionally: `conditional`."""

    logical_id: str
    type: str
    action: NativeAction
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class NativePlan:
    changes: tuple[NativeChange, ...]


@dataclass(frozen=True, slots=True)
class NativeResource:
    """One resource that exists. `physical_id` is the cloud's own name of it."""

    logical_id: str
    physical_id: str
    type: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class NativeEvent:
    """Something that happened to one resource; `id` is unique, `time` RFC 3339."""

    id: str
    time: str
    logical_id: str
    type: str
    status: str
    reason: str = ""
    physical_id: str = ""


@dataclass(frozen=True, slots=True)
class StackStatus:
    """`phase` of the last change; `undone` says that the cloud itself already went back to what was
    there before; `native` is its own word (`UPDATE_ROLLBACK_COMPLETE`)."""

    phase: Phase
    native: str = ""
    reason: str = ""
    undone: bool = False
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class StackContent:
    resources: tuple[NativeResource, ...]
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected. `severity` is `missing`, `unexpected` or `different`;
    `noted` for a difference that may be the cloud's own doing (a fleet that scaled), `unverifiable`
    when the cloud does not tell (or does not keep) the value: those two stop nothing."""

    severity: Literal["missing", "unexpected", "different", "noted", "unverifiable"]
    logical_id: str
    path: str
    expected: str
    found: str

    @property
    def serious(self) -> bool:
        return self.severity not in ("noted", "unverifiable")


class DeploymentTarget(Protocol):
    """Raises `Unavailable` when the cloud does not answer (try again), `DeploymentFailed` with the
    cloud's reason when it refuses, `Forbidden` when the credentials do not suffice.

    `pause` is how many seconds a watcher leaves between two looks: 0 for a cloud that works only
    while it is called. AWS ends an execution after 25,000 events, and a look is nine of them.
    """

    @property
    def pause(self) -> int: ...

    def prepare(self, change: ChangeRequest) -> NativePlan:
        """Announce a change; changes nothing yet. Repeating it gives the same plan."""
        ...

    def execute(self, change: ChangeRequest) -> None:
        """Begin a prepared change; does nothing when it was already begun."""
        ...

    def status(self, stack: str, change: str | None = None) -> StackStatus:
        """How far the stack (or this very change of it) is. `absent` when there is none."""
        ...

    def events(self, stack: str, change: str) -> list[NativeEvent]:
        """What happened to single resources during this change, oldest first."""
        ...

    def content(self, stack: str) -> StackContent | None:
        """What exists now; None when there is no stack."""
        ...

    def restore(self, change: ChangeRequest) -> None:
        """Begin to put back an earlier template after a failed change of the stack."""
        ...

    def delete(self, stack: str, change: str) -> None:
        """Begin to remove the stack with all its resources, also a half-made one."""
        ...

    def discard(self, change: ChangeRequest) -> None:
        """Forget a prepared change that was never executed, and an empty stack made for it."""
        ...

    def verify(self, stack: str, template: StackTemplate) -> list[Difference]:
        """Compare what exists with what the template says, by asking each resource itself."""
        ...

    def leftovers(
        self, stack: str, recorded: tuple[NativeResource, ...] = ()
    ) -> list[NativeResource]:
        """What still exists of a stack that was removed: of its own resources and of those that
        were recorded elsewhere."""
        ...
