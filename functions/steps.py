"""The edge of every function that runs steps of the deploy state machine.

In: `{"step", "tenant", "deploymentId", "execution"}`, behind a failure also `error`. Out: a small
object. A failure leaves as an exception; its class name is what the state machine matches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dharma.bootstrap import application
from dharma.core.errors import InvalidInput
from dharma.core.observability import bound, configure_logging
from dharma.orchestrator.steps.step_run import Step, carry

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


def step_handler(steps: Mapping[str, Step], service: str) -> Handler:
    """The entry point of one function with these steps by name."""

    def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
        configure_logging(service, application().settings.log_level)
        name = event.get("step")
        step = steps.get(str(name))
        if step is None:
            raise InvalidInput(f"{service} has no step {name!r}")
        with bound(service=service, deployment_id=str(event["deploymentId"])):
            return carry(application().orchestrator_ports, event, step)

    return handler
