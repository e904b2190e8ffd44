"""Follow a deployment until it has ended, an event a line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from dharma_cli import exits
from dharma_cli.paths import path

if TYPE_CHECKING:
    from dharma_cli.client import Client
    from dharma_cli.output import Output

FINAL = frozenset({"succeeded", "failed", "rejected", "cancelled", "undo_failed"})
# Between two looks: short enough to feel live, long enough to cost the server nothing.
PAUSE_SECONDS = 0.25


def follow(client: Client, deployment: str, output: Output, *, wait_approval: bool = False) -> int:
    """Print events as they come and the result at the end.

    A deployment that waits for an approval ends the command (with how to go on), unless
    `wait_approval`. Exit code 0 when it succeeded or waits, 1 otherwise.
    """
    try:
        return _follow(client, deployment, output, wait_approval=wait_approval)
    except KeyboardInterrupt:
        output.say(f"It goes on; follow it with: iac-dharma deployments watch {deployment}")
        raise


def _follow(client: Client, deployment: str, output: Output, *, wait_approval: bool) -> int:
    from dharma_cli.views.events import event_line
    from dharma_cli.views.progress import deployment_card

    seen = 0
    while True:
        # The state is read before the events, so that its last event is always among them.
        body = client.get(path("deployments", deployment))
        for event in _events(client, deployment, seen):
            seen = event["sequence"]
            if not output.is_json:
                event_line(output.console, event)
        status = body["status"]
        if status in FINAL or (status == "awaiting_approval" and not wait_approval):
            break
        time.sleep(PAUSE_SECONDS)
    if output.is_json:
        output.document({"deployment": body})
    else:
        deployment_card(output.console, body)
    if status == "awaiting_approval":
        output.say(f"What it would change: iac-dharma deployments show {deployment} --plan")
        output.say(f"Approve it with: iac-dharma approve {deployment}")
        return exits.FINE
    return exits.FINE if status == "succeeded" else exits.ERROR


def _events(client: Client, deployment: str, after: int) -> list[dict[str, Any]]:
    return list(client.pages(path("deployments", deployment, "events"), after=after))
