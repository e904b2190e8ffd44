"""Blueprints as they become in one environment: the wanted one, and the one of a state version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dharma.blueprint.resolution import resolve
from dharma.blueprint.validation import check_values
from dharma.model.blueprint import Blueprint, ResolvedBlueprint
from dharma.model.expressions.nodes import Value
from dharma.orchestrator import variables
from dharma.orchestrator.artifacts import load_snapshot
from dharma.orchestrator.ports import Environment, Ports, Sealer
from dharma.orchestrator.states import DeployedState, StateVersion


def opened_values(
    sealer: Sealer, blueprint: Blueprint, plain: dict[str, Any], sealed: str, deployment_id: str
) -> dict[str, Value]:
    """The value of every variable, sensitive ones in the clear: never written anywhere. Raises
    `InvalidVariables` with all faults."""
    secret = variables.unseal(sealer, sealed, deployment_id)
    return check_values(blueprint, {**plain, **secret})


def resolve_in(
    environment: Environment, stack: str, blueprint: Blueprint, values: Mapping[str, Value]
) -> ResolvedBlueprint:
    """With the region, the account and the name that hold there."""
    place = {
        "account_id": environment.account,
        "project": environment.account,  # Google's word for it.
        "deployment_name": stack,
    }
    known = {name: value for name, value in place.items() if value}
    return resolve(blueprint, values, region=environment.region, ambient=known)


def state_inputs(ports: Ports, state: StateVersion) -> tuple[Blueprint, dict[str, Value]]:
    """The blueprint of a state version and the values that it was deployed with."""
    blueprint = load_snapshot(ports.artifacts, state.artifacts["blueprint"])
    return blueprint, opened_values(
        ports.sealer, blueprint, state.variables, state.sealed_variables, state.deployment_id
    )


def deployed_state(
    ports: Ports, environment: Environment, state: StateVersion | None
) -> DeployedState | None:
    """A state version, ready for planning; None where nothing is deployed."""
    if state is None or state.destroyed:
        return None
    blueprint, values = state_inputs(ports, state)
    return DeployedState(state.version, resolve_in(environment, state.stack, blueprint, values))
