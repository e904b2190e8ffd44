"""The running stack: start, requests per second, latency, memory. State and ports of its own."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator

from figures import Row

from dharma_cli.client import Client
from dharma_local import bench
from dharma_local.stack_settings import StackSettings
from dharma_local.supervisor import Stack

SECONDS = 4.0
CONNECTIONS = 8


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            DHARMA_STATE_DIR=folder,
            DHARMA_PORT="0",
            DHARMA_CACHE_PORT="0",
            DHARMA_SANDBOX_PORT="0",
            # One subject asks for all of it.
            DHARMA_RATE_LIMIT="60000000",
        )
        from dharma_cli import local_identity

        local_identity.ensure_keys()
        token = local_identity.issue("admin", hours=1)
        stack = Stack(StackSettings.from_environment())
        for name in ("first start to ready", "second start to ready"):
            began = time.perf_counter()
            stack.start(foreground=False)
            stack.wait_ready(60)
            yield Row(name, time.perf_counter() - began, "s", 5.0 if "second" in name else None)
            if name.startswith("first"):
                stack.stop()
        try:
            yield from _reads(stack, token)
            yield from _memory(stack)
        finally:
            stack.stop()


def _reads(stack: Stack, token: str) -> Iterator[Row]:
    client = Client(stack.url(), token)
    client.post("/environments", {"name": "bench", "provider": "aws", "region": "us-east-1"})
    with open("examples/web-assets.yaml", encoding="utf-8") as file:
        blueprint = client.post("/blueprints", {"content": file.read()})
    paths = {
        "/health": None,
        "/environments/bench": token,
        f"/blueprints/{blueprint['id']}": token,
        "/blueprints": token,
        "/deployments": token,
    }
    for path, bearer in paths.items():
        found = asyncio.run(
            bench.measure(stack.url(), path, token=bearer, seconds=SECONDS, connections=CONNECTIONS)
        )
        if found.errors:
            raise RuntimeError(f"{path}: {found.errors} answers were not 2xx")
        label = path.replace(blueprint["id"], "{id}")
        yield Row(f"GET {label}", found.requests_per_second, "req/s", 1000)
        yield Row(f"GET {label}, p95", found.p95_ms, "ms", 20)
        yield Row(f"GET {label}, p99", found.p99_ms, "ms", 500)


def _memory(stack: Stack) -> Iterator[Row]:
    for process in stack.status():
        if process.memory_mb is not None:
            yield Row(f"memory of {process.name}", process.memory_mb, "MB", 512)
