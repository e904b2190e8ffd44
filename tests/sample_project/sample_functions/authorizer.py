"""Says yes to one token, no to another, and raises for all others."""

from __future__ import annotations

from typing import Any

asked: list[str] = []


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    token = event["identitySource"][0]
    asked.append(token)
    if token == "Bearer broken":
        raise RuntimeError("no keys")
    if token not in ("Bearer good", "Bearer weak"):
        raise Exception("Unauthorized")
    return {"isAuthorized": token == "Bearer good", "context": {"subject": "ada", "level": 3}}
