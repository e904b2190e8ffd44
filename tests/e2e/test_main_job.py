"""The main job as its user sees it: one stack, the command line, an emulated account."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from .conftest import LONGEST, CommandLine

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/aws-three-tier-web.yaml"


class MainJob(CommandLine):
    """The command line, and what the emulated account says of itself."""

    def latest(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json("deployments", "list")["items"][0]
        return found

    def resources(self) -> set[str]:
        """What the emulated account holds of ours, asked of its own API."""

        def client(service: str) -> Any:
            return boto3.client(
                service,
                endpoint_url=f"http://127.0.0.1:{self.stack.ports()['sandbox']}",
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )

        found = {v["VpcId"] for v in client("ec2").describe_vpcs()["Vpcs"] if not v["IsDefault"]}
        found |= {b["Name"] for b in client("s3").list_buckets()["Buckets"]}
        found |= set(client("sqs").list_queues().get("QueueUrls", ()))
        databases = client("rds").describe_db_instances()["DBInstances"]
        found |= {d["DBInstanceIdentifier"] for d in databases}
        found |= {r["RoleName"] for r in client("iam").list_roles()["Roles"]}
        balancers = client("elbv2").describe_load_balancers()["LoadBalancers"]
        return found | {b["LoadBalancerArn"] for b in balancers}

    def visibility(self) -> str:
        """A property of the deployed queue, as the account tells it."""
        sqs = boto3.client(
            "sqs",
            endpoint_url=f"http://127.0.0.1:{self.stack.ports()['sandbox']}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        (url,) = sqs.list_queues()["QueueUrls"]
        read = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
        return str(read["Attributes"]["VisibilityTimeout"])


@pytest.fixture(scope="module")
def dharma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainJob]:
    line = MainJob(tmp_path_factory.mktemp("main-job"))
    yield line
    line.stack.stop()


@pytest.fixture
def changed(dharma: MainJob) -> Path:
    return write(dharma, "changed.yaml", ("timeout_seconds: 60", "timeout_seconds: 90"))


@pytest.fixture
def broken(dharma: MainJob) -> Path:
    """Two subnets with one address range: the cloud refuses the second, half way through."""
    return write(
        dharma,
        "broken.yaml",
        ("timeout_seconds: 60", "timeout_seconds: 120"),
        ("10.20.11.0/24", "10.20.10.0/24"),
    )


def write(line: MainJob, name: str, *changes: tuple[str, str]) -> Path:
    text = EXAMPLE.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (line.folder / name).write_text(text)
    return line.folder / name


def test_the_main_job_ends_with_the_resources_of_the_example(dharma: MainJob) -> None:
    said = dharma("run", str(EXAMPLE), "--once")
    assert "succeeded" in said
    assert "a month" in said
    assert "Plan: 26 to create" in said
    assert "35 resources exist" in said
    look = "iac-dharma start && iac-dharma login && iac-dharma deployments show"
    assert re.search(rf"\nLook at it with:   (\. \S+ && )?{look} (\w+)\n", said)
    assert re.search(r"\nRemove it with:    iac-dharma destroy \w+\n", said)
    assert not dharma.stack.is_running()


def test_a_restarted_stack_has_what_was_deployed_before(dharma: MainJob) -> None:
    dharma("start")
    dharma("login")
    assert dharma.latest()["status"] == "succeeded"
    assert len(dharma.resources()) == 6


def test_the_same_blueprint_again_changes_nothing(dharma: MainJob) -> None:
    before = dharma.resources()
    assert "No changes" in dharma("deploy", str(EXAMPLE), "-e", "sandbox", "--auto-approve")
    assert dharma.resources() == before


def test_a_failed_update_puts_back_what_was_there_and_frees_the_lock(
    dharma: MainJob, broken: Path
) -> None:
    before = dharma.resources()
    said = dharma("deploy", str(broken), "-e", "sandbox", "--auto-approve", code=1)
    assert "Undone: the environment is as it was" in said
    assert dharma.latest()["status"] == "failed"
    assert dharma.resources() == before
    assert dharma.visibility() == "60"


def test_a_waiting_deployment_holds_the_environment_by_name_until_it_is_approved(
    dharma: MainJob, changed: Path
) -> None:
    foretold = dharma("plan", str(changed), "-e", "sandbox")
    dharma("deploy", str(changed), "-e", "sandbox")
    waiting = dharma.latest()
    assert waiting["status"] == "awaiting_approval"
    assert dharma("deployments", "show", waiting["id"], "--plan") == foretold
    refused = dharma.json("deploy", str(changed), "-e", "sandbox", code=1)["error"]
    assert refused["code"] == "EnvironmentLocked"
    assert waiting["id"] in refused["message"]
    dharma("approve", waiting["id"], "--comment", "go on")
    dharma("deployments", "watch", waiting["id"])
    assert dharma.visibility() == "90"


def test_a_killed_engine_goes_on_where_it_was_and_completes_once(dharma: MainJob) -> None:
    dharma("deploy", str(EXAMPLE), "-e", "sandbox", "--auto-approve", "--detach")
    started = dharma.latest()["id"]
    deadline = time.monotonic() + LONGEST
    while not any(e["type"] == "ChangeStarted" for e in events(dharma, started)):
        assert time.monotonic() < deadline
    for process in dharma.stack.status():
        if process.name == "engine" and process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)
    dharma("deployments", "watch", started)
    types = [event["type"] for event in events(dharma, started)]
    assert types.count("ChangeStarted") == 1
    assert types.count("DeploymentSucceeded") == 1
    assert dharma.visibility() == "60"


def events(line: MainJob, deployment: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = line.json("deployments", "show", deployment)["events"]
    return found


def test_a_rollback_deploys_an_earlier_state(dharma: MainJob) -> None:
    dharma("rollback", dharma.latest()["id"], "--auto-approve")
    assert dharma.visibility() == "90"


def test_destroying_leaves_the_account_empty(dharma: MainJob) -> None:
    dharma("destroy", dharma.latest()["id"], "--auto-approve")
    assert dharma.resources() == set()


def test_a_failed_first_deployment_leaves_nothing(dharma: MainJob, broken: Path) -> None:
    said = dharma("deploy", str(broken), "-e", "sandbox", "--auto-approve", code=1)
    assert "conflicts with another subnet" in said
    assert dharma.resources() == set()
    assert dharma.latest()["status"] == "failed"


def test_requests_without_a_good_token_are_refused(dharma: MainJob) -> None:
    for token in ("", "nonsense", "a.b.c"):
        dharma.environment["DHARMA_TOKEN"] = token or "x"
        assert dharma.json("deployments", "list", code=1)["error"]["code"] == "Unauthenticated"
    del dharma.environment["DHARMA_TOKEN"]
