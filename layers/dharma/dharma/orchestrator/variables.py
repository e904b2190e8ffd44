"""The variables of a deployment: which layer wins, and what is sealed.

Later layers win: the blueprint's defaults, the environment's variables, the caller's. Values of
sensitive variables are stored sealed, bound to their deployment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dharma.model.blueprint import Blueprint
from dharma.orchestrator.ports import Sealer


def layered(
    blueprint: Blueprint, environment: Mapping[str, Any], own: Mapping[str, Any]
) -> dict[str, Any]:
    """The given values (defaults are filled in later). An environment serves many blueprints, so
    what this one does not declare is left out; what the caller names himself is kept, so that a
    misspelled name is reported."""
    declared = {variable.name for variable in blueprint.variables}
    return {**{k: v for k, v in environment.items() if k in declared}, **own}


def guarded(blueprint: Blueprint, sensitive: frozenset[str]) -> Blueprint:
    """The blueprint with these variables sensitive too: an environment may know a secret where the
    blueprint sees a plain value."""
    return replace(
        blueprint,
        variables=tuple(
            replace(v, sensitive=True) if v.name in sensitive else v for v in blueprint.variables
        ),
    )


def split(blueprint: Blueprint, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values that may be shown, and those that may not."""
    secret = {variable.name for variable in blueprint.variables if variable.sensitive}
    return (
        {name: value for name, value in values.items() if name not in secret},
        {name: value for name, value in values.items() if name in secret},
    )


def seal(sealer: Sealer, values: Mapping[str, Any], deployment_id: str) -> str:
    """Sealed text of the sensitive values; empty when there are none."""
    if not values:
        return ""
    return sealer.seal(json.dumps(dict(values)).encode(), _context(deployment_id))


def unseal(sealer: Sealer, sealed: str, deployment_id: str) -> dict[str, Any]:
    """The inverse of `seal`."""
    if not sealed:
        return {}
    opened = json.loads(sealer.open(sealed, _context(deployment_id)))
    assert isinstance(opened, dict)
    return opened


def _context(deployment_id: str) -> str:
    return f"deployment:{deployment_id}:variables"
