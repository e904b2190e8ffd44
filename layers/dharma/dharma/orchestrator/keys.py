"""Where the orchestrator's records lie in the store.

    partition                               sort key
    T#<tenant>#DEPLOYMENT#<id>              RECORD                      the deployment, folded
                                            EVENT#<sequence>            its history
    T#<tenant>#ENVIRONMENT#<name>           LOCK                        who holds it
                                            DEPLOYMENT#<id>             pointer, newest last
                                            STATE#<stack>               the present state version
                                            STATE#<stack>#<version>     every version
    T#<tenant>#IDEMPOTENCY#DEPLOYMENTS      <key>                       which deployment it made
    T#<tenant>#DEPLOYMENT-HISTORIES         <id>                        that there is a history
    T#<tenant>#DEPLOYMENT-STATISTICS...     see `projections`

Index: T#<tenant>#DEPLOYMENTS by identifier, that is by time.
"""

from __future__ import annotations

RECORD = "RECORD"
LOCK = "LOCK"
EVENT_PREFIX = "EVENT#"
GENERATION = "GENERATION"
PROGRESS = "PROGRESS"
KNOWN_PREFIX = "KNOWN#"
COUNTS_PREFIX = "COUNTS#"


def deployment(tenant: str, deployment_id: str) -> str:
    return f"T#{tenant}#DEPLOYMENT#{deployment_id}"


def event(sequence: int) -> str:
    return f"{EVENT_PREFIX}{sequence:08d}"


def all_deployments(tenant: str) -> str:
    return f"T#{tenant}#DEPLOYMENTS"


def histories(tenant: str) -> str:
    return f"T#{tenant}#DEPLOYMENT-HISTORIES"


def statistics(tenant: str, generation: int | None = None) -> str:
    of = "" if generation is None else f"#{generation}"
    return f"T#{tenant}#DEPLOYMENT-STATISTICS{of}"


def environment(tenant: str, name: str) -> str:
    return f"T#{tenant}#ENVIRONMENT#{name}"


def deployment_of_environment(deployment_id: str = "") -> str:
    return f"DEPLOYMENT#{deployment_id}"


def present_state(stack: str) -> str:
    return f"STATE#{stack}"


def state_version(stack: str, version: int | None = None) -> str:
    return f"STATE#{stack}#" + ("" if version is None else f"{version:08d}")


def idempotency(tenant: str) -> str:
    return f"T#{tenant}#IDEMPOTENCY#DEPLOYMENTS"
