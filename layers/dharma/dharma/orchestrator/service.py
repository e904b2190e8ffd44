"""Deployments, as callers see them: ask for one, decide on it, follow it.

Asking takes the environment's lock and stores the deployment together with the event
`DeploymentRequested`, which starts the state machine `deploy`. From there on the machine's steps
(`dharma.orchestrator.steps`) carry it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

from dharma.blueprint.dump import dump_blueprint
from dharma.blueprint.validation import check_values, validate
from dharma.core.audit.acting import about
from dharma.core.clock import epoch_seconds
from dharma.core.errors import (
    ApprovalRejected,
    Conflict,
    DeploymentCancelled,
    DharmaError,
    EnvironmentLocked,
    Forbidden,
    InvalidBlueprint,
    InvalidInput,
    NotFound,
    VersionConflict,
)
from dharma.core.ids import new_id
from dharma.core.observability import correlation_id
from dharma.core.principal import Principal
from dharma.core.store import Item, Page, Put
from dharma.model.blueprint import Blueprint
from dharma.orchestrator import keys, variables
from dharma.orchestrator.artifacts import artifact_key, load_snapshot
from dharma.orchestrator.locks import EnvironmentLocks, locked
from dharma.orchestrator.models import Deployment, DeploymentRequest, Operation, ProgressEvent
from dharma.orchestrator.plan import Plan
from dharma.orchestrator.planning import plan
from dharma.orchestrator.ports import Environment, Ports
from dharma.orchestrator.repository import Appended, Deployments
from dharma.orchestrator.resolving import deployed_state, resolve_in
from dharma.orchestrator.states import States, StateVersion

IDEMPOTENCY_PERIOD = timedelta(hours=24)
EVENTS_AT_ONCE = 1000
_KEY = re.compile(r"^[\x21-\x7e]{1,255}$")


class Orchestrator:
    """One instance serves all tenants; the principal's tenant bounds what a call sees."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._deployments = Deployments(ports.store, ports.clock)
        self._locks = EnvironmentLocks(ports.store, ports.clock)
        self._states = States(ports.store)

    def deploy(
        self,
        request: DeploymentRequest,
        principal: Principal,
        idempotency_key: str | None = None,
    ) -> Deployment:
        """Ask for a deployment; the answer is `pending`.

        The same key with the same request gives the same deployment again, with another request
        `Conflict`. `EnvironmentLocked` names who holds the environment.
        """
        require_deployer(principal)
        environment = self._environment(principal, request.environment)
        if request.auto_approve:
            self._require_approver(environment, principal)
        blueprint = variables.guarded(request.blueprint, environment.sensitive)
        values = variables.layered(blueprint, environment.variables, request.variables)
        plain, secret = variables.split(blueprint, values)
        deployment = self._new(
            principal,
            environment,
            blueprint,
            operation="deploy",
            blueprint_id=request.blueprint_id,
            auto_approve=request.auto_approve,
            comment=request.comment,
            variables=plain,
        )
        asked = {
            "environment": request.environment,
            "blueprint": dump_blueprint(blueprint, "json"),
            "blueprintId": request.blueprint_id,
            # In full: the same key with another secret is another request.
            "variables": request.variables,
            "autoApprove": request.auto_approve,
        }
        return self._start(deployment, blueprint, secret, asked, idempotency_key)

    def plan(self, request: DeploymentRequest, principal: Principal) -> Plan:
        """What a deployment would change, against the recorded state. Nothing is stored, no lock is
        taken, the cloud is not asked. Raises what the deployment would fail with before its plan.

        Asks for the right to deploy: how secrets of the environment flow into a blueprint of one's
        own can be told from a plan.
        """
        require_deployer(principal)
        environment = self._environment(principal, request.environment)
        blueprint = variables.guarded(request.blueprint, environment.sensitive)
        if faults := validate(blueprint, self._ports.catalog):
            raise InvalidBlueprint(f"{blueprint.name} has {len(faults)} fault(s)", faults)
        values = variables.layered(blueprint, environment.variables, request.variables)
        stack = stack_name(environment.name, blueprint.name)
        present = self._states.present(principal.tenant, environment.name, stack)
        return plan(
            resolve_in(environment, stack, blueprint, check_values(blueprint, values)),
            deployed_state(self._ports, environment, present),
            self._ports.catalog,
        )

    def rollback(
        self,
        deployment_id: str,
        principal: Principal,
        *,
        version: int | None = None,
        auto_approve: bool = False,
        comment: str = "",
        idempotency_key: str | None = None,
    ) -> Deployment:
        """Ask to go back to a state version: the given one, or the one before this deployment's."""
        require_deployer(principal)
        origin = self.read(deployment_id, principal)
        environment = self._environment(principal, origin.environment)
        if auto_approve:
            self._require_approver(environment, principal)
        target = self._rollback_target(origin, version)
        blueprint = self.blueprint_of(target)
        secret = variables.unseal(self._ports.sealer, target.sealed_variables, target.deployment_id)
        deployment = self._new(
            principal,
            environment,
            blueprint,
            operation="rollback",
            blueprint_id=target.blueprint_id,
            auto_approve=auto_approve,
            comment=comment,
            variables=target.variables,
            stack=origin.stack,
            target_version=target.version,
        )
        asked = {
            "rollback": deployment_id,
            "version": target.version,
            "autoApprove": auto_approve,
        }
        return self._start(deployment, blueprint, secret, asked, idempotency_key)

    def destroy(
        self,
        deployment_id: str,
        principal: Principal,
        *,
        auto_approve: bool = False,
        comment: str = "",
        idempotency_key: str | None = None,
    ) -> Deployment:
        """Ask to remove everything that the stack of this deployment has now."""
        require_deployer(principal)
        origin = self.read(deployment_id, principal)
        environment = self._environment(principal, origin.environment)
        if auto_approve:
            self._require_approver(environment, principal)
        present = self._states.present(origin.tenant, origin.environment, origin.stack)
        if present is None or present.destroyed:
            raise Conflict(f"{origin.stack} has nothing in {origin.environment} to destroy")
        blueprint = self.blueprint_of(present)
        secret = variables.unseal(
            self._ports.sealer, present.sealed_variables, present.deployment_id
        )
        deployment = self._new(
            principal,
            environment,
            blueprint,
            operation="destroy",
            blueprint_id=present.blueprint_id,
            auto_approve=auto_approve,
            comment=comment,
            variables=present.variables,
            stack=origin.stack,
        )
        asked = {"destroy": deployment_id, "autoApprove": auto_approve}
        return self._start(deployment, blueprint, secret, asked, idempotency_key)

    def approve(self, deployment_id: str, principal: Principal, comment: str = "") -> Deployment:
        """Say yes to the plan. Saying it again is no error; saying it after a no is."""
        decided, anew = self._decide(deployment_id, principal, "ApprovalGranted", comment)
        if decided.approval_token:
            try:
                self._ports.workflows.succeed(
                    decided.approval_token, {"approvedBy": decided.approved_by}
                )
            except NotFound as error:
                # Said before, it has arrived already.
                if anew:
                    raise Conflict(f"deployment {decided.id} no longer awaits approval") from error
        return decided

    def reject(self, deployment_id: str, principal: Principal, comment: str = "") -> Deployment:
        """Say no to the plan: the deployment ends without touching the cloud."""
        decided, _ = self._decide(deployment_id, principal, "ApprovalRefused", comment)
        reason = f": {comment}" if comment else ""
        self._end_waiting(
            decided, ApprovalRejected, f"{decided.rejected_by} rejected the plan{reason}"
        )
        return decided

    def _decide(
        self,
        deployment_id: str,
        principal: Principal,
        decision: Literal["ApprovalGranted", "ApprovalRefused"],
        comment: str,
    ) -> tuple[Deployment, bool]:
        """Put a decision on record, and whether it is a new one. Again, however late, it changes
        nothing; Conflict after the other one."""
        anew = False

        def decide(deployment: Deployment) -> Appended | None:
            nonlocal anew
            about(environment=deployment.environment, stack=deployment.stack)
            self._require_decider(deployment, principal)
            granted = decision == "ApprovalGranted"
            if granted and deployment.rejected_by:
                raise Conflict(f"{deployment.rejected_by} already rejected {deployment.id}")
            if not granted and deployment.approved_by:
                raise Conflict(f"{deployment.approved_by} already approved {deployment.id}")
            anew = not (deployment.approved_by or deployment.rejected_by)
            if not anew:
                return None
            if deployment.status != "awaiting_approval" and not deployment.approval_token:
                raise Conflict(
                    f"deployment {deployment.id} awaits no approval: {deployment.status}"
                )
            return Appended([(decision, {"by": principal.subject, "comment": comment})])

        return self._deployments.append(principal.tenant, deployment_id, decide), anew

    def cancel(self, deployment_id: str, principal: Principal) -> Deployment:
        """Stop as soon as possible; what was changed by then is undone."""
        require_deployer(principal)

        def decide(deployment: Deployment) -> Appended | None:
            about(environment=deployment.environment, stack=deployment.stack)
            if deployment.finished:
                raise Conflict(f"deployment {deployment.id} already {deployment.status}")
            if deployment.status == "undoing":
                raise Conflict(f"deployment {deployment.id} is being undone already")
            if deployment.cancel_requested_by:
                return None
            return Appended([("CancelRequested", {"by": principal.subject})])

        cancelled = self._deployments.append(principal.tenant, deployment_id, decide)
        if not cancelled.approved_by:
            self._end_waiting(
                cancelled, DeploymentCancelled, f"{cancelled.cancel_requested_by} cancelled it"
            )
        return cancelled

    def _end_waiting(self, deployment: Deployment, error: type[DharmaError], cause: str) -> None:
        if not deployment.approval_token:
            return
        # Nothing waits any more when the patience ran out a moment ago: the machine moves on.
        with suppress(NotFound):
            self._ports.workflows.fail(deployment.approval_token, error.__name__, cause)

    def read(self, deployment_id: str, principal: Principal) -> Deployment:
        return self._deployments.find(principal.tenant, deployment_id)

    def list(
        self,
        principal: Principal,
        *,
        environment: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[list[Deployment], Page]:
        """A page of deployments, newest first; the page carries the cursors."""
        return self._deployments.list(
            principal.tenant, environment=environment, limit=limit, cursor=cursor
        )

    def events(
        self, deployment_id: str, principal: Principal, *, after: int = 0
    ) -> Sequence[ProgressEvent]:
        """The history after a sequence number, oldest first, at most `EVENTS_AT_ONCE`; no task
        tokens, no sealed text."""
        self.read(deployment_id, principal)
        history = self._deployments.history(principal.tenant, deployment_id, after=after)
        return [replace(event, data=_public(event)) for event in history[:EVENTS_AT_ONCE]]

    def document(self, deployment_id: str, name: str, principal: Principal) -> bytes:
        """An artifact of a deployment: `plan.json`, `cost.json`, `template.json` ..."""
        deployment = self.read(deployment_id, principal)
        return self._ports.artifacts.get(artifact_key(deployment.tenant, deployment.id, name))

    def versions(self, deployment_id: str, principal: Principal) -> Sequence[StateVersion]:
        """All state versions of the deployment's stack, newest first."""
        origin = self.read(deployment_id, principal)
        return self._states.versions(origin.tenant, origin.environment, origin.stack)

    def blueprint_of(self, state: StateVersion) -> Blueprint:
        """The blueprint of a state version, as it was deployed."""
        return load_snapshot(self._ports.artifacts, state.artifacts["blueprint"])

    def _environment(self, principal: Principal, name: str) -> Environment:
        return self._ports.environments.read(principal.tenant, name)

    def _require_approver(self, environment: Environment, principal: Principal) -> None:
        if not may_approve(environment.approvers, principal):
            raise Forbidden(
                f"{principal.subject} may not approve deployments to {environment.name}"
            )

    def _require_decider(self, deployment: Deployment, principal: Principal) -> None:
        if not may_approve(deployment.approvers, principal):
            raise Forbidden(
                f"{principal.subject} may not decide on deployments to {deployment.environment}"
            )

    def _rollback_target(self, origin: Deployment, version: int | None) -> StateVersion:
        history = self._states.versions(origin.tenant, origin.environment, origin.stack)
        if version is not None:
            chosen = next((s for s in history if s.version == version), None)
            if chosen is None:
                raise NotFound(f"{origin.stack} in {origin.environment} has no version {version}")
        else:
            made = origin.state_version
            if made is None:
                raise Conflict(f"deployment {origin.id} changed nothing that could be rolled back")
            chosen = next((s for s in history if s.version < made), None)
        if chosen is None or chosen.destroyed:
            raise Conflict(
                f"before deployment {origin.id} there was nothing in {origin.environment}; "
                "destroy it instead"
            )
        return chosen

    def _new(
        self,
        principal: Principal,
        environment: Environment,
        blueprint: Blueprint,
        *,
        operation: Operation,
        blueprint_id: str | None,
        auto_approve: bool,
        comment: str,
        variables: Mapping[str, Any],
        stack: str | None = None,
        target_version: int | None = None,
    ) -> Deployment:
        return Deployment(
            id=new_id(self._ports.clock),
            tenant=principal.tenant,
            environment=environment.name,
            stack=stack or stack_name(environment.name, blueprint.name),
            operation=operation,
            blueprint_name=blueprint.name,
            blueprint_version=blueprint.version,
            blueprint_id=blueprint_id,
            requested_by=principal.subject,
            requested_at=self._ports.clock.now(),
            correlation_id=correlation_id(),
            comment=comment,
            auto_approve=auto_approve,
            variables=dict(variables),
            approvers=tuple(environment.approvers),
            target_version=target_version,
        )

    def _start(
        self,
        deployment: Deployment,
        blueprint: Blueprint,
        secret: Mapping[str, Any],
        asked: Mapping[str, Any],
        idempotency_key: str | None,
    ) -> Deployment:
        digest = _digest({**asked, "operation": deployment.operation})
        about(
            made=f"deployment/{deployment.id}",
            environment=deployment.environment,
            stack=deployment.stack,
            blueprint=f"{deployment.blueprint_name} {deployment.blueprint_version}",
            autoApprove=deployment.auto_approve,
        )
        if deployment.target_version is not None:
            about(targetVersion=deployment.target_version)
        if idempotency_key is not None:
            known = self._known(deployment.tenant, idempotency_key, digest)
            if known is not None:
                return known
        deployment = replace(
            deployment,
            sealed_variables=variables.seal(self._ports.sealer, secret, deployment.id),
        )
        snapshot = artifact_key(deployment.tenant, deployment.id, "blueprint.json")
        self._ports.artifacts.put(snapshot, dump_blueprint(blueprint, "json").encode())
        try:
            return self._store_new(deployment, digest, idempotency_key)
        except (EnvironmentLocked, VersionConflict) as error:
            self._ports.artifacts.delete(snapshot)
            # Somebody was faster: the same request under the same key, or another deployment.
            if idempotency_key is not None:
                known = self._known(deployment.tenant, idempotency_key, digest)
                if known is not None:
                    return known
            lock = self._locks.read(deployment.tenant, deployment.environment)
            if lock.is_held(self._ports.clock.now()):
                raise locked(lock) from error
            raise

    def _store_new(
        self, deployment: Deployment, digest: str, idempotency_key: str | None
    ) -> Deployment:
        token, lock = self._locks.take(
            deployment.tenant, deployment.environment, deployment.id, deployment.requested_by
        )
        operations: list[Put] = [lock]
        if idempotency_key is not None:
            expires = self._ports.clock.now() + IDEMPOTENCY_PERIOD
            claim = Item(
                keys.idempotency(deployment.tenant),
                idempotency_key,
                {
                    # Sealed: a digest in the clear would let secrets among the values be guessed.
                    "digest": self._ports.sealer.seal(digest.encode(), _claim(idempotency_key)),
                    "deploymentId": deployment.id,
                },
                type="idempotency",
                expires_at=epoch_seconds(expires),
            )
            operations.append(Put(claim, expect_version=0))
        return self._deployments.create(replace(deployment, fencing_token=token), operations)

    def _known(self, tenant: str, key: str, digest: str) -> Deployment | None:
        if not _KEY.match(key):
            raise InvalidInput("Idempotency-Key is 1 to 255 visible ASCII characters")
        item = self._ports.store.get(keys.idempotency(tenant), key)
        if item is None:
            return None
        if self._ports.sealer.open(item.data["digest"], _claim(key)).decode() != digest:
            raise Conflict(f"the idempotency key {key} was used for another request")
        about(made=f"deployment/{item.data['deploymentId']}", repeated=True)
        return self._deployments.find(tenant, item.data["deploymentId"])


def may_approve(approvers: Sequence[str], principal: Principal) -> bool:
    """Approvers are subjects or, with `role:` before it, roles. With nobody named, the roles
    `approver` and `admin` may."""
    if not approvers:
        return bool(principal.roles & {"approver", "admin"})
    return principal.subject in approvers or any(
        f"role:{role}" in approvers for role in principal.roles
    )


def require_deployer(principal: Principal) -> None:
    if not principal.roles & {"editor", "admin"}:
        raise Forbidden(f"{principal.subject} may not change environments: needs the role editor")


def stack_name(environment: str, blueprint: str) -> str:
    """The name of the native stack: letters, digits and hyphens, at most 128, begins with a letter.

    Where characters had to be replaced or cut, a digest keeps different names different.
    """
    plain = f"dharma-{environment}-{blueprint}"
    name = re.sub(r"[^A-Za-z0-9-]", "-", plain)
    if name == plain and len(name) <= 120:
        return name
    return f"{name[:111]}-{hashlib.sha256(plain.encode()).hexdigest()[:8]}"


def _claim(idempotency_key: str) -> str:
    return f"idempotency/{idempotency_key}"


def _digest(asked: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(dict(asked), sort_keys=True).encode()).hexdigest()


def _public(event: ProgressEvent) -> dict[str, Any]:
    if event.type == "DeploymentRequested":
        deployment = event.data["deployment"]
        shown = ("environment", "stack", "operation", "requested_by", "comment")
        return {_camel(name): deployment[name] for name in shown}
    return {name: value for name, value in event.data.items() if name != "token"}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
