"""What an environment has: one version of state per successful deployment.

A version keeps what is needed to come back to it: the blueprint, the variables (sensitive ones
sealed), the generated template, and what existed when it was recorded. Documents are artifacts; the
record holds their keys. Rolling back to version n is a deployment of version n's blueprint and
variables, and makes a version of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dharma.core.clock import isoformat, parse_time
from dharma.core.errors import NotFound
from dharma.core.store import Item, ItemStore, Operation, Put, all_items
from dharma.model.blueprint import ResolvedBlueprint
from dharma.orchestrator import keys


@dataclass(frozen=True, slots=True)
class StateVersion:
    """`artifacts`: `blueprint`, `template`, `resources` to their keys. `destroyed` versions have no
    resources; they keep the numbering and the fencing."""

    tenant: str
    environment: str
    stack: str
    version: int
    deployment_id: str
    fencing_token: int
    recorded_at: datetime
    blueprint_name: str
    blueprint_version: str
    blueprint_id: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    sealed_variables: str = ""
    artifacts: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    resource_count: int = 0
    destroyed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "version": self.version,
            "environment": self.environment,
            "stack": self.stack,
            "deploymentId": self.deployment_id,
            "recordedAt": isoformat(self.recorded_at),
            "blueprint": {
                "id": self.blueprint_id,
                "name": self.blueprint_name,
                "version": self.blueprint_version,
            },
            "variables": self.variables,
            "outputs": self.outputs,
            "resourceCount": self.resource_count,
            "destroyed": self.destroyed,
        }


@dataclass(frozen=True, slots=True)
class DeployedState:
    """The present version with its blueprint resolved again: what planning compares with."""

    version: int
    resolved: ResolvedBlueprint


class States:
    """Reads versions, and makes the writes that record a new one."""

    def __init__(self, store: ItemStore) -> None:
        self._store = store

    def present(self, tenant: str, environment: str, stack: str) -> StateVersion | None:
        """The newest version, destroyed ones too; None when nothing was ever deployed."""
        item = self._store.get(keys.environment(tenant, environment), keys.present_state(stack))
        return None if item is None else _from_item(item)

    def version(self, tenant: str, environment: str, stack: str, version: int) -> StateVersion:
        item = self._store.get(
            keys.environment(tenant, environment), keys.state_version(stack, version)
        )
        if item is None:
            raise NotFound(f"{stack} in {environment} has no version {version}")
        return _from_item(item)

    def versions(self, tenant: str, environment: str, stack: str) -> list[StateVersion]:
        """All versions, newest first."""
        items = all_items(
            self._store,
            keys.environment(tenant, environment),
            keys.state_version(stack),
            reverse=True,
        )
        return [_from_item(item) for item in items]

    def stacks(self, tenant: str, environment: str) -> list[StateVersion]:
        """The present version of every stack of an environment that has resources."""
        items = all_items(self._store, keys.environment(tenant, environment), "STATE#")
        return [
            state
            for item in items
            if item.type == "state" and not (state := _from_item(item)).destroyed
        ]

    def record(self, state: StateVersion) -> Sequence[Operation]:
        """The writes of a new version. They fit only while its predecessor is the present one."""
        pk = keys.environment(state.tenant, state.environment)
        present = self._store.get(pk, keys.present_state(state.stack))
        data = _to_data(state)
        return [
            Put(
                Item(pk, keys.present_state(state.stack), data, type="state"),
                expect_version=0 if present is None else present.version,
            ),
            Put(
                Item(
                    pk,
                    keys.state_version(state.stack, state.version),
                    data,
                    type="state-version",
                ),
                expect_version=0,
            ),
        ]


def _to_data(state: StateVersion) -> dict[str, Any]:
    return {
        "tenant": state.tenant,
        "environment": state.environment,
        "stack": state.stack,
        "version": state.version,
        "deployment_id": state.deployment_id,
        "fencing_token": state.fencing_token,
        "recorded_at": isoformat(state.recorded_at),
        "blueprint_name": state.blueprint_name,
        "blueprint_version": state.blueprint_version,
        "blueprint_id": state.blueprint_id,
        "variables": state.variables,
        "sealed_variables": state.sealed_variables,
        "artifacts": state.artifacts,
        "outputs": state.outputs,
        "resource_count": state.resource_count,
        "destroyed": state.destroyed,
    }


def _from_item(item: Item) -> StateVersion:
    data = dict(item.data)
    data["recorded_at"] = parse_time(data["recorded_at"])
    return StateVersion(**data)
