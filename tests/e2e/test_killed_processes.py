"""`kill -9` of each process of the stack in the middle of a deployment, seen from the command line
that follows it. One stack, an emulated account; a quarter of a minute a process.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import LONGEST, CommandLine

pytestmark = pytest.mark.stack

EXAMPLE = Path(__file__).parents[2] / "examples/aws-three-tier-web.yaml"


@pytest.fixture(scope="module")
def dharma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    line = CommandLine(tmp_path_factory.mktemp("killed"))
    # A port that stays the same when the whole stack is started again, as a user's does.
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        line.environment["DHARMA_PORT"] = str(found.getsockname()[1])
    line("start")
    line("login")
    password = "database_password=correct-horse-battery"
    line(
        "env",
        "create",
        "try",
        "--provider",
        "aws",
        "--credentials",
        "sandbox",
        "--secret",
        password,
    )
    yield line
    line.stack.stop()


@pytest.fixture
def following(dharma: CommandLine, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`deploy` of the example, followed by the command until the cloud is at work."""
    said = tmp_path / "said"
    words = ["deploy", str(EXAMPLE), "-e", "try", "--auto-approve"]
    with said.open("wb") as out:
        command = subprocess.Popen(
            [sys.executable, "-u", "-m", "dharma_cli.main", *words],
            cwd=dharma.folder,
            env=dharma.environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + LONGEST
    while b"CREATE_COMPLETE" not in said.read_bytes():
        assert command.poll() is None, said.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield command
    if command.poll() is None:
        command.kill()
        command.wait()
    print(said.read_text())


@pytest.mark.parametrize("process", ["gateway", "engine", "cache", "sandbox", "supervisor"])
def test_a_deployment_completes_once_and_whoever_follows_it_sees_its_end(
    dharma: CommandLine, following: subprocess.Popen[bytes], process: str
) -> None:
    killed = [p for p in dharma.stack.status() if p.name.startswith(process) and p.pid]
    assert killed
    for each in killed:
        os.kill(each.pid or 0, signal.SIGKILL)
    if process == "supervisor":
        the_stack_is_known_to_be_gone_and_starts_again(dharma)
    assert following.wait(LONGEST) == 0
    latest = dharma.json("deployments", "list")["items"][0]
    types = Counter(event["type"] for event in events(dharma, latest["id"]))
    assert (latest["status"], latest["resourceCount"]) == ("succeeded", 35)
    assert (types["ChangeStarted"], types["DeploymentSucceeded"], types["UndoStarted"]) == (1, 1, 0)
    assert dharma.json("status")["ready"] is True
    assert (
        dharma.json("destroy", latest["id"], "--auto-approve")["deployment"]["resourceCount"] == 0
    )


def the_stack_is_known_to_be_gone_and_starts_again(dharma: CommandLine) -> None:
    deadline = time.monotonic() + LONGEST
    while dharma.stack.is_running():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    said = dharma("status", code=1)
    assert said.startswith("Not running")
    assert said.endswith("Start it with: iac-dharma start\n")
    assert dharma.json("status", code=1)["processes"] == []
    assert "Start it with: iac-dharma start" in dharma("deployments", "list", code=1)
    dharma("start")


def events(line: CommandLine, deployment: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = line.json("deployments", "show", deployment)["events"]
    return found
