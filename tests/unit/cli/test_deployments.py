"""`deploy` and what follows it, against the true API; the state machine's part is told by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from dharma_cli import client, follow
from dharma_cli.client import Client

JSON = ("--format", "json")
PLAN = {
    "formatVersion": 1,
    "fromVersion": 0,
    "summary": {"create": 1, "update": 0, "replace": 0, "delete": 0, "no-op": 0},
    "changes": [
        {
            "address": "aws_sqs_queue.jobs",
            "kind": "aws_sqs_queue",
            "action": "create",
            "before": None,
            "after": {"name": "jobs-prod"},
            "paths": [],
            "reason": "",
        }
    ],
    "outputs": [],
    "refused": [],
}
PLANNED = ("PlanMade", {"plan": PLAN["summary"]})
WAITS = ("ApprovalRequested", {"token": "task-token", "approvers": []})
RECORDED = ("StateRecorded", {"version": 1, "resourceCount": 1, "outputs": {"arn": "arn:1"}})
SUCCEEDED: tuple[str, dict[str, Any]] = ("DeploymentSucceeded", {})
FAILED = (
    "DeploymentFailed",
    {"status": "failed", "code": "DeploymentFailed", "message": "no [quota]", "step": "monitor"},
)


@pytest.fixture
def prod(dharma: Any, api: Any) -> str:
    assert dharma("env", "create", "prod", "--var", "stage=prod").code == 0
    return "prod"


@pytest.fixture
def started(dharma: Any, api: Any, blueprint: Path, prod: str) -> str:
    said = dharma("deploy", blueprint, "-e", prod, "--detach", *JSON)
    assert said.code == 0, said.out
    found: str = said.json["deployment"]["id"]
    return found


@pytest.fixture
def waiting(api: Any, started: str) -> str:
    api.write(started, "plan", PLAN)
    api.tell(started, PLANNED, WAITS)
    api.application.workflows.wait("task-token")
    return started


class Meanwhile:
    """What the state machine tells while the command line pauses."""

    def __init__(self, api: Any, deployment: str, *steps: tuple[Any, ...]) -> None:
        self.api, self.deployment, self.steps = api, deployment, list(steps)

    def sleep(self, _seconds: float) -> None:
        if not self.steps:
            raise KeyboardInterrupt
        self.api.tell(self.deployment, *self.steps.pop(0))


class Outage:
    """An API that breaks off every connection for so many seconds of a clock that pauses move."""

    def __init__(self, api: Any, seconds: float) -> None:
        self.api, self.until, self.now = api, seconds, 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.now < self.until:
            raise httpx.ConnectError("Connection refused")
        answer: httpx.Response = self.api(request)
        return answer

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


def test_deploying_detached_says_where_to_follow_it(
    dharma: Any, blueprint: Path, prod: str
) -> None:
    said = dharma("deploy", blueprint, "-e", prod, "--detach", "--comment", "first")
    assert said.code == 0
    name, status = said.out.split()
    assert status == "pending"
    shown = dharma("deployments", "show", name, *JSON).json
    assert shown["deployment"]["comment"] == "first"
    assert [event["type"] for event in shown["events"]] == ["DeploymentRequested"]
    refused = dharma("deploy", blueprint, "-e", prod, *JSON).error
    assert refused["code"] == "EnvironmentLocked"
    assert name in refused["message"]


def test_a_blueprint_with_faults_is_not_sent(
    dharma: Any, api: Any, blueprint: Path, prod: str
) -> None:
    blueprint.write_text(blueprint.read_text().replace("tags:", "tagss:"))
    assert dharma("deploy", blueprint, "-e", prod).code == 1
    assert not any("/deployments" in request for request in api.requests)


def test_watching_tells_each_event_once_and_ends_with_the_result(
    dharma: Any, api: Any, started: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "time", Meanwhile(api, started, (PLANNED,), (RECORDED, SUCCEEDED)))
    said = dharma("deployments", "watch", started)
    assert said.code == 0
    lines = [line[10:] if line[2:3] == ":" else line for line in said.out.splitlines()]
    assert lines == [
        "Requested",
        "Plan: 1 to create, 0 to update, 0 to replace, 0 to destroy",
        "State 1: 1 resource",
        f"succeeded  deploy {started}: jobs 1.0.0 in prod",
        "  1 resource, state 1",
        "  arn = arn:1",
    ]


def test_watching_in_json_is_one_document(
    dharma: Any, api: Any, started: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "time", Meanwhile(api, started, (PLANNED, RECORDED, SUCCEEDED)))
    said = dharma("deployments", "watch", started, *JSON)
    assert (said.code, said.err) == (0, "")
    assert said.json["deployment"]["status"] == "succeeded"


def test_what_failed_gives_code_1_and_the_reason_as_it_is(
    dharma: Any, api: Any, started: str
) -> None:
    api.tell(started, FAILED)
    said = dharma("deployments", "watch", started)
    assert said.code == 1
    assert "monitor: DeploymentFailed: no [quota]" in said.out
    assert dharma("deployments", "show", started).code == 0


def test_a_verdict_that_stops_nothing_says_so_and_how_much_was_found(
    dharma: Any, api: Any, started: str
) -> None:
    def judged(stage: str, outcome: str, failures: int, *, blocking: bool) -> Any:
        summary = {"failures": failures, "unknowns": 1}
        verdict = {"outcome": outcome, "blocking": blocking, "summary": summary}
        return ("GuardrailsJudged", {"stage": stage, "verdict": verdict})

    api.tell(
        started,
        judged("design", "fail", 3, blocking=False),
        judged("plan", "fail", 4, blocking=True),
        judged("plan", "pass", 0, blocking=False),
        FAILED,
    )
    said = dharma("deployments", "watch", started).out
    assert "Policies over the design: fail (not blocking): 3 failed, 1 unknown\n" in said
    assert "Policies over the plan: fail (blocking): 4 failed, 1 unknown\n" in said
    assert "Policies over the plan: pass\n" in said


def test_control_c_leaves_the_deployment_alone_and_says_so(
    dharma: Any, api: Any, started: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "time", Meanwhile(api, started))
    said = dharma("deployments", "watch", started)
    assert said.code == 130
    assert said.err == f"It goes on; follow it with: iac-dharma deployments watch {started}\n"


def test_a_stack_that_does_not_run_is_not_waited_for(
    dharma: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped:
        def is_running(self) -> bool:
            return False

        def url(self) -> str:
            return "http://127.0.0.1:3999"

    monkeypatch.setattr("dharma_cli.client.Stack", Stopped)
    monkeypatch.setenv("DHARMA_API", "http://127.0.0.1:3999")
    said = dharma("deployments", "watch", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "Unavailable: Nothing runs at http://127.0.0.1:3999. Start it with: iac-dharma start\n"
    )


def test_a_stack_that_is_silent_for_a_while_is_asked_again(
    dharma: Any, api: Any, started: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = watched_through(monkeypatch, Outage(api, seconds=20))
    api.tell(started, PLANNED, RECORDED, SUCCEEDED)
    said = dharma("deployments", "watch", started)
    assert said.code == 0
    assert said.err.count("No answer from http://api.test") == 1
    assert "Start it with: iac-dharma start (asking again for 30 s)" in said.err
    assert f"succeeded  deploy {started}" in said.out
    assert outage.now == 20


def test_a_stack_that_stays_silent_is_given_up_and_the_deployment_goes_on(
    dharma: Any, api: Any, started: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched_through(monkeypatch, Outage(api, seconds=3600))
    said = dharma("deployments", "watch", started)
    assert said.code == 1
    assert f"It goes on; follow it with: iac-dharma deployments watch {started}" in said.err
    in_json = dharma("deployments", "watch", started, *JSON)
    assert (in_json.error["code"], in_json.err) == ("Unavailable", "")


def watched_through(monkeypatch: pytest.MonkeyPatch, outage: Outage) -> Outage:
    monkeypatch.setattr(follow, "time", outage)
    transport = httpx.MockTransport(outage)
    monkeypatch.setattr(client, "connect", lambda: Client("http://api.test", "t", transport))
    return outage


def test_a_deployment_that_waits_says_how_to_see_and_approve_its_plan(
    dharma: Any, waiting: str
) -> None:
    said = dharma("deployments", "watch", waiting)
    assert said.code == 0
    assert "awaiting approval" in said.out
    assert f"iac-dharma deployments show {waiting} --plan" in said.err
    assert f"iac-dharma approve {waiting}" in said.err


def test_the_plan_of_a_deployment_is_shown_as_plan_shows_it(dharma: Any, waiting: str) -> None:
    said = dharma("deployments", "show", waiting, "--plan")
    assert said.out == (
        "# aws_sqs_queue.jobs will be created\n+ aws_sqs_queue.jobs\n"
        '    + name: "jobs-prod"\n\n'
        "Plan: 1 to create, 0 to update, 0 to replace, 0 to destroy.\n"
    )
    assert dharma("deployments", "show", waiting, "--document", "plan").out == said.out
    document = dharma("deployments", "show", waiting, "--plan", *JSON).json
    assert document["document"] == PLAN
    assert (document["name"], document["deploymentId"]) == ("plan", waiting)


def test_documents_are_shown_as_the_commands_show_them(
    dharma: Any, api: Any, blueprint: Path, started: str
) -> None:
    for name, words in (("cost", ("cost",)), ("verdict-design", ("check",))):
        offline = dharma(*words, blueprint, "--var", "stage=prod", *JSON).json
        api.write(started, name, offline)
        shown = dharma("deployments", "show", started, "--document", name).out
        assert shown == dharma(*words, blueprint, "--var", "stage=prod").out
    resource = {"type": "AWS::SQS::Queue", "logicalId": "Jobs", "physicalId": "q-1"}
    api.write(started, "resources", [resource])
    assert "q-1" in dharma("deployments", "show", started, "--document", "resources").out
    text = dharma("deployments", "show", started, "--document", "blueprint").out
    assert json.loads(text)["name"] == "jobs"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--plan",), "NotFound"),
        (("--document", "secrets"), "NotFound"),
        (("--document", "../../x"), "NotFound"),
        (("--plan", "--document", "cost"), "InvalidInput"),
    ],
    ids=" ".join,
)
def test_a_document_that_is_not_there_is_an_error(
    dharma: Any, started: str, words: tuple[str, ...], code: str
) -> None:
    assert dharma("deployments", "show", started, *words, *JSON).error["code"] == code


def test_without_a_terminal_approving_asks_nothing(dharma: Any, waiting: str) -> None:
    said = dharma("approve", waiting, "--comment", "go on", *JSON)
    assert said.code == 0, said.out
    assert said.json["deployment"]["approvedBy"] == "ada-admin"
    assert said.json["deployment"]["approvalComment"] == "go on"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Answers of a person at a terminal, and below them the questions asked."""
    said: list[str] = []

    class Person:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return said.pop(0) + "\n" if said else ""

    monkeypatch.setattr(sys, "stdin", Person())
    monkeypatch.setattr(typer, "confirm", lambda question: bool(said and said.pop(0) == "y"))
    return said


def test_on_a_terminal_the_plan_is_shown_and_a_no_decides_nothing(
    dharma: Any, waiting: str, terminal: list[str]
) -> None:
    terminal[:] = ["n"]
    said = dharma("approve", waiting)
    assert said.code == 1
    assert '+ name: "jobs-prod"' in said.out
    assert said.err == "Nothing was decided; it waits on.\n"
    assert dharma("deployments", "show", waiting, *JSON).json["deployment"]["approvedBy"] is None


@pytest.mark.parametrize(("answers", "words"), [(["y"], ()), ([], ("--yes",))])
def test_on_a_terminal_a_yes_approves(
    dharma: Any, waiting: str, terminal: list[str], answers: list[str], words: tuple[str, ...]
) -> None:
    terminal[:] = answers
    said = dharma("approve", waiting, *words)
    assert said.code == 0, said.err
    assert ('+ name: "jobs-prod"' in said.out) == (not words)
    assert dharma("deployments", "show", waiting, *JSON).json["deployment"]["approvedBy"]
    assert said.err == f"Follow it with: iac-dharma deployments watch {waiting}\n"


def test_what_does_not_wait_is_not_asked_for(
    dharma: Any, started: str, terminal: list[str]
) -> None:
    said = dharma("approve", started)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Conflict: ")


def test_rejecting_says_no(dharma: Any, waiting: str) -> None:
    said = dharma("reject", waiting, "--comment", "too dear", *JSON)
    assert said.json["deployment"]["rejectedBy"] == "ada-admin"
    assert dharma("approve", waiting, *JSON).error["code"] == "Conflict"


def test_who_may_not_decide_is_told_the_role(dharma: Any, api: Any, waiting: str) -> None:
    api.role = "editor"
    error = dharma("approve", waiting, *JSON).error
    assert error["code"] == "Forbidden"
    assert "approver" in error["message"]


def test_cancelling_asks_to_stop(dharma: Any, waiting: str) -> None:
    said = dharma("cancel", waiting, *JSON)
    assert said.json["deployment"]["cancelRequestedBy"] == "ada-admin"
    assert said.json["command"] == "cancel"


def test_rolling_back_and_destroying_need_something_that_is_there(
    dharma: Any, api: Any, started: str
) -> None:
    api.tell(started, FAILED)
    for command in ("rollback", "destroy"):
        assert dharma(command, started, *JSON).error["code"] == "Conflict"
        assert dharma(command, "01NOBODY", *JSON).error["code"] == "NotFound"


def test_deployments_are_listed_newest_first(dharma: Any, started: str) -> None:
    dharma("env", "create", "dev")
    dharma("deploy", "jobs.yaml", "-e", "dev", "--detach")
    items = dharma("deployments", "list", *JSON).json["items"]
    assert [item["environment"] for item in items] == ["dev", "prod"]
    assert len(dharma("deployments", "list", "--limit", "1", *JSON).json["items"]) == 1
    only = dharma("deployments", "list", "-e", "prod").out.splitlines()
    assert len(only) == 2
    assert started in only[1]
