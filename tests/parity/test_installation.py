"""infra/template.yaml deployed for real: `sam build`, `sam deploy` to an emulator of AWS, and the
main job on it, through HTTP and `lambda:Invoke`. What is done where the emulator is less than AWS
stands in `installation.DEVIATIONS`. About a minute, most of it building and uploading.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dharma.adapters.aws.clients import Clients
from dharma.adapters.aws.s3_artifacts import S3Artifacts
from dharma.orchestrator.artifacts import artifact_key
from dharma.sso.roles import PUBLIC, ROUTES
from dharma_local.template_reading import load_template
from tests.events.samples import sample, shape

from . import installation as installing
from .emulator import ACCOUNT, REGION, ROOT, Emulator
from .installation import STACK, Installation
from .pipe import Pipe, flowing

pytestmark = pytest.mark.stack

BLUEPRINT = """
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
variables:
  - {name: timeout, type: number, default: 30}
resources:
  - name: jobs
    type: aws_sqs_queue
    properties:
      visibility_timeout_seconds: ${var.timeout}
      sqs_managed_sse_enabled: true
  - name: web
    type: aws_cloudwatch_log_group
    properties: {retention_in_days: 30}
outputs:
  - {name: queue_arn, value: "${aws_sqs_queue.jobs.arn}"}
"""
LONGEST = 60


class Caller:
    """Somebody with a token, over HTTP."""

    def __init__(self, installation: Installation, *roles: str) -> None:
        token = {"authorization": f"Bearer {installation.token(*roles)}"} if roles else {}
        self._http = httpx.Client(
            base_url=installation.emulator.url,
            headers={"host": installation.host, **token},
            timeout=60,
        )

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self._http.request(method, path, json=body, headers=headers)

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = self(method, path, body)
        assert answer.is_success, answer.text
        return answer.json()

    def until(self, deployment: str, *statuses: str) -> Any:
        """The deployment, as soon as it has one of these statuses."""
        patience = time.monotonic() + LONGEST
        while (found := self.ok("GET", f"/deployments/{deployment}"))["status"] not in statuses:
            assert time.monotonic() < patience, found
            time.sleep(0.2)
        return found


@pytest.fixture(scope="module")
def installation(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("installation")
    installing.build(folder / "build")
    return installing.deploy(emulator, folder / "build", folder / "keys")


@pytest.fixture(scope="module")
def pipe(installation: Installation) -> Iterator[Pipe]:
    with flowing(installation) as at_work:
        yield at_work


@pytest.fixture(scope="module")
def ada(installation: Installation) -> Caller:
    return Caller(installation, "admin")


@pytest.fixture(scope="module")
def prod(ada: Caller) -> str:
    ada.ok(
        "POST",
        "/environments",
        {
            "name": "prod",
            "provider": "aws",
            "account": ACCOUNT,
            "region": REGION,
            "credentials": "default",
            "policyMode": "warning",
        },
    )
    return "prod"


def queues(emulator: Emulator) -> list[str]:
    """Of the deployed blueprint, as SQS tells them."""
    found = emulator.client("sqs").list_queues().get("QueueUrls", [])
    return [url for url in found if "dharma-prod-jobs" in url]


def test_every_resource_of_the_template_is_there(installation: Installation) -> None:
    cloud = installation.emulator.client("cloudformation")
    (stack,) = cloud.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
    assert tags == {"product": "iac-dharma", "stage": "dev"}
    template = load_template(ROOT / "infra" / "template.yaml")
    assert set(template.functions) <= set(installation.resources)
    assert {m.logical_id for m in template.state_machines.values()} <= set(installation.resources)


def test_the_api_has_the_routes_of_the_template(installation: Installation) -> None:
    gateway = installation.emulator.client("apigatewayv2")
    pages = gateway.get_paginator("get_routes").paginate(ApiId=installation.api)
    there = {r["RouteKey"]: r["AuthorizationType"] for page in pages for r in page["Items"]}
    here = load_template(ROOT / "infra" / "template.yaml").routes
    assert there == {r.key: "CUSTOM" if r.authorizer else "NONE" for r in here}
    assert set(ROUTES) | PUBLIC <= set(there)


def test_who_has_no_token_gets_the_description_only(installation: Installation) -> None:
    nobody = Caller(installation)
    assert nobody.ok("GET", "/openapi.json")["openapi"].startswith("3.")
    assert nobody("GET", "/environments").status_code == 401
    assert nobody("GET", "/nothing").json()["code"] == "NotFound"


def test_a_function_answers_a_true_event_that_it_is_invoked_with(
    installation: Installation, prod: str
) -> None:
    event = sample("apigateway-http-api")
    event.update(routeKey="GET /environments/{name}", rawPath="/environments/prod")
    event["requestContext"].update(
        authorizer={"lambda": {"sub": "ada", "tenant": "acme", "roles": "viewer", "exp": 2**31}},
        http={**event["requestContext"]["http"], "method": "GET", "path": event["rawPath"]},
        routeKey=event["routeKey"],
    )
    event.update(pathParameters={"name": prod}, isBase64Encoded=False)
    del event["body"]
    answer = invoke(installation, "BlueprintFunction", event)
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["name"] == "prod"


def test_a_function_fails_with_the_class_name_of_its_error(installation: Installation) -> None:
    event = {"step": "nothing", "tenant": "acme", "deploymentId": "d", "execution": "e"}
    failure = invoke(installation, "OrchestratorTasksFunction", event, fails=True)
    assert failure["errorType"] == "InvalidInput"


def invoke(
    installation: Installation, function: str, event: Any, *, fails: bool = False
) -> dict[str, Any]:
    answer = installation.emulator.client("lambda").invoke(
        FunctionName=installation.resources[function], Payload=json.dumps(event)
    )
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    assert ("FunctionError" in answer) is fails, payload
    return payload


def test_the_main_job(installation: Installation, pipe: Pipe, ada: Caller, prod: str) -> None:
    """Blueprint, approval, deployment, update, and all of it away again."""
    blueprint = ada.ok("POST", "/blueprints", {"content": BLUEPRINT})
    assert ada.ok("POST", f"/blueprints/{blueprint['id']}/validate", {})["valid"] is True

    asked = ada.ok("POST", "/deployments", {"environment": prod, "content": BLUEPRINT})
    waiting = ada.until(asked["id"], "awaiting_approval", "failed")
    assert waiting["plan"]["create"] == 2
    refused = ada("POST", "/deployments", {"environment": prod, "content": BLUEPRINT})
    assert (refused.status_code, refused.json()["code"]) == (409, "EnvironmentLocked")
    ada.ok("POST", f"/deployments/{asked['id']}/approve", {"comment": "yes"})
    done = ada.until(asked["id"], "succeeded", "failed", "undo_failed")
    assert done["status"] == "succeeded", done["failure"]
    (queue,) = queues(installation.emulator)
    assert done["outputs"]["queue_arn"].rsplit(":", 1)[-1] == queue.rsplit("/", 1)[-1]

    # The documents lie in the installation's bucket, the product's own clients find them there.
    document = ada.ok("GET", f"/deployments/{asked['id']}/documents/plan")
    artifacts = S3Artifacts(
        Clients()["s3"], installation.resources["Artifacts"], installation.resources["DataKey"]
    )
    key = artifact_key("acme", asked["id"], "plan.json")
    assert json.loads(artifacts.get(key)) == document

    changed = BLUEPRINT.replace("default: 30", "default: 60").replace("1.0.0", "1.1.0")
    update = {"environment": prod, "content": changed, "autoApprove": True}
    updated = ada.until(ada.ok("POST", "/deployments", update)["id"], "succeeded", "failed")
    assert updated["plan"]["update"] == 1, updated
    attributes = installation.emulator.client("sqs").get_queue_attributes(
        QueueUrl=queue, AttributeNames=["VisibilityTimeout"]
    )["Attributes"]
    assert attributes["VisibilityTimeout"] == "60"

    gone = ada.ok("POST", f"/deployments/{updated['id']}/destroy", {"autoApprove": True})
    assert ada.until(gone["id"], "succeeded", "failed")["status"] == "succeeded"
    assert queues(installation.emulator) == []


def test_a_plan_that_is_rejected_changes_nothing(
    installation: Installation, pipe: Pipe, ada: Caller, prod: str
) -> None:
    asked = ada.ok("POST", "/deployments", {"environment": prod, "content": BLUEPRINT})
    ada.until(asked["id"], "awaiting_approval", "failed")
    ada.ok("POST", f"/deployments/{asked['id']}/reject", {"comment": "not today"})
    told = ada.until(asked["id"], "rejected", "failed", "succeeded", "undo_failed")
    assert (told["status"], told["failure"]["code"]) == ("rejected", "ApprovalRejected")
    assert "not today" in told["failure"]["message"]
    assert queues(installation.emulator) == []


def test_a_blocking_policy_ends_it_and_the_environment_is_free_again(
    installation: Installation, pipe: Pipe, ada: Caller, prod: str
) -> None:
    """A failure of a function is caught by its class name, step by step up to the record."""
    ada.ok("PUT", f"/environments/{prod}", {"policyMode": "blocking"})
    risky = (ROOT / "examples" / "aws-risky-database.yaml").read_text()
    for _ in range(2):
        sent = {
            "environment": prod,
            "content": risky,
            "variables": {"vpc": "vpc-0a1b2c3d", "password": "correct-horse-9"},
            "autoApprove": True,
        }
        asked = ada.ok("POST", "/deployments", sent)
        told = ada.until(asked["id"], "failed", "succeeded", "undo_failed")
        assert told["status"] == "failed", told
        assert told["failure"]["code"] == "PolicyViolation"
    assert queues(installation.emulator) == []


def test_what_is_told_of_it_afterwards(ada: Caller, pipe: Pipe) -> None:
    """Events went through stream, function and bus; counters and audit trail have them."""
    patience = time.monotonic() + LONGEST
    while (counted := ada.ok("GET", "/deployments/statistics")["total"])["total"] < 6:
        assert time.monotonic() < patience, counted
        time.sleep(0.2)
    assert counted["byStatus"]["succeeded"]["count"] == 3
    assert [event["detail-type"] for event in pipe.events].count("DeploymentSucceeded") == 3
    # What the stream carried is spelled as the sample that handlers are tested with.
    (wanted,) = sample("pipes-dynamodb-stream")
    carried = [shape(record) for record in pipe.records]
    assert carried == [shape(wanted)] * len(carried)
    actions = {record["action"] for record in ada.ok("GET", "/audit")["items"]}
    assert {"environment.create", "blueprint.create", "deployment.approve"} <= actions
