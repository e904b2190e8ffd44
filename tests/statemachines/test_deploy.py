"""The saga: it completes, or leaves everything as it was and the environment free."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from dharma.blueprint.environment_record import EnvironmentChange
from dharma.blueprint.source import load_blueprint
from dharma.core.errors import (
    CompensationFailed,
    Conflict,
    DeploymentFailed,
    DharmaError,
    EnvironmentLocked,
    Forbidden,
    Unavailable,
)
from dharma.core.observability import JsonFormatter, bound
from dharma.core.principal import Principal
from dharma.orchestrator.clouds import ChangeRequest, NativeChange
from dharma.orchestrator.locks import LEASE
from dharma.orchestrator.memory_cloud import MemoryCloud
from dharma.orchestrator.models import DeploymentRequest
from dharma.orchestrator.repository import Appended, Deployments

from .conftest import ADA, BLUEPRINT, Stage

WAY = [
    "receive",
    "validate",
    "guardrails_design",
    "generate",
    "cost",
    "plan",
    "guardrails_plan",
    "prepare",
    "execute",
    "monitor",
    "verify",
    "record",
    "notify",
]
CHANGED = BLUEPRINT.replace("default: 30", "default: 60").replace("1.0.0", "1.1.0")
WITHOUT_EVENTS = CHANGED.replace(
    """  - name: events
    type: aws_sqs_queue
    properties: {sqs_managed_sse_enabled: true}
""",
    """  - name: audit
    type: aws_sqs_queue
    properties: {sqs_managed_sse_enabled: true}
""",
)


def failing(error: DharmaError) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_a_deployment_goes_its_ten_steps_and_frees_the_environment(stage: Stage) -> None:
    done = stage.deploy()
    assert done.status == "succeeded", done.failure
    assert list(dict.fromkeys(stage.steps)) == WAY
    assert len(stage.content["dharma-prod-jobs"]) == 3
    assert done.state_version == 1
    assert done.resource_count == 3
    assert done.cost["currency"] == "USD"
    assert done.plan == {"create": 3, "update": 0, "replace": 0, "delete": 0, "no-op": 0}
    assert set(done.verdicts) == {"design", "plan"}
    assert stage.locked_by == ""
    assert stage.events == ["DeploymentRequested", "DeploymentSucceeded"]


def test_the_history_is_gapless_and_folds_to_the_record(stage: Stage) -> None:
    from dharma.orchestrator.history import fold

    done = stage.deploy()
    history = Deployments(stage.store, stage.clock).history("acme", done.id)
    assert [event.sequence for event in history] == list(range(1, done.sequence + 1))
    assert fold(history) == done


def test_the_same_again_changes_nothing_and_asks_nobody(stage: Stage) -> None:
    stage.deploy()
    before = stage.content
    again = stage.carry(stage.ask())
    assert again.status == "succeeded"
    assert again.plan["no-op"] == 3
    assert "approve" not in stage.steps
    assert "execute" not in stage.steps
    assert stage.content == before
    assert again.state_version == 2


def test_a_plan_asked_for_beforehand_is_that_of_the_deployment(stage: Stage) -> None:
    for text in (BLUEPRINT, CHANGED, WITHOUT_EVENTS):
        request = DeploymentRequest("prod", load_blueprint(text), {"word": "swordfish"})
        foretold = stage.orchestrator.plan(request, ADA)
        assert stage.locked_by == ""
        done = stage.deploy(text, variables={"word": "swordfish"})
        assert foretold.to_dict() == json.loads(
            stage.orchestrator.document(done.id, "plan.json", ADA)
        )
    assert foretold.summary == {"create": 1, "update": 0, "replace": 0, "delete": 1, "no-op": 2}


def test_after_a_destruction_a_plan_creates_everything_again(stage: Stage) -> None:
    done = stage.deploy()
    stage.carry(stage.orchestrator.destroy(done.id, ADA, auto_approve=True))
    again = stage.orchestrator.plan(DeploymentRequest("prod", load_blueprint(BLUEPRINT)), ADA)
    assert (again.summary["create"], again.from_version) == (3, 0)


def test_a_changed_blueprint_is_an_update(stage: Stage) -> None:
    stage.deploy()
    done = stage.deploy(CHANGED)
    assert done.status == "succeeded"
    assert done.plan["update"] == 1
    assert stage.cloud.executions == [f"dharma-{d}-1" for d in _ids(stage)]


def _ids(stage: Stage) -> list[str]:
    found, _ = stage.orchestrator.list(ADA)
    return [deployment.id for deployment in reversed(found)]


@pytest.mark.parametrize("step", WAY[:-1])
def test_a_first_deployment_that_fails_at_any_step_leaves_nothing(stage: Stage, step: str) -> None:
    stage.before[step] = failing(DeploymentFailed("broken"))
    done = stage.deploy()
    assert done.status == "failed"
    assert done.failure is not None
    assert (done.failure.code, done.failure.message) == ("DeploymentFailed", "broken")
    assert stage.content == {}
    assert stage.locked_by == ""
    assert stage.events[-1] == "DeploymentFailed"
    assert stage.deploy().status == "failed"
    del stage.before[step]
    assert stage.deploy().status == "succeeded"


@pytest.mark.parametrize("step", WAY[:-2])
def test_an_update_that_fails_behind_any_step_puts_back_what_was_there(
    stage: Stage, step: str
) -> None:
    first = stage.deploy()
    before = stage.content
    stage.after[step] = failing(DeploymentFailed("broken"))
    done = stage.deploy(WITHOUT_EVENTS)
    assert done.status == "failed"
    assert stage.content == before
    assert stage.locked_by == ""
    versions = stage.orchestrator.versions(done.id, ADA)
    assert [v.version for v in versions] == [first.state_version]


@pytest.mark.parametrize("refused", ["JobsQueue", "AuditQueue"])
def test_when_the_cloud_refuses_halfway_the_update_is_undone(stage: Stage, refused: str) -> None:
    stage.deploy()
    before = stage.content
    stage.cloud.refuses = {refused}
    done = stage.carry(stage.ask(WITHOUT_EVENTS, auto_approve=True))
    # What is put back is refused no longer.
    if done.status == "undo_failed":
        pytest.fail(str(done.failure))
    assert done.status == "failed"
    assert done.failure is not None
    assert done.failure.step == "monitor"
    assert refused in done.failure.message
    assert stage.content == before
    assert stage.locked_by == ""


def test_what_the_cloud_keeps_wrongly_is_found_by_verifying_and_undone(stage: Stage) -> None:
    stage.after["execute"] = lambda: stage.cloud.forgets.add("JobsQueue")
    done = stage.deploy()
    assert done.status == "failed"
    assert done.failure is not None
    assert done.failure.step == "verify"
    assert stage.content == {}


def test_when_undoing_fails_too_the_record_lists_what_was_left(stage: Stage) -> None:
    stage.cloud.refuses = {"WebLogGroup"}
    stage.cloud.stubborn = {"JobsQueue"}
    done = stage.deploy()
    assert done.status == "undo_failed"
    assert done.failure is not None
    assert done.failure.code == CompensationFailed.__name__
    assert "Undoing it failed" in done.failure.message
    assert stage.locked_by == ""


def test_a_cloud_that_would_remove_what_was_not_announced_is_not_let(stage: Stage) -> None:
    stage.cloud.surprises = (NativeChange("Other", "AWS::S3::Bucket", "delete"),)
    done = stage.deploy()
    assert done.status == "failed"
    assert done.failure is not None
    assert "Other (AWS::S3::Bucket)" in done.failure.message
    assert stage.cloud.executions == []


def test_a_cloud_that_does_not_answer_for_a_while_is_asked_again(stage: Stage) -> None:
    stage.before["monitor"] = lambda: (
        setattr(stage.cloud, "unavailable", 3) if stage.steps.count("monitor") == 1 else None
    )
    assert stage.deploy().status == "succeeded"
    assert stage.steps.count("monitor") > 4


def test_faults_of_the_blueprint_end_it_before_anything_is_judged(stage: Stage) -> None:
    done = stage.deploy(BLUEPRINT.replace("retention_in_days", "retention_days"))
    assert done.status == "failed"
    assert done.failure is not None
    assert done.failure.code == "InvalidBlueprint"
    assert "retention_in_days" in done.failure.message
    assert "guardrails_design" not in stage.steps


def test_a_blocking_policy_over_the_plan_stops_what_the_design_allowed(stage: Stage) -> None:
    """The design is fine; what it does to a queue that is there already is not."""
    stage.deploy()
    before = stage.content
    environments = stage.application.environments
    environments.update(ADA, "prod", EnvironmentChange(policy_mode="blocking"))
    done = stage.deploy(WITHOUT_EVENTS)
    assert done.status == "failed"
    assert done.failure is not None
    assert (done.failure.code, done.failure.step) == ("PolicyViolation", "guardrails_plan")
    assert done.verdicts["design"]["blocking"] is False
    assert done.verdicts["plan"]["blocking"] is True
    assert stage.content == before
    assert stage.locked_by == ""


def test_people_decide_on_the_plan(stage: Stage) -> None:
    done = stage.carry(stage.ask())
    assert done.status == "succeeded"
    assert done.approved_by == "ada"
    assert stage.events == ["DeploymentRequested", "ApprovalRequested", "DeploymentSucceeded"]


def test_a_rejected_plan_ends_without_touching_the_cloud(stage: Stage) -> None:
    stage.decide = lambda d: stage.orchestrator.reject(d.id, ADA, "too dear")
    done = stage.carry(stage.ask())
    assert done.status == "rejected"
    assert done.failure is not None
    assert done.failure.message == "ada rejected the plan: too dear"
    assert stage.cloud.executions == []
    assert stage.locked_by == ""


def test_only_approvers_decide(stage: Stage) -> None:
    def decide(deployment: object) -> None:
        eve = Principal("eve", "acme", frozenset({"editor"}))
        with pytest.raises(Forbidden):
            stage.orchestrator.approve(deployment.id, eve)  # type: ignore[attr-defined]
        stage.orchestrator.approve(deployment.id, ADA)  # type: ignore[attr-defined]
        with pytest.raises(Conflict):
            stage.orchestrator.reject(deployment.id, ADA)  # type: ignore[attr-defined]

    stage.decide = decide
    assert stage.carry(stage.ask()).status == "succeeded"


def test_nobody_decides_for_a_day_and_it_ends(stage: Stage) -> None:
    stage.decide = lambda _: stage.clock.advance(timedelta(days=1, seconds=1))
    asked = stage.ask()
    # The engine's time-out runs by the wall clock of its loop; here the answer is a time-out.
    stage.decide = lambda d: stage.workflows.fail(
        stage.read(asked).approval_token, "States.Timeout", "nobody decided"
    )
    done = stage.carry(asked)
    assert done.status == "failed"
    assert done.failure is not None
    assert done.failure.code == "States.Timeout"
    assert stage.locked_by == ""


@pytest.mark.parametrize("step", [s for s in WAY if s not in ("receive", "record", "notify")])
def test_it_can_be_cancelled_at_any_time(stage: Stage, step: str) -> None:
    stage.deploy()
    before = stage.content
    asked = stage.ask(WITHOUT_EVENTS, auto_approve=True)
    stage.before[step] = lambda: stage.orchestrator.cancel(asked.id, ADA)
    done = stage.carry(asked)
    assert done.status == "cancelled"
    assert stage.content == before
    assert stage.locked_by == ""


def test_cancelling_while_it_waits_for_approval_ends_it(stage: Stage) -> None:
    stage.decide = lambda d: stage.orchestrator.cancel(d.id, ADA)
    done = stage.carry(stage.ask())
    assert done.status == "cancelled"
    assert stage.cloud.executions == []


def test_a_second_deployment_is_told_the_holder(stage: Stage) -> None:
    first = stage.ask()
    with pytest.raises(EnvironmentLocked, match=f"{first.id} of ada"):
        stage.ask()


def test_who_was_overtaken_changes_nothing_any_more(stage: Stage) -> None:
    """The first one sleeps longer than its lease, and wakes up right before it would execute."""
    first = stage.ask(auto_approve=True)
    second: list[str] = []

    def overtake() -> None:
        stage.clock.advance(LEASE * 2)
        del stage.before["execute"]
        second.append(stage.ask(CHANGED, auto_approve=True).id)

    stage.before["execute"] = overtake
    done = stage.carry(first)
    assert done.status == "failed"
    assert done.failure is not None
    assert done.failure.code == "EnvironmentLocked"
    assert stage.cloud.executions == []
    assert "undo" not in stage.steps
    assert stage.locked_by == second[0]


def test_undoing_keeps_the_environment_however_long_it_takes(stage: Stage) -> None:
    stage.deploy()
    stage.cloud.refuses = {"AuditQueue"}
    stage.before["undo_monitor"] = lambda: stage.clock.advance(LEASE * 0.8)
    refusals: list[str] = []

    def push_in() -> None:
        try:
            stage.ask(CHANGED, auto_approve=True)
        except EnvironmentLocked as error:
            refusals.append(error.message)

    stage.after["undo_monitor"] = push_in
    done = stage.carry(stage.ask(WITHOUT_EVENTS, auto_approve=True))
    assert done.status == "failed"
    assert len(refusals) == stage.steps.count("undo_monitor") > 1
    assert all(done.id in refusal for refusal in refusals)


def test_who_was_overtaken_while_undoing_leaves_the_cloud_to_the_next(stage: Stage) -> None:
    stage.deploy()
    stage.cloud.refuses = {"AuditQueue"}
    second: list[str] = []
    there: list[object] = []

    def overtake() -> None:
        stage.clock.advance(LEASE * 2)
        del stage.before["undo_monitor"]
        second.append(stage.ask(CHANGED, auto_approve=True).id)
        there.append(stage.content)

    stage.before["undo_monitor"] = overtake
    done = stage.carry(stage.ask(WITHOUT_EVENTS, auto_approve=True))
    assert done.status == "undo_failed"
    assert done.failure is not None
    assert "lost the lock" in done.failure.message
    assert there == [stage.content]
    assert stage.locked_by == second[0]


def test_a_long_history_is_whole_for_the_steps_and_in_pages_for_callers(stage: Stage) -> None:
    asked = stage.ask()
    deployments = Deployments(stage.store, stage.clock)
    progress = Appended([("ProgressMade", {"done": 1, "total": 2})] * 40)
    for _ in range(30):
        last = deployments.append("acme", asked.id, lambda _: progress)
    whole = [event.sequence for event in deployments.history("acme", asked.id)]
    assert whole == list(range(1, last.sequence + 1))
    first = stage.orchestrator.events(asked.id, ADA)
    assert len(first) == 1000
    rest = stage.orchestrator.events(asked.id, ADA, after=first[-1].sequence)
    assert [event.sequence for event in (*first, *rest)] == whole


def test_a_request_that_is_delivered_twice_is_carried_once(stage: Stage) -> None:
    asked = stage.ask(auto_approve=True)
    first = stage.run(asked, "one")
    second = stage.run(asked, "two")
    assert first.status == "SUCCEEDED"
    assert second.status == "SUCCEEDED"
    assert stage.steps == ["receive"]
    assert len(stage.cloud.executions) == 1
    assert stage.read(asked).status == "succeeded"


@pytest.mark.parametrize("step", WAY[1:-1])
def test_a_step_that_is_killed_behind_its_work_and_repeated_does_it_once(
    stage: Stage, step: str
) -> None:
    killed: list[str] = []

    def die_once() -> None:
        if not killed:
            killed.append(step)
            raise Unavailable("killed")

    stage.after[step] = die_once
    done = stage.deploy()
    assert killed
    assert done.status == "succeeded", done.failure
    assert len(stage.cloud.executions) == 1
    assert len(stage.orchestrator.versions(done.id, ADA)) == 1


def test_rolling_back_goes_to_the_version_before(stage: Stage) -> None:
    stage.deploy()
    before = stage.content
    second = stage.deploy(WITHOUT_EVENTS)
    assert stage.content != before
    rolled = stage.carry(stage.orchestrator.rollback(second.id, ADA, auto_approve=True))
    assert rolled.status == "succeeded", rolled.failure
    assert rolled.operation == "rollback"
    assert (rolled.target_version, rolled.state_version) == (1, 3)
    assert stage.content == before


def test_the_first_deployment_has_nothing_to_roll_back_to(stage: Stage) -> None:
    first = stage.deploy()
    with pytest.raises(Conflict, match="destroy it instead"):
        stage.orchestrator.rollback(first.id, ADA)


def test_destroying_removes_everything(stage: Stage) -> None:
    first = stage.deploy()
    gone = stage.carry(stage.orchestrator.destroy(first.id, ADA, auto_approve=True))
    assert gone.status == "succeeded", gone.failure
    assert gone.plan["delete"] == 3
    assert stage.content == {}
    assert "generate" not in stage.steps
    with pytest.raises(Conflict, match="nothing in prod to destroy"):
        stage.orchestrator.destroy(first.id, ADA)
    assert stage.deploy().state_version == 3


def test_a_destruction_that_gets_stuck_can_be_taken_up_again(stage: Stage) -> None:
    first = stage.deploy()
    stage.cloud.stubborn = {"JobsQueue"}
    stuck = stage.carry(stage.orchestrator.destroy(first.id, ADA, auto_approve=True))
    assert stuck.status == "failed"
    assert stage.locked_by == ""
    stage.cloud.stubborn = set()
    gone = stage.carry(stage.orchestrator.destroy(first.id, ADA, auto_approve=True))
    assert gone.status == "succeeded", gone.failure
    assert stage.content == {}


def test_the_webhook_is_signed_and_its_failure_harms_nothing(stage: Stage) -> None:
    stage.receiver.answers = [Unavailable("no answer"), 500, 204]
    done = stage.deploy()
    assert done.status == "succeeded"
    url, body, headers = stage.receiver.sent[-1]
    assert url == "http://127.0.0.1:9/hook"
    assert json.loads(body)["deployment"]["id"] == done.id
    at, mac = (part.split("=", 1)[1] for part in headers["Dharma-Signature"].split(","))
    expected = hmac.new(b"k", f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert mac == expected
    stage.receiver.answers = [Unavailable("never")]
    assert stage.deploy(CHANGED).status == "succeeded"


LEAKY = """
  - {name: word, value: "${var.word}", sensitive: true}
  - {name: told, value: "it is ${var.word}"}
  - {name: coded, value: "${base64encode(var.word)}"}
"""


@pytest.mark.parametrize(
    ("note", "outcome"),
    [
        ("${var.word}", "succeeded"),
        ("${base64encode(var.word)}", "succeeded"),
        ("${tonumber(var.word)}", "failed"),
    ],
)
def test_no_secret_is_in_a_document_or_the_history(stage: Stage, note: str, outcome: str) -> None:
    text = BLUEPRINT.rstrip() + LEAKY
    text = text.replace(
        "properties: {retention_in_days: 30}",
        f'properties: {{retention_in_days: 30, tags: {{note: "{note}"}}}}',
    )
    done = stage.deploy(text, variables={"word": "hush-hush-1"})
    assert done.status == outcome, done.failure
    artifacts = stage.application.artifacts
    kept = b"".join(artifacts.get(key) for key in artifacts.list()).decode()
    history = str(stage.orchestrator.events(done.id, ADA)) + str(stage.read(done))
    stored = str(stage.store.query("T#acme#ENVIRONMENT#prod").items)
    told = str([event.data for event in stage.store.pending(1000)]) + str(stage.receiver.sent)
    for word in ("hush-hush-1", base64.b64encode(b"hush-hush-1").decode()):
        assert word not in kept + history + stored + told


def test_what_the_cloud_says_is_kept_without_the_secret(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own errors are no errors of the product."""

    def refuse(_cloud: MemoryCloud, _change: ChangeRequest) -> None:
        raise RuntimeError("the value hush-hush-1 is not allowed")

    monkeypatch.setattr(MemoryCloud, "prepare", refuse)
    with pytest.raises(RuntimeError, match=r"the value \(sensitive value\) is not allowed"):
        stage.deploy(variables={"word": "hush-hush-1"})


def test_what_the_steps_log_carries_the_correlation_id_of_the_request(stage: Stage) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter("orchestrator"))
    logger = logging.getLogger("dharma.orchestrator.steps")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with bound(correlation_id="release-42"):
            asked = stage.ask()
        stage.carry(asked)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert {line["correlation_id"] for line in lines} == {"release-42"}
    assert {"receive", "execute", "record"} <= {line["step"] for line in lines}
