"""Running state machines: Step Functions on AWS, the engine on one machine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from dharma.core.errors import Conflict, NotFound

ExecutionStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a state machine; the field names are Step Functions'."""

    id: str
    machine: str
    name: str
    status: ExecutionStatus
    input: dict[str, Any]
    output: Any = None
    error: str | None = None
    cause: str | None = None


class Workflows(Protocol):
    def start(self, machine: str, name: str, input: dict[str, Any]) -> str:
        """Start a machine (`deploy`) and return the execution's id.

        Idempotent: the same name and input give the execution that exists, the same name with
        another input raises `Conflict`. `input` has at most 256 KB as JSON.
        """
        ...

    def succeed(self, token: str, output: Any) -> None:
        """Go on behind a state that waits for this task token. `NotFound` when nothing waits."""
        ...

    def fail(self, token: str, error: str, cause: str) -> None: ...

    def stop(self, execution: str, error: str = "Stopped", cause: str = "") -> None:
        """Abort; nothing happens to an execution that has ended."""
        ...

    def describe(self, execution: str) -> Execution:
        """Raise `NotFound`."""
        ...


@dataclass(slots=True)
class MemoryWorkflows:
    """The fake: remembers what was started and answered, runs nothing.

    A test opens a waiting state with `wait(token)` and ends an execution with `finish`.
    """

    executions: dict[str, Execution] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    answers: list[tuple[str, str, Any]] = field(default_factory=list)

    def start(self, machine: str, name: str, input: dict[str, Any]) -> str:
        identifier = f"{machine}:{name}"
        known = self.executions.get(identifier)
        if known is not None and known.input != input:
            raise Conflict(f"the execution {identifier} exists with another input")
        if known is None:
            self.executions[identifier] = Execution(identifier, machine, name, "RUNNING", input)
        return identifier

    def succeed(self, token: str, output: Any) -> None:
        self._take(token)
        self.answers.append((token, "succeeded", output))

    def fail(self, token: str, error: str, cause: str) -> None:
        self._take(token)
        self.answers.append((token, error, cause))

    def stop(self, execution: str, error: str = "Stopped", cause: str = "") -> None:
        found = self.describe(execution)
        if found.status == "RUNNING":
            self.executions[execution] = replace(found, status="ABORTED", error=error, cause=cause)

    def describe(self, execution: str) -> Execution:
        if execution not in self.executions:
            raise NotFound(f"there is no execution {execution}")
        return self.executions[execution]

    def wait(self, token: str) -> None:
        self.waiting.add(token)

    def finish(self, execution: str, output: Any) -> None:
        found = self.describe(execution)
        self.executions[execution] = replace(found, status="SUCCEEDED", output=output)

    def _take(self, token: str) -> None:
        if token not in self.waiting:
            raise NotFound("nothing waits for this task token")
        self.waiting.discard(token)
