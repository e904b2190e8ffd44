"""The local stack as a whole, with a small project: started, killed, told about, stopped."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
import redis

from dharma.core.errors import Unavailable
from dharma_local.stack_settings import StackSettings
from dharma_local.supervisor import AlreadyRunning, Stack

pytestmark = pytest.mark.stack

TEMPLATE = Path(__file__).parents[1] / "sample_project" / "infra" / "template.yaml"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    for name in ("AWS_ENDPOINT_URL", "DHARMA_CACHE_URL"):
        monkeypatch.delenv(name, raising=False)
    made = Stack(StackSettings(tmp_path / "state", TEMPLATE, port=0, cache_port=0, sandbox_port=0))
    made.start(foreground=False)
    made.wait_ready()
    yield made
    made.stop()


def get(stack: Stack, path: str, method: str = "GET", body: str | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", stack.ports()["gateway"], timeout=10)
    connection.request(method, path, body=body, headers={"content-type": "application/json"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, json.loads(text) if text.startswith("{") else text


def test_nobody_else_can_read_what_it_keeps(stack: Stack) -> None:
    get(stack, "/nothing")
    state = stack.settings.state_dir
    open_to_others = {
        str(path.relative_to(state)): oct(path.stat().st_mode & 0o777)
        for path in (state, *state.rglob("*"))
        if path.lstat().st_mode & 0o077 and not path.is_symlink()
    }
    assert open_to_others == {}


def pids(stack: Stack) -> dict[str, int]:
    return {p.name: p.pid for p in stack.status() if p.pid is not None}


def test_it_starts_tells_of_itself_and_stops(stack: Stack) -> None:
    status = {p.name: p for p in stack.status()}
    assert set(status) == {"supervisor", "gateway-1", "gateway-2", "engine", "sandbox", "cache"}
    assert all(p.state == "ready" and p.memory_mb and p.memory_mb < 512 for p in status.values())
    assert set(stack.ports()) == {"gateway", "sandbox", "cache"}
    health = stack.health()
    assert health.pop("gateway") == "GET /health answers 404"  # the small project has no such route
    assert set(health.values()) == {"ok"}
    assert get(stack, "/open")[0] == 200
    cache = redis.Redis(port=stack.ports()["cache"])
    assert cache.incr("counter") == 1
    assert cache.ttl("counter") == -1
    cache.close()
    with pytest.raises(AlreadyRunning):
        stack.start(foreground=False)
    before = pids(stack)
    assert stack.stop()
    assert stack.status() == []
    assert not stack.stop()
    assert not any(_alive(pid) for name, pid in before.items() if name != "supervisor")


def test_both_gateway_processes_answer(stack: Stack) -> None:
    def ask(number: int) -> str:
        return str(get(stack, "/slow", "POST", "{}")[1])

    with ThreadPoolExecutor(16) as threads:
        told = set(threads.map(ask, range(64)))
    assert len(told) >= 2  # each has a pool of its own for dedicated functions


def test_a_killed_process_comes_back_and_no_connection_is_refused(stack: Stack) -> None:
    before = pids(stack)
    for name in ("gateway-1", "gateway-2", "engine", "cache"):
        os.kill(before[name], signal.SIGKILL)
    assert get(stack, "/open")[0] == 200
    deadline = time.monotonic() + 10
    while any(pids(stack).get(name) == pid for name, pid in before.items() if name in _KILLED):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stack.wait_ready(15)
    after = pids(stack)
    assert all(after[name] != before[name] for name in _KILLED)
    assert after["sandbox"] == before["sandbox"]
    assert {p.name: p.restarts for p in stack.status()}["engine"] == 1


def test_a_process_whose_function_hung_is_replaced(stack: Stack) -> None:
    status, body = get(stack, "/open?do=hang")
    assert (status, body) == (504, {"message": "Endpoint request timed out"})
    assert get(stack, "/open")[0] == 200
    deadline = time.monotonic() + 10
    while sum(p.restarts for p in stack.status()) != 1:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stack.wait_ready()
    assert get(stack, "/open")[0] == 200


_KILLED = ("gateway-1", "gateway-2", "engine", "cache")


def test_a_killed_supervisor_takes_its_processes_along_and_can_be_started_again(
    stack: Stack,
) -> None:
    before = pids(stack)
    os.kill(before["supervisor"], signal.SIGKILL)
    deadline = time.monotonic() + 5
    while any(_alive(pid) for name, pid in before.items() if name != "supervisor"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert not stack.is_running()
    stack.start(foreground=False)
    stack.wait_ready()
    assert get(stack, "/open")[0] == 200


def test_the_sandbox_comes_back_with_the_same_identifiers(stack: Stack) -> None:
    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{stack.ports()['sandbox']}",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    template = {
        "Resources": {
            "Net": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Key": {
                "Type": "AWS::KMS::Key",
                "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}},
            },
        }
    }

    def seen() -> list[Any]:
        found = client("cloudformation").describe_stack_resources(StackName="s")
        return sorted(
            (r["LogicalResourceId"], r["PhysicalResourceId"]) for r in found["StackResources"]
        )

    cloud = client("cloudformation")
    client("ec2").describe_vpcs()
    cloud.create_change_set(
        StackName="s", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=json.dumps(template)
    )
    cloud.execute_change_set(StackName="s", ChangeSetName="c")
    before = seen()
    assert len(before) == 3
    killed = pids(stack)["sandbox"]
    os.kill(killed, signal.SIGKILL)
    while pids(stack).get("sandbox", killed) == killed:
        time.sleep(0.02)
    assert seen() == before
    stack.stop()
    stack.start(foreground=False)
    assert seen() == before
    stack.reset_sandbox()
    assert client("cloudformation").describe_stacks()["Stacks"] == []
    os.kill(pids(stack)["sandbox"], signal.SIGKILL)
    time.sleep(0.2)
    assert client("cloudformation").describe_stacks()["Stacks"] == []


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stack = Stack(StackSettings(tmp_path, TEMPLATE, port=port, cache_port=0, sandbox_port=0))
        with pytest.raises(Unavailable, match=f"DHARMA_PORT: .*127.0.0.1:{port}"):
            stack.start(foreground=False)
    assert not stack.is_running()


def test_a_template_that_cannot_be_served_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {}}}")
    with pytest.raises(Unavailable, match="a function without Handler"):
        Stack(StackSettings(tmp_path, file, port=0, cache_port=0, sandbox_port=0)).start(
            foreground=False
        )


def _alive(pid: int) -> bool:
    said = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(said) and not said.startswith("Z")
