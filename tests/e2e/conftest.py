"""The command line as a process, with a stack of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from dharma_local.stack_settings import StackSettings
from dharma_local.supervisor import Stack

# Well above the half minute that a slow machine needs for one command.
LONGEST = 180


class CommandLine:
    """`iac-dharma` with a state folder and ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("DHARMA_", "AWS_"))},
            "DHARMA_STATE_DIR": str(folder / ".dharma"),
            "DHARMA_PORT": "0",
            "DHARMA_CACHE_PORT": "0",
            "DHARMA_SANDBOX_PORT": "0",
            "XDG_CONFIG_HOME": str(folder / "config"),
            "NO_COLOR": "1",
        }
        self.stack = Stack(StackSettings.from_environment(self.environment))

    def __call__(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "dharma_cli.main", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self(*words, "--format", "json", code=code))
