"""A step of a state machine: writes a line before and after its work, once per idempotency key."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any


class Refused(Exception):
    """Its name is the errorType."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    if "detail-type" in event:
        with Path(os.environ["SAMPLE_EVENTS"]).open("a") as told:
            told.write(f"{event['id']}\n")
        if event["detail"].get("fail"):
            raise Refused(event["detail"]["fail"])
        return {}
    if event.get("fail"):
        raise Refused(event["fail"])
    if event.get("exit"):
        os._exit(3)
    key = context.client_context.custom["idempotencyKey"]
    log = Path(event["log"])
    with log.open("a") as file:
        file.write(f"begin {event['step']} {key} {os.getpid()}\n")
    time.sleep(event.get("pause", 0))
    with log.open("a") as file:
        file.write(f"end {event['step']} {key} {os.getpid()}\n")
    return {"step": event["step"], "sum": len(event["step"])}
