"""What `deploy` sends: the blueprint as the server stores it, and the caller's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dharma.blueprint.source import dump_blueprint

if TYPE_CHECKING:
    from dharma_cli.source import Source


def deployment_body(
    source: Source, environment: str, *, auto_approve: bool, comment: str
) -> dict[str, Any]:
    """The body of `POST /deployments`."""
    return {**plan_body(source, environment), "autoApprove": auto_approve, "comment": comment}


def plan_body(source: Source, environment: str) -> dict[str, Any]:
    """The body of `POST /deployments/plan`. The environment's values are the server's to add."""
    return {
        "environment": environment,
        "content": dump_blueprint(source.read.blueprint),
        "variables": source.values,
    }
