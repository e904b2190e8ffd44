"""Every command of the command line with `--format json`, as a program calls it: no terminal, an
answer on standard output that is JSON and nothing else, nothing on standard error, the exit code.

The commands are those that the parser knows: a new one without a case here fails. One stack, one
walk in the order below; about a minute.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dharma_cli.main import program
from dharma_cli.reference.commands import command_documents

from .conftest import LONGEST, CommandLine

pytestmark = pytest.mark.stack

JSON = ("--format", "json")
QUEUE = """\
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
resources:
  - name: jobs
    type: aws_sqs_queue
    properties:
      name: jobs
      visibility_timeout_seconds: 60
      sqs_managed_sse_enabled: true
      tags: {team: web}
"""
TEMPLATE = """\
Resources:
  Topic:
    Type: AWS::SNS::Topic
"""


@dataclass
class Walk:
    """What was said so far, so that a later command can name it."""

    line: CommandLine
    deployment: str = ""
    called: list[str] = field(default_factory=list)

    def __call__(self, command: str, *words: str, code: int = 0) -> Any:
        """Its one document."""
        (document,) = self.documents(command, *words, code=code)
        if "deployment" in document:
            self.deployment = document["deployment"]["id"]
        return document

    def documents(self, command: str, *words: str, code: int = 0) -> list[Any]:
        """All of them; only a command that streams has more than one, each on a line."""
        self.called.append(command)
        # A standard input on which nothing ever comes: who asks would wait for ever.
        silence, held = os.pipe()
        try:
            done = subprocess.run(
                [sys.executable, "-m", "dharma_cli.main", *command.split(), *words, *JSON],
                cwd=self.line.folder,
                env=self.line.environment,
                stdin=silence,
                capture_output=True,
                text=True,
                timeout=LONGEST,
                check=False,
            )
        finally:
            os.close(silence)
            os.close(held)
        assert (done.returncode, done.stderr) == (code, ""), done.stdout
        texts = done.stdout.splitlines() if command == "logs" else [done.stdout]
        found = [json.loads(text) for text in texts]
        for document in found:
            assert (document["schemaVersion"], document["command"]) == ("1", command)
            assert ("error" in document) <= (code == 1)
        return found


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    line = CommandLine(tmp_path_factory.mktemp("every-command"))
    (line.folder / "jobs.yaml").write_text(QUEUE)
    (line.folder / "slower.yaml").write_text(QUEUE.replace("60", "90"))
    (line.folder / "template.yaml").write_text(TEMPLATE)
    yield Walk(line)
    line.stack.stop()


def test_commands_that_need_no_stack(walk: Walk) -> None:
    assert walk("validate", "jobs.yaml")["valid"] is True
    assert walk("generate", "jobs.yaml", "-f", "terraform")["files"]
    assert walk("convert", "template.yaml", "-f", "terraform")["files"]
    assert walk("import", "template.yaml")["blueprint"]
    assert walk("check", "jobs.yaml")["outcome"] == "pass"
    assert walk("check", "template.yaml", code=2)["outcome"] == "fail"
    assert walk("cost", "jobs.yaml")["usageBased"]
    assert walk("plan", "slower.yaml", "--against", "jobs.yaml")["summary"]["update"] == 1
    assert walk("schema")["schema"]["$schema"]
    assert walk("docs", "kind", "aws_sqs_queue")["kind"]["name"] == "aws_sqs_queue"
    assert walk("info")["kinds"] > 100
    assert walk("update")["installation"]
    (settings,) = walk("init", "--name", "jobs", "--blueprint", "new.yaml")["files"]
    Path(settings).unlink()  # it names the usual port, and this stack has another


def test_commands_of_a_stack_that_does_not_run(walk: Walk) -> None:
    assert walk("status", code=1)["ready"] is False
    assert walk("health", code=1)["ok"] is False
    assert walk("stop")["wasRunning"] is False
    assert walk("logs", code=1)["error"]["code"] == "NotFound"
    assert "iac-dharma start" in walk("deployments list", code=1)["error"]["message"]


def test_commands_of_a_stack(walk: Walk) -> None:
    assert walk("start")["address"].startswith("http://127.0.0.1:")
    assert walk("start", code=1)["error"]["code"] == "AlreadyRunning"
    assert walk("status")["ready"] is True
    assert walk("health")["ok"] is True
    assert walk("env list", code=1)["error"]["code"] == "Unauthenticated"
    assert walk("login", "--print")["token"]
    assert walk("login")["role"] == "admin"
    lines = walk.documents("logs")
    assert {line["process"] for line in lines} >= {"supervisor"}


def test_commands_of_environments_and_blueprints(walk: Walk) -> None:
    made = walk("env create", "try", "--provider", "aws", "--credentials", "sandbox")
    assert made["environment"]["name"] == "try"
    assert walk("env set", "try", "--region", "us-east-1")["environment"]["region"] == "us-east-1"
    assert [e["name"] for e in walk("env list")["items"]] == ["try"]
    assert walk("env show", "try")["environment"]["name"] == "try"
    assert walk("env show", "nowhere", code=1)["error"]["code"] == "NotFound"
    assert walk("blueprint push", "jobs.yaml", "--publish")["published"] is True
    assert walk("blueprint list")["items"][0]["name"] == "jobs"
    assert walk("blueprint show", "jobs")["blueprint"]["name"] == "jobs"
    assert walk("blueprint versions", "jobs")["items"][0]["version"] == "1.0.0"
    assert walk("blueprint export", "jobs")["blueprint"]["name"] == "jobs"
    assert walk("blueprint export", "jobs", "-o", "exported.yaml")["file"] == "exported.yaml"
    assert (walk.line.folder / "exported.yaml").read_text().startswith("apiVersion: dharma/v1")
    assert walk("blueprint import", "template.yaml")["blueprint"]


def test_commands_of_deployments(walk: Walk) -> None:
    assert walk("plan", "jobs.yaml", "-e", "try")["summary"]["create"] == 1
    waiting = "awaiting_approval"
    assert walk("deploy", "jobs.yaml", "-e", "try")["deployment"]["status"] == waiting
    assert walk("deployments watch", walk.deployment)["deployment"]["status"] == waiting
    assert walk("deployments show", walk.deployment, "--plan")["document"]
    assert walk("deploy", "jobs.yaml", "-e", "try", code=1)["error"]["code"] == "EnvironmentLocked"
    assert walk("approve", walk.deployment)["deployment"]["id"] == walk.deployment
    assert status(walk("deployments watch", walk.deployment)) == "succeeded"
    for command, end in (("reject", "rejected"), ("cancel", "cancelled")):
        assert walk("deploy", "slower.yaml", "-e", "try")["deployment"]["status"] == waiting
        walk(command, walk.deployment)
        assert status(walk("deployments watch", walk.deployment, code=1)) == end
    detached = walk("deploy", "slower.yaml", "-e", "try", "--auto-approve", "--detach")
    assert detached["deployment"]["operation"] == "deploy"
    assert status(walk("deployments watch", walk.deployment)) == "succeeded"
    assert walk("deployments show", walk.deployment)["events"]
    assert len(walk("deployments list")["items"]) == 4
    assert status(walk("rollback", walk.deployment, "--auto-approve")) == "succeeded"
    assert status(walk("destroy", walk.deployment, "--auto-approve")) == "succeeded"
    ran = walk("run", "jobs.yaml", "--once")
    assert status(ran) == "succeeded"
    assert ran["cost"]["usageBased"]
    assert [r["type"] for r in ran["resources"]] == ["AWS::SQS::Queue"]


def status(document: Any) -> str:
    found: str = document["deployment"]["status"]
    return found


def test_commands_about_what_is_on_record(walk: Walk) -> None:
    assert walk("audit list")["items"]
    assert walk("audit verify")["valid"] is True
    assert walk("projections rebuild")["finished"] is True
    assert walk("projections show")["total"]["total"] == 7
    assert walk("stop")["wasRunning"] is True


def test_every_command_that_the_parser_knows_was_called(walk: Walk) -> None:
    known = {command["name"] for command in command_documents(program())}
    assert known - set(walk.called) == set()
