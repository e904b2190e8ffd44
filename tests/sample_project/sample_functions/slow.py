"""Leaves a note, hangs, ends its process, or answers with its process id."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any


def handler(event: dict[str, Any], context: Any) -> Any:
    wanted = json.loads(event.get("body") or "{}")
    if wanted.get("exit"):
        os._exit(9)
    if wanted.get("note"):
        Path(wanted["note"]).touch()
    time.sleep(wanted.get("seconds", 0))
    return {"statusCode": 200, "body": str(os.getpid())}
