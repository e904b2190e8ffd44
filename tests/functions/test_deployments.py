"""Routes of deployments, up to the point where the state machine takes over; the steps themselves
are tested with the orchestrator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from dharma import bootstrap
from dharma.bootstrap import Application
from dharma.orchestrator.artifacts import artifact_key
from dharma.orchestrator.memory_cloud import MemoryCloud
from dharma.orchestrator.repository import Appended, Deployments

TEXT = """\
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
variables:
  - name: stage
    type: string
    default: dev
    allowed: [dev, prod]
  - name: secret
    type: string
    sensitive: true
    default: none
resources:
  - name: jobs
    type: aws_sqs_queue
    properties:
      name: jobs-${var.stage}
"""


class OneCloud:
    """Every environment lies in the same cloud in memory."""

    def __init__(self) -> None:
        self.cloud = MemoryCloud()

    def target(self, _environment: Any) -> MemoryCloud:
        return self.cloud


@pytest.fixture
def application(make_application: Callable[..., Application]) -> Iterator[Application]:
    made = make_application(targets=OneCloud())
    before = bootstrap.use(made)
    yield made
    bootstrap.use(before)


@pytest.fixture
def prod(api: Any) -> str:
    body = {"name": "prod", "approvers": ["carol"], "variables": {"stage": {"value": "prod"}}}
    assert api.call("POST", "/environments", body).status == 201
    assert api.call("POST", "/environments", {"name": "dev"}).status == 201
    return "prod"


def deploy(api: Any, environment: str = "prod", key: str | None = None, **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    sent = {"environment": environment, "content": TEXT, **body}
    return api.call("POST", "/deployments", sent, headers=headers, roles="editor")


def test_asking_is_answered_at_once_and_starts_the_machine_by_an_event(
    api: Any, application: Application, prod: str
) -> None:
    reply = deploy(api, comment="first")
    assert reply.status == 202, reply.text
    assert reply.headers["location"] == f"/deployments/{reply.body['id']}"
    assert (reply.body["status"], reply.body["environment"]) == ("pending", "prod")
    [event] = [e for e in application.store.pending() if e.type == "DeploymentRequested"]  # type: ignore[attr-defined]  # the fake is an outbox as well
    detail = event.to_dict()["detail"]
    assert detail["deploymentId"] == reply.body["id"]
    assert detail["tenant"] == "acme"


def test_the_correlation_id_of_the_request_stays_with_the_deployment(
    api: Any, application: Application, prod: str
) -> None:
    headers = {"x-correlation-id": "release-42"}
    sent = {"environment": "prod", "content": TEXT}
    made = api.call("POST", "/deployments", sent, headers=headers, roles="editor").body
    assert made["correlationId"] == "release-42"
    read = api.call("GET", f"/deployments/{made['id']}", headers={"x-correlation-id": "later"})
    assert read.body["correlationId"] == "release-42"
    [event] = [e for e in application.store.pending() if e.type == "DeploymentRequested"]  # type: ignore[attr-defined]  # the fake is an outbox as well
    assert event.correlation_id == "release-42"


def test_the_same_key_starts_nothing_twice(api: Any, prod: str) -> None:
    first = deploy(api, key="k-1")
    again = deploy(api, key="k-1")
    assert (again.status, again.body["id"]) == (202, first.body["id"])
    other = deploy(api, key="k-1", comment="x", variables={"stage": "dev"})
    assert (other.status, other.code) == (409, "Conflict")
    assert len(api.call("GET", "/deployments").body["items"]) == 1


@pytest.mark.parametrize("key", ["a b", "x" * 256, "ä"])
def test_a_strange_key_is_refused(api: Any, prod: str, key: str) -> None:
    assert deploy(api, key=key).status == 400


def test_a_second_deployment_to_an_environment_is_told_who_holds_it(api: Any, prod: str) -> None:
    first = deploy(api).body["id"]
    second = deploy(api)
    assert (second.status, second.code) == (409, "EnvironmentLocked")
    assert first in second.body["detail"]
    assert deploy(api, environment="dev").status == 202


def test_a_secret_of_the_request_is_in_no_answer(
    api: Any, application: Application, prod: str
) -> None:
    key = deploy(api, variables={"secret": "hunter2-hunter2"}).body["id"]
    texts = [
        api.call("GET", f"/deployments/{key}").text,
        api.call("GET", f"/deployments/{key}/events").text,
        api.call("GET", "/deployments").text,
        str([e.to_dict() for e in application.store.pending()]),  # type: ignore[attr-defined]  # as above
    ]
    assert not any("hunter2" in text for text in texts)


def test_a_blueprint_of_the_library_is_deployed_by_name(api: Any, prod: str) -> None:
    made = api.call("POST", "/blueprints", {"content": TEXT}).body
    body = {"environment": "prod", "blueprintId": "jobs"}
    reply = api.call("POST", "/deployments", body)
    assert reply.status == 202, reply.text
    assert reply.body["blueprint"]["name"] == "jobs"
    assert reply.body["blueprint"]["id"] == made["id"]


def test_the_history_is_read_from_where_one_left_off(api: Any, prod: str) -> None:
    key = deploy(api).body["id"]
    events = api.call("GET", f"/deployments/{key}/events").body["items"]
    assert events[0]["type"] == "DeploymentRequested"
    assert [e["sequence"] for e in events] == list(range(1, len(events) + 1))
    later = api.call("GET", f"/deployments/{key}/events?after={len(events)}").body["items"]
    assert later == []


def test_a_long_history_is_read_in_parts(api: Any, application: Any, prod: str) -> None:
    key = deploy(api).body["id"]
    pk = f"T#acme#DEPLOYMENT#{key}"
    first = application.store.get(pk, "EVENT#00000001")
    for number in range(2, 1502):
        data = {**first.data, "sequence": number, "type": "StepStarted", "data": {"step": "x"}}
        application.store.put(replace(first, sk=f"EVENT#{number:08d}", data=data))
    part = api.call("GET", f"/deployments/{key}/events").body
    rest = api.call("GET", f"/deployments/{key}/events?cursor={part['nextCursor']}").body
    assert [e["sequence"] for e in part["items"] + rest["items"]] == list(range(1, 1502))
    assert rest["nextCursor"] is None
    assert api.call("GET", part["_links"]["next"]["href"]).body["items"] == rest["items"]


def test_deployments_are_listed_newest_first_and_by_environment(api: Any, prod: str) -> None:
    first, second = deploy(api).body["id"], deploy(api, environment="dev").body["id"]
    listed = api.call("GET", "/deployments").body["items"]
    assert [d["id"] for d in listed] == [second, first]
    there = api.call("GET", "/deployments?environment=prod").body["items"]
    assert [d["id"] for d in there] == [first]
    beyond = api.call("GET", "/deployments?offset=1").body["items"]
    assert [d["id"] for d in beyond] == [first]
    page = api.call("GET", "/deployments?limit=1").body
    following = api.call("GET", page["_links"]["next"]["href"]).body
    assert [d["id"] for d in following["items"]] == [first]


def test_cancelling_is_accepted_once_it_can_be(api: Any, prod: str) -> None:
    key = deploy(api).body["id"]
    reply = api.call("POST", f"/deployments/{key}/cancel", {}, roles="editor")
    assert reply.status == 202, reply.text
    assert reply.body["cancelRequestedBy"] == "ada"


def test_a_plan_that_does_not_wait_cannot_be_decided(api: Any, prod: str) -> None:
    key = deploy(api).body["id"]
    for decision in ("approve", "reject"):
        reply = api.call("POST", f"/deployments/{key}/{decision}", {}, subject="carol")
        assert (reply.status, reply.code) == (409, "Conflict")


def test_who_is_no_approver_does_not_approve(api: Any, prod: str) -> None:
    key = deploy(api).body["id"]
    reply = api.call("POST", f"/deployments/{key}/approve", {}, subject="dave", roles="approver")
    assert (reply.status, reply.code) == (403, "Forbidden")
    assert deploy(api, environment="dev", autoApprove=True).status == 403


def test_nothing_deployed_is_nothing_to_roll_back_or_destroy(api: Any, prod: str) -> None:
    key = deploy(api).body["id"]
    for action in ("rollback", "destroy"):
        reply = api.call("POST", f"/deployments/{key}/{action}", {})
        assert (reply.status, reply.code) == (409, "Conflict")


def test_an_environment_with_a_deployment_under_way_is_not_removed(api: Any, prod: str) -> None:
    key = deploy(api).body["id"]
    reply = api.call("DELETE", "/environments/prod")
    assert (reply.status, reply.code) == (409, "Conflict")
    assert key in reply.body["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"environment": "nowhere", "content": TEXT}, 404),
        ({"content": TEXT}, 400),
        ({"environment": "prod"}, 400),
        ({"environment": "prod", "content": "{"}, 422),
        ({"environment": "prod", "content": TEXT.replace("name: jobs-", "nome: jobs-")}, 422),
        ({"environment": "prod", "content": TEXT, "variables": {"stage": "moon"}}, 422),
        ({"environment": "prod", "content": TEXT, "variables": {"nobody": 1}}, 422),
        ({"environment": "prod", "content": TEXT, "comment": "x" * 1001}, 400),
        ({"environment": "prod", "blueprintId": "absent"}, 404),
    ],
    ids=lambda value: str(value)[-50:],
)
def test_a_bad_request_is_refused_and_holds_nothing(
    api: Any, prod: str, body: dict[str, Any], status: int
) -> None:
    reply = api.call("POST", "/deployments", body)
    assert reply.status == status, reply.text
    assert api.call("GET", "/deployments").body["items"] == []
    assert deploy(api).status == 202


def test_tenants_and_roles_are_kept_apart(api: Any, prod: str) -> None:
    key = deploy(api).body["id"]
    for method, path, body in [
        ("GET", f"/deployments/{key}", None),
        ("GET", f"/deployments/{key}/events", None),
        ("POST", f"/deployments/{key}/approve", {}),
        ("POST", f"/deployments/{key}/cancel", {}),
        ("POST", f"/deployments/{key}/destroy", {}),
    ]:
        assert api.call(method, path, body, tenant="other").status == 404, path
    assert api.call("GET", "/deployments", tenant="other").body["items"] == []
    for action in ("approve", "reject", "cancel", "rollback", "destroy"):
        reply = api.call("POST", f"/deployments/{key}/{action}", {}, roles="viewer")
        assert reply.status == 403, action


def test_a_plan_is_shown_and_nothing_begins(api: Any, prod: str) -> None:
    body = {"environment": prod, "content": TEXT}
    reply = api.call("POST", "/deployments/plan", body, roles="editor")
    assert reply.status == 200, reply.text
    assert reply.body["summary"]["create"] == 1
    assert reply.body["changes"][0]["after"]["name"] == "jobs-prod"
    assert api.call("GET", "/deployments").body["items"] == []
    assert deploy(api).status == 202


def test_a_plan_says_what_the_deployment_would_fail_with(api: Any, prod: str) -> None:
    body = {"environment": prod, "content": TEXT}
    refused = api.call("POST", "/deployments/plan", {**body, "variables": {"stage": "test"}})
    assert (refused.status, refused.code) == (422, "InvalidVariables")
    assert api.call("POST", "/deployments/plan", {**body, "environment": "none"}).status == 404
    assert api.call("POST", "/deployments/plan", body, roles="viewer").status == 403
    assert api.call("POST", "/deployments/plan", {"content": TEXT}).status == 400


@pytest.mark.parametrize(
    ("decision", "answered"),
    [
        ("approve", ("succeeded", {"approvedBy": "carol"})),
        ("reject", ("ApprovalRejected", "carol rejected the plan")),
    ],
)
def test_a_decision_is_answered_to_the_waiting_state_machine(
    api: Any, application: Any, prod: str, decision: str, answered: Any
) -> None:
    key = deploy(api).body["id"]
    asked = Appended([("ApprovalRequested", {"token": "token-1", "approvers": ["carol"]})])
    Deployments(application.store, application.clock).append("acme", key, lambda _: asked)
    application.workflows.wait("token-1")
    reply = api.call("POST", f"/deployments/{key}/{decision}", {}, subject="carol")
    assert reply.status == 200, reply.text
    assert application.workflows.answers == [("token-1", *answered)]


def test_a_document_is_read_and_an_absent_one_is_not_there(
    api: Any, application: Application, prod: str
) -> None:
    key = deploy(api).body["id"]
    place = f"/deployments/{key}/documents"
    application.artifacts.put(artifact_key("acme", key, "plan.json"), b'{"changes": []}')
    assert api.call("GET", f"{place}/plan").body == {"changes": []}
    assert api.call("GET", f"{place}/cost").code == "NotFound"
    assert api.call("GET", f"{place}/secrets").code == "NotFound"
    assert api.call("GET", f"{place}/plan", tenant="other").code == "NotFound"
