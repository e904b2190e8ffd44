"""Deployments into the sandbox at 10, 100 and 500 resources, as many as one stack may hold: a first
one, a changed one, removal.

Each size has a stack of its own, started anew, and is driven through the command line as a user
would. Peak memory is the kernel's own high-water mark of each process. The recording is all that
the sandbox keeps on disk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from figures import Row

from dharma_local.stack_settings import StackSettings
from dharma_local.supervisor import Stack

SIZES = tuple(int(size) for size in os.environ.get("DHARMA_BENCH_SIZES", "10,100,500").split(","))


def measure() -> Iterator[Row]:
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            yield from _measured(size, Path(folder))


def _measured(size: int, folder: Path) -> Iterator[Row]:
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("DHARMA_", "AWS_"))},
        "DHARMA_STATE_DIR": str(folder / ".dharma"),
        "DHARMA_PORT": "0",
        "DHARMA_CACHE_PORT": "0",
        "DHARMA_SANDBOX_PORT": "0",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "NO_COLOR": "1",
    }
    stack = Stack(StackSettings.from_environment(environment))
    (folder / "first.yaml").write_text(queues(size, seconds=30))
    (folder / "changed.yaml").write_text(queues(size, seconds=60))

    def dharma(*words: str) -> tuple[str, float]:
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "dharma_cli.main", *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout, time.perf_counter() - began

    dharma("start")
    try:
        dharma("login")
        dharma("env", "create", "sandbox")
        for name, file in (("deploy", "first.yaml"), ("update", "changed.yaml")):
            _, seconds = dharma("deploy", file, "-e", "sandbox", "--auto-approve")
            yield Row(f"{name} {size}", seconds, "s", 90 if size == 500 else None)
            yield Row(f"recording after {name} {size}", _megabytes(folder), "MB")
        latest = json.loads(dharma("deployments", "list", "--format", "json")[0])["items"][0]["id"]
        _, seconds = dharma("destroy", latest, "--auto-approve")
        yield Row(f"destroy {size}", seconds, "s")
        yield Row(f"recording after destroy {size}", _megabytes(folder), "MB")
        own = {process.pid for process in stack.status()}
        for process in stack.status():
            if process.pid is not None:
                peak = max(_peak(pid) for pid in _with_children(process.pid, own))
                yield Row(f"peak memory of {process.name} {size}", peak, "MB", 512)
    finally:
        stack.stop()


def queues(number: int, *, seconds: int) -> str:
    """A blueprint of so many queues that have nothing to do with one another."""
    head = "apiVersion: dharma/v1\nkind: Blueprint\nname: queues\nversion: 1.0.0\nprovider: aws\n"
    one = (
        "  - name: queue{n}\n"
        "    type: aws_sqs_queue\n"
        "    properties:\n"
        "      name: bench-{n}\n"
        "      visibility_timeout_seconds: {seconds}\n"
        "      sqs_managed_sse_enabled: true\n"
        "      tags: {{number: '{n}'}}\n"
    )
    return head + "resources:\n" + "".join(one.format(n=n, seconds=seconds) for n in range(number))


def _megabytes(folder: Path) -> float:
    kept = (folder / ".dharma" / "sandbox").rglob("*")
    return sum(path.stat().st_size for path in kept if path.is_file()) / 1e6


def _peak(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"the kernel does not tell the memory of {pid}")


def _with_children(pid: int, others: set[int | None]) -> list[int]:
    """The process and all that it started, unless they have names of their own."""
    listed = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    children = [child for child in listed if child not in others]
    return [pid, *(each for child in children for each in _with_children(child, others))]
