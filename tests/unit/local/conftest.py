"""A state machine run in the test's process, with functions that are plain Python."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dharma.adapters.local.workflows import LocalWorkflows
from dharma.core.workflows import Execution as Told
from dharma_local.engine.definition import INVOKE, load_definition
from dharma_local.engine.errors import StateError
from dharma_local.engine.execution import Execution
from dharma_local.engine.journal import Journal

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:Step"


class Time:
    """Stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.at = 1_767_225_600.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds
        await asyncio.sleep(0)


class PythonTasks:
    """`answer(payload)` is the function; an exception is its failure by class name."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.answer = answer
        self.calls: list[tuple[Any, Mapping[str, Any]]] = []

    async def invoke(
        self, arguments: Mapping[str, Any], client_context: Mapping[str, Any]
    ) -> dict[str, Any]:
        payload = arguments.get("Payload", {})
        self.calls.append((payload, dict(client_context)))
        await asyncio.sleep(0)
        try:
            result = self.answer(payload)
            if asyncio.iscoroutine(result):
                result = await result
        except LookupError as error:
            raise StateError(type(error).__name__, str(error), task=True) from error
        return {"ExecutedVersion": "$LATEST", "Payload": result, "StatusCode": 200}


class Machines:
    """Runs definitions on a journal in a file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "engine.sqlite3"
        self.time = Time()
        self.journal = Journal(self.path, self.time.now)
        self.workflows = LocalWorkflows(self.path)
        self.tasks = PythonTasks(lambda payload: payload)
        self._count = 0

    def begin(self, document: dict[str, Any], value: Any) -> Execution:
        self._count += 1
        text = json.dumps(document)
        machine = load_definition(text, "test.asl.json")
        self.workflows.start("test", f"run-{self._count}", value)
        run = self.journal.new_executions()[0]
        run.started_at = self.time.at
        self.journal.take_up(run, text, machine.start_at)
        return Execution(
            run,
            machine,
            self.journal,
            self.tasks,
            now=self.time.now,
            chance=lambda: 0.5,
            sleep=self.time.sleep,
        )

    def run(
        self, document: dict[str, Any], value: Any, answer: Callable[[Any], Any] | None = None
    ) -> Told:
        if answer is not None:
            self.tasks.answer = answer
        execution = self.begin(document, value)
        asyncio.run(execution.live())
        return self.workflows.describe(execution.run.arn)

    def history(self, told: Told) -> list[tuple[str, str]]:
        return [
            (event["type"], event["details"].get("name", ""))
            for event in self.workflows.history(told.id)
        ]


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    return Machines(tmp_path)


def one_state(state: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": state, **others}}


def task(**fields: Any) -> dict[str, Any]:
    """A Task that hands its whole input to the function."""
    parameters = {"FunctionName": FUNCTION, "Payload.$": "$"}
    state = {"Type": "Task", "Resource": INVOKE, "Parameters": parameters, **fields}
    return state if "Next" in state else {**state, "End": True}


@pytest.fixture(name="one_state")
def _one_state() -> Callable[..., dict[str, Any]]:
    return one_state


@pytest.fixture(name="task")
def _task() -> Callable[..., dict[str, Any]]:
    return task
