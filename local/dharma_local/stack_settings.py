"""Where the local stack lives and listens, out of the environment.

| variable | meaning | default |
|---|---|---|
| DHARMA_STATE_DIR | folder of all state | .dharma |
| DHARMA_PORT | the API | 3000 |
| DHARMA_GATEWAY_PROCESSES | processes that answer it | 2 |
| DHARMA_ENGINE_WORKERS | steps that run side by side | 4 |
| DHARMA_CACHE_URL | a redis or valkey in the place of the embedded cache | none |
| DHARMA_CACHE_PORT | the embedded cache | 3006 |
| AWS_ENDPOINT_URL | another emulator in the place of the sandbox | none |
| DHARMA_SANDBOX_PORT | the sandbox account | 4566 |
| DHARMA_TEMPLATE | the template to serve | infra/template.yaml of the product |

Port 0 takes any free one; `ports.json` tells which.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dharma.core.errors import Fault, Misconfigured
from dharma.core.project_files import find

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class StackSettings:
    state_dir: Path
    template: Path
    port: int = 3000
    gateway_processes: int = 2
    engine_workers: int = 4
    cache_port: int = 3006
    cache_url: str | None = None
    sandbox_port: int = 4566
    aws_endpoint: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> StackSettings:
        """`Misconfigured` lists every variable that is wrong."""
        env = os.environ if environment is None else environment
        faults: list[Fault] = []

        def number(name: str, default: int, least: int, most: int) -> int:
            text = env.get(name) or str(default)
            if text.isascii() and text.isdigit() and least <= int(text) <= most:
                return int(text)
            said = f"must be a whole number from {least} to {most}, not {text!r}"
            faults.append(Fault(said, path=name))
            return default

        settings = cls(
            state_dir=Path(env.get("DHARMA_STATE_DIR") or ".dharma").expanduser().absolute(),
            template=Path(env["DHARMA_TEMPLATE"]).absolute()
            if env.get("DHARMA_TEMPLATE")
            else find("infra", env) / "template.yaml",
            port=number("DHARMA_PORT", 3000, 0, 65535),
            gateway_processes=number("DHARMA_GATEWAY_PROCESSES", 2, 1, 64),
            engine_workers=number("DHARMA_ENGINE_WORKERS", 4, 1, 64),
            cache_port=number("DHARMA_CACHE_PORT", 3006, 0, 65535),
            cache_url=env.get("DHARMA_CACHE_URL") or None,
            sandbox_port=number("DHARMA_SANDBOX_PORT", 4566, 0, 65535),
            aws_endpoint=env.get("AWS_ENDPOINT_URL") or None,
        )
        if faults:
            raise Misconfigured("; ".join(map(str, faults)), faults)
        return settings

    @property
    def run_dir(self) -> Path:
        return self.state_dir / "run"

    @property
    def log_dir(self) -> Path:
        return self.state_dir / "logs"
