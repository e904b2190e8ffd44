"""Follow a deployment until it has ended, an event a line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from dharma.core.errors import Unavailable
from dharma_cli import exits
from dharma_cli.paths import path

if TYPE_CHECKING:
    from dharma_cli.client import Client
    from dharma_cli.output import Output

FINAL = frozenset({"succeeded", "failed", "rejected", "cancelled", "undo_failed"})
# Between two looks: short enough to feel live, long enough to cost the server nothing.
PAUSE_SECONDS = 0.25
# How long a stack may be silent: longer than any of its processes takes to start.
PATIENCE_SECONDS = 30.0


def follow(client: Client, deployment: str, output: Output, *, wait_approval: bool = False) -> int:
    """Print events as they come and the result at the end.

    A deployment that waits for an approval ends the command (with how to go on), unless
    `wait_approval`. Exit code 0 when it succeeded or waits, 1 otherwise.
    """
    from dharma_cli.views.progress import deployment_card

    body = until_ended(client, deployment, output, wait_approval=wait_approval)
    if output.is_json:
        output.document({"deployment": body})
    else:
        deployment_card(output.console, body)
    if body["status"] == "awaiting_approval":
        output.say(f"What it would change: iac-dharma deployments show {deployment} --plan")
        output.say(f"Approve it with: iac-dharma approve {deployment}")
    return exit_code(body)


def exit_code(body: dict[str, Any]) -> int:
    """0 when a deployment succeeded or waits, 1 otherwise."""
    return exits.FINE if body["status"] in ("succeeded", "awaiting_approval") else exits.ERROR


def until_ended(
    client: Client,
    deployment: str,
    output: Output,
    *,
    wait_approval: bool = False,
    start_first: bool = False,
) -> dict[str, Any]:
    """Print events as they come, in text; the deployment as it is at the end.

    A stack that does not answer is asked again for half a minute: a process of it that was killed
    is back by then, and the deployment went on meanwhile. Then `Unavailable`. `start_first` says
    that the stack ends with the command, so that the deployment goes on when it is started again.
    """
    try:
        return _until_ended(client, deployment, output, wait_approval=wait_approval)
    except (KeyboardInterrupt, Unavailable):
        watch = f"iac-dharma deployments watch {deployment}"
        if start_first:
            output.say(f"It goes on with the stack: iac-dharma start && {watch}")
        else:
            output.say(f"It goes on; follow it with: {watch}")
        raise


def _until_ended(
    client: Client, deployment: str, output: Output, *, wait_approval: bool
) -> dict[str, Any]:
    from dharma_cli.views.events import event_line

    seen = 0
    silent_since: float | None = None
    while True:
        try:
            # The state is read before the events, so that its last event is always among them.
            body: dict[str, Any] = client.get(path("deployments", deployment))
            fresh = _events(client, deployment, seen)
        except Unavailable as error:
            if silent_since is None:
                silent_since = time.monotonic()
                output.say(f"{error.message} (asking again for {PATIENCE_SECONDS:g} s)")
            if time.monotonic() - silent_since > PATIENCE_SECONDS:
                raise
            time.sleep(PAUSE_SECONDS)
            continue
        silent_since = None
        for event in fresh:
            seen = event["sequence"]
            if not output.is_json:
                event_line(output.console, event)
        status = body["status"]
        if status in FINAL or (status == "awaiting_approval" and not wait_approval):
            return body
        time.sleep(PAUSE_SECONDS)


def _events(client: Client, deployment: str, after: int) -> list[dict[str, Any]]:
    return list(client.pages(path("deployments", deployment, "events"), after=after))
