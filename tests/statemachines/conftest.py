"""The deploy state machine on the local engine, every part in the test's process: the functions of
the template, the store and the cloud in memory, the policies' worker process. A run takes some
tenths of a second; waiting takes none."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dharma import bootstrap
from dharma.adapters.local.workflows import LocalWorkflows
from dharma.blueprint.environment_record import EnvironmentChange
from dharma.blueprint.source import load_blueprint
from dharma.bootstrap import Application
from dharma.core.clock import FixedClock
from dharma.core.errors import DharmaError
from dharma.core.principal import Principal
from dharma.core.project_files import find
from dharma.core.settings import Settings
from dharma.core.workflows import Execution as Told
from dharma.orchestrator.clouds import DeploymentTarget
from dharma.orchestrator.memory_cloud import MemoryCloud
from dharma.orchestrator.models import Deployment, DeploymentRequest
from dharma_local.engine.definition import load_definition
from dharma_local.engine.errors import StateError
from dharma_local.engine.execution import Execution
from dharma_local.engine.journal import Journal
from tests.world import parts_of_the_world, with_answers_sent

ADA = Principal("ada", "acme", frozenset({"admin"}))
BLUEPRINT = """
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
variables:
  - {name: timeout, type: number, default: 30}
  - {name: word, type: string, sensitive: true, default: ""}
resources:
  - name: jobs
    type: aws_sqs_queue
    properties:
      visibility_timeout_seconds: ${var.timeout}
      sqs_managed_sse_enabled: true
  - name: events
    type: aws_sqs_queue
    properties: {sqs_managed_sse_enabled: true}
  - name: web
    type: aws_cloudwatch_log_group
    properties: {retention_in_days: 30}
outputs:
  - {name: queue_arn, value: "${aws_sqs_queue.jobs.arn}"}
"""


@dataclass
class Receiver:
    """Webhooks that were sent. `answers` are status codes or failures, the last one for ever."""

    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    answers: list[int | DharmaError] = field(default_factory=lambda: [204])

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.sent.append((url, body, dict(headers)))
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, DharmaError):
            raise answer
        return answer


@dataclass
class OneCloud:
    cloud: DeploymentTarget

    def target(self, _environment: object) -> DeploymentTarget:
        return self.cloud


class Time:
    """Moves when the engine sleeps, and the application's clock with it."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock

    def now(self) -> float:
        return self.clock.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        await asyncio.sleep(0)


class Stage:
    """An installation in memory. `before` and `after` run around each step by its name: raise there
    to break a deployment; `decide` is called when it asks for approval."""

    def __init__(self, folder: Path, clock: FixedClock, world: dict[str, Any]) -> None:
        self.clock = clock
        self.store = world["store"]
        self.cloud = MemoryCloud()
        self.receiver = Receiver()
        self.time = Time(self.clock)
        self.workflows = LocalWorkflows(folder / "engine.sqlite3")
        self.journal = Journal(folder / "engine.sqlite3", self.time.now)
        settings = Settings.from_environment(
            {
                "DHARMA_RUNTIME": "local",
                "DHARMA_STATE_DIR": str(folder),
                "DHARMA_LOG_LEVEL": "ERROR",
            }
        )
        self.application = Application(
            settings,
            clock=self.clock,
            workflows=with_answers_sent(self.workflows),
            **world,
            targets=OneCloud(self.cloud),
            webhooks=self.receiver,
        )
        self.before: dict[str, Callable[[], None]] = {}
        self.after: dict[str, Callable[[], None]] = {}
        self.decide: Callable[[Deployment], object] = self.approve
        self.steps: list[str] = []
        self.executing: Execution | None = None
        self.application.environments.create(
            ADA,
            "prod",
            EnvironmentChange(
                policy_mode="warning", webhook_url="http://127.0.0.1:9/hook", webhook_secret="k"
            ),
        )

    @property
    def orchestrator(self) -> Any:
        return self.application.orchestrator

    def approve(self, deployment: Deployment) -> None:
        self.orchestrator.approve(deployment.id, ADA)

    def ask(self, text: str = BLUEPRINT, **request: Any) -> Deployment:
        asked = DeploymentRequest("prod", load_blueprint(text), **request)
        deployment: Deployment = self.orchestrator.deploy(asked, ADA)
        return deployment

    def deploy(self, text: str = BLUEPRINT, **request: Any) -> Deployment:
        """Ask for a deployment and carry it to its end."""
        return self.carry(self.ask(text, **{"auto_approve": True, **request}))

    def carry(self, deployment: Deployment) -> Deployment:
        self.run(deployment)
        return self.read(deployment)

    def read(self, deployment: Deployment) -> Deployment:
        found: Deployment = self.orchestrator.read(deployment.id, ADA)
        return found

    def run(self, deployment: Deployment, name: str | None = None) -> Told:
        """The state machine for a deployment, as the event that asked for it starts it."""
        self.steps = []
        text = self._definition()
        machine = load_definition(text, "deploy.asl.json")
        event = {"deploymentId": deployment.id, "tenant": "acme"}
        self.workflows.start("deploy", name or f"run-{deployment.id}", event)
        run = self.journal.new_executions()[0]
        run.started_at = self.time.now()
        self.journal.take_up(run, text, machine.start_at)
        self.executing = Execution(
            run, machine, self.journal, self, now=self.time.now, sleep=self.time.sleep
        )
        asyncio.run(self.executing.live())
        return self.workflows.describe(run.arn)

    @staticmethod
    def _definition() -> str:
        text = (find("statemachines") / "deploy.asl.json").read_text()
        for name in ("Orchestrator", "Guardrails", "Generator", "Costing"):
            text = text.replace(f"${{{name}Tasks}}", f"functions.{name.lower()}.tasks")
        return text

    async def invoke(
        self, arguments: Mapping[str, Any], _client_context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What Lambda would do, in this process."""
        payload = json.loads(json.dumps(arguments["Payload"]))
        step = payload["step"]
        self.steps.append(step)
        handler = importlib.import_module(arguments["FunctionName"]).handler
        try:
            self.before.get(step, lambda: None)()
            result = handler(payload, None)
            self.after.get(step, lambda: None)()
        except DharmaError as error:
            cause = {"errorMessage": str(error), "errorType": error.code}
            raise StateError(error.code, json.dumps(cause), task=True) from error
        if step == "approve":
            asyncio.get_running_loop().call_soon(self._decide, payload)
        return {"Payload": json.loads(json.dumps(result)), "StatusCode": 200}

    def _decide(self, payload: dict[str, Any]) -> None:
        self.decide(self.orchestrator.read(payload["deploymentId"], ADA))
        assert self.executing is not None
        self.executing.token_answered(payload["taskToken"])

    @property
    def locked_by(self) -> str:
        from dharma.orchestrator.locks import EnvironmentLocks

        return EnvironmentLocks(self.store, self.clock).read("acme", "prod").held_by

    @property
    def content(self) -> dict[str, Any]:
        """What the cloud has: properties by stack and logical id."""
        return {
            name: {k: v.get("Properties") for k, v in sorted(stack.content.items())}
            for name, stack in self.cloud.stacks.items()
        }

    @property
    def events(self) -> list[str]:
        return [event.type for event in self.store.pending(1000)]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    clock = FixedClock()
    with parts_of_the_world(tmp_path, clock) as world:
        made = Stage(tmp_path, clock, world)
        before = bootstrap.use(made.application)
        yield made
        bootstrap.use(before)
