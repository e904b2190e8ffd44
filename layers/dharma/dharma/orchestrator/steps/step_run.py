"""One run of one step: what it may use, and what is told of its beginning and end."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from dharma.blueprint.secrecy import Secret, secrets_between
from dharma.core.errors import Conflict, DeploymentCancelled, DharmaError, NotFound
from dharma.core.observability import bound
from dharma.core.redaction import redacted
from dharma.generator.cloudformation.parameters import parameter_value
from dharma.model.blueprint import Blueprint, ResolvedBlueprint
from dharma.model.expressions.nodes import Value
from dharma.orchestrator import variables
from dharma.orchestrator.artifacts import artifact_key, load_snapshot, to_json
from dharma.orchestrator.clouds import ChangeRequest, DeploymentTarget, StackTemplate
from dharma.orchestrator.locks import EnvironmentLocks
from dharma.orchestrator.models import Deployment
from dharma.orchestrator.ports import Environment, Ports
from dharma.orchestrator.repository import Appended, Deployments
from dharma.orchestrator.resolving import (
    deployed_state,
    opened_values,
    resolve_in,
    state_inputs,
)
from dharma.orchestrator.states import DeployedState, States, StateVersion

# Steps that clean up: they run for a deployment that was cancelled or has lost its lock.
CLOSING = frozenset({"undo", "undo_monitor", "undo_verify", "fail", "notify"})
MESSAGE_LIMIT = 2000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StepInput:
    """What the state machine says: identifiers, and behind a failed step its error."""

    step: str
    tenant: str
    deployment_id: str
    execution: str
    error: Mapping[str, str] | None = None
    task_token: str = ""
    undo_failed: bool = False

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> StepInput:
        return cls(
            step=event["step"],
            tenant=event["tenant"],
            deployment_id=event["deploymentId"],
            execution=event["execution"],
            error=event.get("error"),
            task_token=event.get("taskToken", ""),
            undo_failed=event.get("undoFailed", False),
        )


class StepRun:
    """Reads the deployment's inputs, writes its artifacts and its history."""

    def __init__(self, ports: Ports, said: StepInput, deployment: Deployment) -> None:
        self.ports = ports
        self.said = said
        self.deployment = deployment
        # Behind a failure the last step that began is the one that failed.
        self.previous_step = deployment.step
        self.deployments = Deployments(ports.store, ports.clock)
        self.locks = EnvironmentLocks(ports.store, ports.clock)
        self.states = States(ports.store)

    @cached_property
    def environment(self) -> Environment:
        return self.ports.environments.read(self.deployment.tenant, self.deployment.environment)

    @cached_property
    def target(self) -> DeploymentTarget:
        return self.ports.targets.target(self.environment)

    @cached_property
    def blueprint(self) -> Blueprint:
        return load_snapshot(self.ports.artifacts, self.key("blueprint.json"))

    @cached_property
    def values(self) -> dict[str, Value]:
        """The value of every variable, sensitive ones in the clear: never written anywhere."""
        d = self.deployment
        return opened_values(
            self.ports.sealer, self.blueprint, d.variables, d.sealed_variables, d.id
        )

    @cached_property
    def resolved(self) -> ResolvedBlueprint:
        return resolve_in(self.environment, self.deployment.stack, self.blueprint, self.values)

    @cached_property
    def present(self) -> StateVersion | None:
        """The newest state version of the stack, unless it has nothing."""
        d = self.deployment
        state = self.states.present(d.tenant, d.environment, d.stack)
        return None if state is None or state.destroyed else state

    @cached_property
    def deployed(self) -> DeployedState | None:
        """What is there, ready for planning."""
        return deployed_state(self.ports, self.environment, self.present)

    def key(self, name: str) -> str:
        return artifact_key(self.deployment.tenant, self.deployment.id, name)

    def read(self, name: str) -> Any:
        """A JSON artifact of this deployment; `NotFound` when no step wrote it."""
        return json.loads(self.ports.artifacts.get(self.key(name)))

    def find(self, name: str) -> Any:
        """The same, None when there is none."""
        try:
            return self.read(name)
        except NotFound:
            return None

    @cached_property
    def secrets(self) -> frozenset[Secret]:
        """What no history, message or document for people may show."""
        d = self.deployment
        if not d.sealed_variables:
            return frozenset()
        own = variables.unseal(self.ports.sealer, d.sealed_variables, d.id)
        try:
            return self.resolved.secrets
        except DharmaError:
            # Of a blueprint that cannot be resolved nothing is computed.
            return secrets_between({}, {}, own.values())

    def write(self, name: str, document: Any) -> None:
        self.ports.artifacts.put(self.key(name), to_json(document))

    def write_text(self, name: str, text: str) -> None:
        self.ports.artifacts.put(self.key(name), text.encode())

    def tell(self, type: str, data: dict[str, Any] | None = None) -> None:
        """Add one entry to the deployment's history."""
        self.append(Appended([(type, data or {})]))

    def append(self, what: Appended) -> None:
        d = self.deployment
        entries = [
            (type, redacted(data, self.secrets) if data else data) for type, data in what.entries
        ]
        shown = replace(what, entries=entries)
        self.deployment = self.deployments.append(d.tenant, d.id, lambda _: shown)

    def hide_secrets(self, error: Exception) -> None:
        """An error's message quotes values, and is kept in many places."""
        error.args = tuple(redacted(list(error.args), self.secrets))
        if isinstance(error, DharmaError):
            error.message = redacted(error.message, self.secrets)
            error.faults = tuple(
                replace(
                    fault,
                    message=redacted(fault.message, self.secrets),
                    hint=redacted(fault.hint, self.secrets),
                )
                for fault in error.faults
            )

    @property
    def change(self) -> ChangeRequest:
        """The change of this run; its name is the same however often a step is repeated."""
        template = self._template(self.key("template.json"), self.values)
        return ChangeRequest(self.deployment.stack, self.change_name, template)

    @property
    def undoing(self) -> ChangeRequest:
        """The change that puts the present state version back."""
        state = self.present
        if state is None:
            raise NotFound(f"{self.deployment.stack} had nothing before")
        _, values = state_inputs(self.ports, state)
        template = self._template(state.artifacts["template"], values)
        return ChangeRequest(self.deployment.stack, self.undo_name, template)

    def _template(self, key: str, values: Mapping[str, Value]) -> StackTemplate:
        """A generated template with the values of its parameters; only the secret ones are taken
        from the variables, the others stand beside the template."""
        document = json.loads(self.ports.artifacts.get(key))
        secrets: dict[str, str] = document["secrets"]
        return StackTemplate(
            body=document["body"],
            parameters=document["parameters"]
            | {name: parameter_value(values[variable]) for name, variable in secrets.items()},
            secrets=frozenset(secrets),
            tags={
                "dharma:environment": self.deployment.environment,
                "dharma:stack": self.deployment.stack,
            },
        )

    @property
    def change_name(self) -> str:
        return f"dharma-{self.deployment.id}-{self.deployment.attempt}"

    @property
    def undo_name(self) -> str:
        return f"{self.change_name}-undo"

    def hold(self) -> None:
        """Prove that this deployment still has the environment; prolong the lease."""
        d = self.deployment
        self.locks.renew(d.tenant, d.environment, d.id, d.fencing_token)


Step = Callable[[StepRun], dict[str, Any]]


def carry(ports: Ports, event: Mapping[str, Any], step: Step) -> dict[str, Any]:
    """Run a step: the right execution, not cancelled, the lock held; tell how it went.

    A result with `finished` false is a look at something that goes on: the step is not over. What
    is logged carries the correlation id of the request that asked for the deployment.
    """
    said = StepInput.from_event(event)
    deployment = Deployments(ports.store, ports.clock).find(said.tenant, said.deployment_id)
    with bound(correlation_id=deployment.correlation_id or deployment.id):
        _log.info("step", extra={"step": said.step, "execution": said.execution})
        return _carried(StepRun(ports, said, deployment), step)


def _carried(run: StepRun, step: Step) -> dict[str, Any]:
    said, deployment = run.said, run.deployment
    if said.step != "receive":
        _check(run)
    if deployment.step != said.step:
        run.tell("StepStarted", {"step": said.step})
    try:
        result = step(run)
    except Exception as error:
        run.hide_secrets(error)
        if isinstance(error, DharmaError):
            message = error.message[:MESSAGE_LIMIT]
            run.tell("StepFailed", {"step": said.step, "code": error.code, "message": message})
            _log.warning("step failed", extra={"step": said.step, "code": error.code})
        raise
    if result.get("finished", True):
        run.tell("StepSucceeded", {"step": said.step, "result": result})
    return result


def _check(run: StepRun) -> None:
    deployment, said = run.deployment, run.said
    # Even taking it up may have failed: then whoever tried closes it.
    unbound = said.step in CLOSING and not deployment.execution
    if deployment.execution != said.execution and not unbound:
        raise Conflict(
            f"deployment {deployment.id} is carried by execution {deployment.execution or 'none'}"
        )
    if said.step in CLOSING or deployment.finished:
        return
    if deployment.cancel_requested_by:
        raise DeploymentCancelled(f"{deployment.cancel_requested_by} cancelled it")
    run.hold()
