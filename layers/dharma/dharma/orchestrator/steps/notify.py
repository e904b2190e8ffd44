"""Tell those who asked to be told. Whatever happens here, the deployment's outcome stands."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from dharma.core.clock import epoch_seconds
from dharma.core.errors import Unavailable
from dharma.orchestrator.steps.step_run import StepRun

SIGNATURE = "Dharma-Signature"
DELIVERY = "Dharma-Delivery"


def run(step: StepRun) -> dict[str, Any]:
    """POST the outcome to the environment's webhook. Raises `Unavailable` when the receiver does
    not answer with 2xx, so that the state machine tries again."""
    url = step.environment.webhook_url
    if not url:
        return {"sent": False}
    d = step.deployment
    body = json.dumps({"type": _type(d.status), "deployment": d.to_dict()}).encode()
    headers = {"Content-Type": "application/json", DELIVERY: d.id}
    if step.environment.webhook_secret:
        at = epoch_seconds(step.ports.clock.now())
        headers[SIGNATURE] = signature(step.environment.webhook_secret, at, body)
    status = step.ports.webhooks.post(url, body, headers)
    if not 200 <= status < 300:
        raise Unavailable(f"the webhook of {step.environment.name} answered {status}")
    step.tell("NotificationSent", {"status": status})
    return {"sent": True}


def signature(secret: str, at: int, body: bytes) -> str:
    """`t=<seconds>,v1=<hex>`: HMAC-SHA256 over the time, a dot and the body, so that a receiver can
    refuse what is old as well as what is forged."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def _type(status: str) -> str:
    return "DeploymentSucceeded" if status == "succeeded" else "DeploymentFailed"
