"""The two worlds that a state machine runs in: the engine of one machine, and Step Functions of the
emulator. Each carries out a scenario with the same stand-in for all functions."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from dharma.adapters.aws.clients import Clients
from dharma.adapters.aws.step_functions import StepFunctions
from dharma.adapters.local.workflows import LocalWorkflows
from dharma.core.errors import NotFound
from dharma.core.workflows import Workflows
from dharma_local.engine.definition import load_definition
from dharma_local.engine.execution import Execution
from dharma_local.engine.journal import Journal
from dharma_local.engine.tasks import LambdaTasks
from dharma_local.template import Function, function_arn
from dharma_local.workers.pool import WorkerPool

from . import functions
from .emulator import ACCOUNT, REGION, Emulator
from .scenario import Decision, Outcome, Scenario, outcome

HERE = Path(__file__).parent
# Seconds that the stand-in may take, as a function.
FUNCTION_TIMEOUT = 3
LONGEST_RUN = 120
_LOOK_EVERY = 0.02


class Script:
    """The folder through which a scenario and the stand-in know of each other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)

    def write(self, scenario: Scenario, answers: Mapping[str, Any]) -> None:
        (self.folder / f"{scenario.id}.json").write_text(json.dumps(answers))

    def calls(self, scenario: Scenario) -> list[Any]:
        file = self.folder / f"{scenario.id}.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def token(self, scenario: Scenario, answers: Mapping[str, Any]) -> str | None:
        """Of the last call that was handed one and did not fail."""
        held = [call for call in self.calls(scenario) if "taskToken" in call]
        tokens = [
            call["taskToken"]
            for number, call in enumerate(held)
            if "raise" not in answers[call["step"]][min(number, len(answers[call["step"]]) - 1)]
        ]
        return tokens[-1] if tokens else None


def decided(workflows: Workflows, decision: Decision, execution: str, token: str | None) -> bool:
    """Whether a task waited, and has its answer now."""
    if token is None:
        return False
    if decision.stop:
        workflows.stop(execution, decision.error, decision.cause)
        return True
    try:
        if decision.error:
            workflows.fail(token, decision.error, decision.cause)
        else:
            workflows.succeed(token, decision.output)
    except NotFound:
        return False  # that of an attempt which failed; the next one has another
    return True


class LocalWorld:
    """The engine's own parts: journal, execution, task invocation, worker processes. Only time is
    the test's: waits and pauses take none."""

    def __init__(self, folder: Path) -> None:
        self.script = Script(folder / "script")
        self._file = folder / "engine.sqlite3"
        self._workflows = LocalWorkflows(self._file)
        self._slept = 0.0
        self._journal = Journal(self._file, self._now)
        self._runner = asyncio.Runner()
        self._pool: WorkerPool | None = None

    def close(self) -> None:
        if self._pool is not None:
            self._runner.run(self._pool.close())
        self._runner.close()

    def run(self, scenario: Scenario, answers: Mapping[str, Any]) -> Outcome:
        self.script.write(scenario, answers)
        return self._runner.run(self._run(scenario, answers))

    async def _run(self, scenario: Scenario, answers: Mapping[str, Any]) -> Outcome:
        if self._pool is None:
            variables = {"STAND_IN_FOLDER": str(self.script.folder)}
            self._pool = WorkerPool(HERE, environment=variables)
        function = Function("StandIn", "stand_in.handler", FUNCTION_TIMEOUT, 128, {})
        text = scenario.definition(function_arn("StandIn"))
        machine = load_definition(text, scenario.machine)
        identifier = self._workflows.start(scenario.machine, scenario.id, scenario.input)
        (run,) = self._journal.new_executions()
        run.started_at = self._now()
        self._journal.take_up(run, text, machine.start_at)
        execution = Execution(
            run,
            machine,
            self._journal,
            LambdaTasks({"StandIn": function}, self._pool),
            now=self._now,
            sleep=self._sleep,
        )
        life = asyncio.create_task(execution.live())
        if scenario.decision is not None:
            asking = partial(self.script.token, scenario, answers)
            await self._decide(asking, scenario.decision, execution, life)
        async with asyncio.timeout(LONGEST_RUN):
            await asyncio.wait({life})
        if not life.cancelled():
            life.result()
        told = self._workflows.describe(identifier)
        return outcome(told, self._states(identifier), self.script.calls(scenario))

    async def _decide(
        self,
        asking: Callable[[], str | None],
        decision: Decision,
        execution: Execution,
        life: asyncio.Task[None],
    ) -> None:
        async with asyncio.timeout(LONGEST_RUN):
            while not decided(self._workflows, decision, execution.run.arn, asking()):
                if life.done():
                    return
                await asyncio.sleep(_LOOK_EVERY)
        if token := asking():
            execution.token_answered(token)
        for _, said in self._journal.stop_requests():
            life.cancel()
            execution.abort(said["error"], said["cause"])

    def _states(self, identifier: str) -> list[tuple[str, Any]]:
        with sqlite3.connect(self._file) as database:
            rows = database.execute(
                "SELECT h.details FROM history h JOIN executions e ON e.id = h.execution"
                " WHERE e.name = ? AND h.type = 'StateEntered' ORDER BY h.seq",
                (identifier.rsplit(":", 1)[-1],),
            ).fetchall()
        return [(said["name"], said["input"]) for (text,) in rows if (said := json.loads(text))]

    def _now(self) -> float:
        return time.time() + self._slept

    async def _sleep(self, seconds: float) -> None:
        self._slept += seconds
        await asyncio.sleep(0)


class EmulatorWorld:
    """Step Functions of the emulator, through the product's own adapter and clients."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.script = Script(folder / "script")
        self._client = Clients()["stepfunctions"]
        prefix = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:"
        self._workflows = StepFunctions(self._client, prefix)
        self._function = functions.create(
            emulator,
            "stand-in",
            HERE / "stand_in.py",
            "stand_in.handler",
            timeout=FUNCTION_TIMEOUT,
            STAND_IN_FOLDER=str(self.script.folder),
        )

    def run(self, scenario: Scenario, answers: Mapping[str, Any]) -> Outcome:
        self.script.write(scenario, answers)
        self._client.create_state_machine(
            name=scenario.id,
            definition=scenario.definition(self._function),
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/any",
        )
        execution = self._workflows.start(scenario.id, scenario.id, scenario.input)
        if scenario.decision is not None:
            asking = partial(self.script.token, scenario, answers)
            self._decide(asking, scenario.decision, execution)
        patience = time.monotonic() + LONGEST_RUN
        while (told := self._workflows.describe(execution)).status == "RUNNING":
            assert time.monotonic() < patience, f"{scenario.id} does not end on the emulator"
            time.sleep(_LOOK_EVERY)
        return outcome(told, self._states(execution), self.script.calls(scenario))

    def _decide(self, asking: Callable[[], str | None], decision: Decision, execution: str) -> None:
        patience = time.monotonic() + LONGEST_RUN
        while not decided(self._workflows, decision, execution, asking()):
            assert time.monotonic() < patience, f"{execution} asks nobody"
            if self._workflows.describe(execution).status != "RUNNING":
                return
            time.sleep(_LOOK_EVERY)

    def _states(self, execution: str) -> list[tuple[str, Any]]:
        found = []
        pages = self._client.get_paginator("get_execution_history").paginate(executionArn=execution)
        for page in pages:
            for event in page["events"]:
                if event["type"].endswith("StateEntered"):
                    said = event["stateEnteredEventDetails"]
                    found.append((said["name"], json.loads(said["input"])))
        return found
