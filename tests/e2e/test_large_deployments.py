"""More resources than one change set or one request holds, through the command line, with kills."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from .conftest import LONGEST, CommandLine

pytestmark = pytest.mark.stack

# More than one change set takes, and more bytes than a request does.
QUEUES = 230
HEAD = """\
apiVersion: dharma/v1
kind: Blueprint
name: many
version: 1.0.0
provider: aws
resources:
"""
QUEUE = """\
  - name: queue{number}
    type: aws_sqs_queue
    properties:
      name: many-{number}
      visibility_timeout_seconds: {seconds}
      sqs_managed_sse_enabled: true
"""
# Two subnets with one address range: the cloud refuses the second.
BROKEN = """\
  - name: net
    type: aws_vpc
    properties: {cidr_block: 10.0.0.0/16}
  - name: one
    type: aws_subnet
    properties: {vpc_id: "${aws_vpc.net.id}", cidr_block: 10.0.1.0/24}
  - name: two
    type: aws_subnet
    properties: {vpc_id: "${aws_vpc.net.id}", cidr_block: 10.0.1.0/24}
"""


class Many(CommandLine):
    def write(self, name: str, *, seconds: int, more: str = "") -> str:
        queues = (QUEUE.format(number=n, seconds=seconds) for n in range(QUEUES))
        (self.folder / name).write_text(HEAD + "".join(queues) + more)
        return name

    def latest(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json("deployments", "list")["items"][0]
        return found

    def events(self, deployment: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("deployments", "show", deployment)["events"]
        return found

    def account(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.stack.ports()['sandbox']}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def timeouts(self) -> Counter[str]:
        """How many queues there are by their visibility timeout, as the account says."""
        sqs = self.account("sqs")
        found = (
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
            for url in sqs.list_queues().get("QueueUrls", ())
        )
        return Counter(each["Attributes"]["VisibilityTimeout"] for each in found)

    def kill(self, *names: str) -> None:
        for process in self.stack.status():
            if process.name in names and process.pid is not None:
                os.kill(process.pid, signal.SIGKILL)

    def until_some_are_done(self, deployment: str) -> None:
        deadline = time.monotonic() + LONGEST
        while not (
            self.json("deployments", "show", deployment)["deployment"]["progress"] or {}
        ).get("done"):
            assert time.monotonic() < deadline


@pytest.fixture(scope="module")
def dharma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Many]:
    line = Many(tmp_path_factory.mktemp("many"))
    line("start")
    line("login")
    line("env", "create", "sandbox")
    yield line
    line.stack.stop()


def test_what_is_killed_in_the_middle_of_a_large_deployment_completes_once(dharma: Many) -> None:
    file = dharma.write("first.yaml", seconds=30)
    dharma("deploy", file, "-e", "sandbox", "--auto-approve", "--detach")
    started = dharma.latest()["id"]
    dharma.until_some_are_done(started)
    dharma.kill("engine", "sandbox")
    dharma("deployments", "watch", started)
    assert dharma.timeouts() == {"30": QUEUES}
    events = dharma.events(started)
    made = Counter(
        e["data"]["logicalId"]
        for e in events
        if e["type"] == "ResourceChanged" and e["data"]["status"] == "CREATE_COMPLETE"
    )
    assert len(made) == QUEUES
    types = Counter(e["type"] for e in events)
    assert (types["ChangeStarted"], types["DeploymentSucceeded"]) == (1, 1)
    # What was staged for CloudFormation is gone.
    s3 = dharma.account("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        assert s3.list_objects_v2(Bucket=bucket["Name"])["KeyCount"] == 0


def test_a_large_update_that_fails_puts_every_resource_back_and_frees_the_lock(
    dharma: Many,
) -> None:
    file = dharma.write("broken.yaml", seconds=60, more=BROKEN)
    said = dharma("deploy", file, "-e", "sandbox", "--auto-approve", code=1)
    assert "Undone: the environment is as it was" in said
    assert dharma.timeouts() == {"30": QUEUES}
    again = dharma.write("again.yaml", seconds=60)
    dharma("deploy", again, "-e", "sandbox", "--auto-approve")
    assert dharma.timeouts() == {"60": QUEUES}


def test_removing_a_large_stack_leaves_the_account_empty(dharma: Many) -> None:
    dharma("destroy", dharma.latest()["id"], "--auto-approve", "--detach")
    started = dharma.latest()["id"]
    dharma.until_some_are_done(started)
    dharma.kill("sandbox")
    dharma("deployments", "watch", started)
    assert dharma.timeouts() == {}
    assert dharma.account("s3").list_buckets()["Buckets"] == []
    assert Path(dharma.environment["DHARMA_STATE_DIR"], "sandbox").stat().st_mode & 0o077 == 0
