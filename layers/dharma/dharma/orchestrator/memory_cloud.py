"""`DeploymentTarget` in memory: the fake for tests, with failures on demand.

A template is JSON like CloudFormation's: `{"Resources": {"Queue": {"Type": ..., "Properties":
{...}}}, "Outputs": {"name": {"Value": ...}}}`; of the intrinsics it knows references to parameters.
Resources are made one per
look (`status`), in the template's order, so that a test sees a change half done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from dharma.core.errors import DeploymentFailed, Unavailable
from dharma.orchestrator.clouds import (
    ChangeRequest,
    Difference,
    NativeChange,
    NativeEvent,
    NativePlan,
    NativeResource,
    StackContent,
    StackStatus,
    StackTemplate,
)

Content = dict[str, dict[str, Any]]


@dataclass(slots=True)
class _Work:
    """A change under way: what is still to be done, and how it stands."""

    change: str
    todo: list[tuple[str, dict[str, Any] | None]]
    template: StackTemplate | None
    total: int
    phase: Literal["running", "succeeded", "failed", "gone"] = "running"
    reason: str = ""


@dataclass(slots=True)
class _Stack:
    content: Content = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    work: _Work | None = None
    events: dict[str, list[NativeEvent]] = field(default_factory=dict)
    serial: int = 0


@dataclass(slots=True)
class MemoryCloud:
    """`refuses` holds logical ids whose creation or change fails, `stubborn` those that cannot be
    deleted, `forgets` those whose properties the cloud keeps wrongly; `unavailable` counts calls
    that are answered with `Unavailable` before the cloud works again."""

    refuses: set[str] = field(default_factory=set)
    stubborn: set[str] = field(default_factory=set)
    forgets: set[str] = field(default_factory=set)
    surprises: tuple[NativeChange, ...] = ()
    unavailable: int = 0
    stacks: dict[str, _Stack] = field(default_factory=dict)
    prepared: dict[str, ChangeRequest] = field(default_factory=dict)
    executions: list[str] = field(default_factory=list)
    pause: int = 2

    def prepare(self, change: ChangeRequest) -> NativePlan:
        self._answer()
        self.prepared[change.name] = change
        there = self._content(change.stack)
        wanted = _resources(change.template)
        changes = [
            NativeChange(name, wanted[name]["Type"], "create")
            for name in wanted.keys() - there.keys()
        ]
        changes += [
            NativeChange(name, wanted[name]["Type"], "update")
            for name in wanted.keys() & there.keys()
            if wanted[name] != there[name]
        ]
        changes += [
            NativeChange(name, there[name]["Type"], "delete")
            for name in there.keys() - wanted.keys()
        ]
        ordered = sorted(changes, key=lambda each: each.logical_id)
        return NativePlan((*ordered, *self.surprises))

    def execute(self, change: ChangeRequest) -> None:
        self._answer()
        if change.name not in self.prepared:
            raise DeploymentFailed(f"the change {change.name} was not prepared")
        self._begin(change)

    def restore(self, change: ChangeRequest) -> None:
        self._answer()
        self._begin(change)

    def _begin(self, change: ChangeRequest) -> None:
        stack = self.stacks.setdefault(change.stack, _Stack())
        if change.name in stack.events:
            return
        self.executions.append(change.name)
        stack.events[change.name] = []
        wanted = _resources(change.template)
        todo: list[tuple[str, dict[str, Any] | None]] = [
            (name, body) for name, body in wanted.items() if stack.content.get(name) != body
        ]
        todo += [(name, None) for name in stack.content if name not in wanted]
        stack.work = _Work(change.name, todo, change.template, len(todo))

    def delete(self, stack: str, change: str) -> None:
        self._answer()
        found = self.stacks.get(stack)
        if found is None or change in found.events:
            return
        self.executions.append(change)
        found.events[change] = []
        todo: list[tuple[str, dict[str, Any] | None]] = [(name, None) for name in found.content]
        found.work = _Work(change, todo, None, len(todo))

    def discard(self, change: ChangeRequest) -> None:
        self._answer()
        self.prepared.pop(change.name, None)

    def status(self, stack: str, change: str | None = None) -> StackStatus:
        self._answer()
        found = self.stacks.get(stack)
        if found is None or found.work is None:
            return StackStatus("absent")
        work = found.work
        if work.phase == "running":
            self._do_one(stack, found, work)
        done = work.total - len(work.todo)
        if work.phase == "gone":
            del self.stacks[stack]
            return StackStatus("absent", done=done, total=work.total)
        return StackStatus(
            work.phase,
            native=work.phase.upper(),
            reason=work.reason,
            done=done,
            total=work.total,
        )

    def _do_one(self, name: str, stack: _Stack, work: _Work) -> None:
        if not work.todo:
            work.phase = "gone" if work.template is None else "succeeded"
            if work.template is not None:
                stack.outputs = _outputs(work.template)
            return
        logical_id, body = work.todo[0]
        refused = logical_id in (self.stubborn if body is None else self.refuses)
        if refused:
            work.phase, work.reason = "failed", f"{logical_id}: refused by the cloud"
            self._tell(stack, work.change, logical_id, "FAILED", body)
            return
        work.todo.pop(0)
        if body is None:
            gone = stack.content.pop(logical_id)
            self._tell(stack, work.change, logical_id, "DELETE_COMPLETE", gone)
        else:
            verb = "UPDATE" if logical_id in stack.content else "CREATE"
            stack.content[logical_id] = body
            self._tell(stack, work.change, logical_id, f"{verb}_COMPLETE", body)

    def _tell(
        self, stack: _Stack, change: str, logical_id: str, status: str, body: dict[str, Any] | None
    ) -> None:
        stack.serial += 1
        kind = "" if body is None else body["Type"]
        stack.events[change].append(
            NativeEvent(str(stack.serial), "", logical_id, kind, status, "", f"p-{logical_id}")
        )

    def events(self, stack: str, change: str) -> list[NativeEvent]:
        self._answer()
        found = self.stacks.get(stack)
        return [] if found is None else list(found.events.get(change, []))

    def content(self, stack: str) -> StackContent | None:
        self._answer()
        found = self.stacks.get(stack)
        if found is None:
            return None
        return StackContent(tuple(self._native(found.content)), dict(found.outputs))

    def verify(self, stack: str, template: StackTemplate) -> list[Difference]:
        self._answer()
        there, wanted = self._content(stack), _resources(template)
        differences = [
            Difference("missing", name, "", "present", "")
            for name in sorted(wanted.keys() - there.keys())
        ]
        differences += [
            Difference("unexpected", name, "", "gone", f"p-{name}")
            for name in sorted(there.keys() - wanted.keys())
        ]
        differences += [
            Difference("different", name, "Properties", str(wanted[name]), str(there[name]))
            for name in sorted(wanted.keys() & there.keys())
            if wanted[name] != there[name] or name in self.forgets
        ]
        return differences

    def leftovers(
        self, stack: str, recorded: tuple[NativeResource, ...] = ()
    ) -> list[NativeResource]:
        self._answer()
        # Nothing exists here outside of stacks, so what was recorded adds nothing.
        return list(self._native(self._content(stack)))

    def _answer(self) -> None:
        if self.unavailable > 0:
            self.unavailable -= 1
            raise Unavailable("the cloud does not answer")

    def _content(self, stack: str) -> Content:
        found = self.stacks.get(stack)
        return {} if found is None else found.content

    @staticmethod
    def _native(content: Content) -> Iterator[NativeResource]:
        for name, body in content.items():
            yield NativeResource(name, f"p-{name}", body["Type"], "CREATE_COMPLETE")


def _resources(template: StackTemplate) -> Content:
    resources = _filled(json.loads(template.body)["Resources"], template.parameters)
    assert isinstance(resources, dict)
    return resources


def _filled(node: Any, parameters: dict[str, str]) -> Any:
    """References to parameters replaced by their values."""
    if isinstance(node, dict):
        if node.keys() == {"Ref"} and node["Ref"] in parameters:
            return parameters[node["Ref"]]
        return {key: _filled(member, parameters) for key, member in node.items()}
    if isinstance(node, list):
        return [_filled(element, parameters) for element in node]
    return node


def _outputs(template: StackTemplate) -> dict[str, str]:
    outputs: dict[str, Any] = json.loads(template.body).get("Outputs", {})
    return {name: str(output["Value"]) for name, output in outputs.items()}
