"""The limit on the running stack: two processes of the API, one cache, which is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dharma_cli import local_identity
from dharma_local.stack_settings import StackSettings
from dharma_local.supervisor import Stack

pytestmark = pytest.mark.stack

LIMIT = 30


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    for name in ("AWS_ENDPOINT_URL", "DHARMA_CACHE_URL", "DHARMA_TEMPLATE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("DHARMA_PORT", "DHARMA_CACHE_PORT", "DHARMA_SANDBOX_PORT"):
        monkeypatch.setenv(name, "0")
    monkeypatch.setenv("DHARMA_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("DHARMA_RATE_LIMIT", str(LIMIT))
    local_identity.ensure_keys()
    made = Stack(StackSettings.from_environment())
    made.start(foreground=False)
    made.wait_ready(60)
    yield made
    made.stop()


def calls(stack: Stack, count: int, seconds: float = 30) -> list[httpx.Response]:
    """Each on a connection of its own, so that both processes get some."""
    headers = {"authorization": f"Bearer {local_identity.issue('admin', hours=1)}"}
    url = f"{stack.url()}/environments"
    return [httpx.get(url, headers=headers, timeout=seconds) for _ in range(count)]


def test_the_processes_share_one_limit_and_serve_without_the_cache(stack: Stack) -> None:
    begin = time.monotonic()
    answers = calls(stack, 5 * LIMIT)
    passed = time.monotonic() - begin
    allowed = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(allowed) + len(refused) == 5 * LIMIT
    # Not twice the limit, as with a count in each process; what came back meanwhile is allowed.
    assert LIMIT <= len(allowed) < 1.5 * LIMIT + passed * LIMIT / 60
    assert refused[-1].json()["code"] == "TooManyRequests"
    assert int(refused[-1].headers["retry-after"]) >= 1
    assert refused[-1].headers["ratelimit-policy"] == f'"subject";q={LIMIT};w=60'
    assert httpx.get(f"{stack.url()}/health").status_code == 200

    [cache] = [process.pid for process in stack.status() if process.name == "cache"]
    assert cache is not None
    # It is stopped, not ended: nothing answers, and no supervisor notices.
    os.kill(cache, signal.SIGSTOP)
    try:
        for answer in calls(stack, 20)[-10:]:
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers
    finally:
        os.kill(cache, signal.SIGCONT)
    logs = "".join(file.read_text() for file in stack.settings.log_dir.glob("gateway-*.log"))
    assert '"cacheMissed"' in logs
