"""Gives back what it was called with."""

from __future__ import annotations

import json
import os
import time
from typing import Any


def handler(event: dict[str, Any], context: Any) -> Any:
    query = event.get("queryStringParameters") or {}
    if query.get("do") == "raise":
        raise LookupError("nothing there")
    if query.get("do") == "hang":
        try:
            time.sleep(5)
        except Exception:  # noqa: BLE001 - a handler that swallows everything must time out as well
            return {"statusCode": 200, "body": "swallowed"}
    if query.get("do") == "plain":
        return {"id": 7}
    if query.get("do") == "malformed":
        return {"statusCode": "many"}
    if query.get("do") == "bytes":
        return {
            "statusCode": 200,
            "body": "AAH/",
            "isBase64Encoded": True,
            "cookies": ["a=1", "b=2"],
        }
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json", "X-Pid": str(os.getpid())},
        "body": json.dumps(
            {
                "event": event,
                "function": context.function_name,
                "remaining": context.get_remaining_time_in_millis(),
                "own": os.environ.get("SAMPLE_OWN"),
                "table": os.environ.get("SAMPLE_TABLE"),
            }
        ),
    }
