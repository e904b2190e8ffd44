"""A Lambda function that answers by script: the same one in both worlds, so that the states of a
machine get the same results in both.

The script of a run is the file `<deploymentId>.json` in the folder STAND_IN_FOLDER: by step, what
its calls do, the last one for ever.

    {"return": {...}}    {"raise": "Unavailable", "message": "..."}    {"sleep": 2}    {"exit": 1}

What it was called with stands in `<deploymentId>.jsonl` afterwards. Nothing but the standard
library: on the emulator nothing else is there.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any


def handler(event: dict[str, Any], _context: Any) -> Any:
    folder = Path(os.environ["STAND_IN_FOLDER"])
    script = json.loads((folder / f"{event['deploymentId']}.json").read_text())
    calls = folder / f"{event['deploymentId']}.jsonl"
    before = calls.read_text().splitlines() if calls.exists() else []
    with calls.open("a") as file:
        file.write(json.dumps(event) + "\n")
    earlier = sum(json.loads(line)["step"] == event["step"] for line in before)
    actions = script[event["step"]]
    action = actions[min(earlier, len(actions) - 1)]
    if "sleep" in action:
        time.sleep(action["sleep"])
    if "exit" in action:
        os._exit(action["exit"])
    if "raise" in action:
        raise type(action["raise"], (Exception,), {})(action["message"])
    return action.get("return", {})
