"""Functions on events as AWS sends them, the application's parts in memory. Milliseconds."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from dharma.bootstrap import Application
from dharma.core.principal import Principal
from functions.monitoring import events as monitoring
from functions.orchestrator import events as unpacking
from functions.orchestrator import projections, tasks
from functions.sso import authorizer

from .samples import sample

ADA = Principal("ada", "acme", frozenset({"editor"}))
TEXT = """
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
resources:
  - {name: jobs, type: aws_sqs_queue, properties: {sqs_managed_sse_enabled: true}}
"""


def test_a_request_reaches_its_route(api: Any) -> None:
    blueprint = api.call("POST", "/blueprints", {"content": TEXT}).body["id"]
    event = sample("apigateway-http-api")
    text = json.dumps(event).replace("01JDXW7K4Q", blueprint)
    event = {**json.loads(text), "body": "{}"}
    reply = api.send("/blueprints", event)
    assert (reply.status, reply.body["valid"]) == (200, True)
    assert reply.headers["x-correlation-id"] == event["requestContext"]["requestId"]


def test_the_body_of_a_request_may_come_in_base_64(api: Any) -> None:
    import base64

    event = sample("apigateway-http-api")
    event["body"] = base64.b64encode(event["body"].encode()).decode()
    event["isBase64Encoded"] = True
    reply = api.send("/blueprints", event)
    # Read, and there is no such blueprint.
    assert (reply.status, reply.code) == (404, "NotFound")


def test_a_token_is_judged(application: Application) -> None:
    event = sample("apigateway-authorizer")
    token = application.token_issuer.issue(ADA, timedelta(minutes=5))
    event["headers"]["authorization"] = event["identitySource"][0] = f"Bearer {token}"
    verdict = authorizer.handler(event, None)
    assert verdict["isAuthorized"] is True
    assert verdict["context"]["sub"] == "ada"


def test_a_step_is_carried_out(api: Any) -> None:
    api.call("POST", "/environments", {"name": "prod", "policyMode": "warning"})
    sent = {"environment": "prod", "content": TEXT, "autoApprove": True}
    deployment = api.call("POST", "/deployments", sent).body["id"]
    event = {**sample("stepfunctions-task"), "step": "receive", "deploymentId": deployment}
    assert tasks.handler(event, None) == {"operation": "deploy", "autoApprove": True}
    assert tasks.handler({**event, "step": "validate"}, None) is not None


def test_a_failure_that_was_caught_ends_a_deployment(api: Any) -> None:
    api.call("POST", "/environments", {"name": "prod", "policyMode": "warning"})
    deployment = api.call("POST", "/deployments", {"environment": "prod", "content": TEXT}).body[
        "id"
    ]
    event = {**sample("stepfunctions-task"), "deploymentId": deployment}
    tasks.handler({**event, "step": "receive"}, None)
    tasks.handler({**event, "step": "fail", "error": sample("stepfunctions-error")}, None)
    told = api.call("GET", f"/deployments/{deployment}").body
    assert told["status"] == "failed"
    assert told["failure"]["code"] == "InvalidBlueprint"
    assert told["failure"]["message"] == "jobs: unknown property"


def test_an_event_of_the_bus_is_counted_once(application: Application) -> None:
    event = sample("eventbridge-event")
    projections.handler(event, None)
    projections.handler({**event, "id": "6a0c1f6e-0d55-4b7e-9d0e-8f4a1c2b3d4e"}, None)
    counted = application.projections.statistics("acme")["prod"].to_dict()
    assert counted["byStatus"]["succeeded"]["count"] == 1


def test_the_schedule_keeps_the_heads_of_the_audit_trail(
    api: Any, application: Application
) -> None:
    api.call("POST", "/environments", {"name": "prod"})
    before = application.artifacts.list()
    monitoring.handler(sample("eventbridge-schedule"), None)
    assert len(application.artifacts.list()) == len(before) + 1


def test_records_of_the_stream_become_events_of_the_bus(application: Application) -> None:
    (envelope,) = unpacking.handler(sample("pipes-dynamodb-stream"), None)
    assert envelope["detail-type"] == "DeploymentRequested"
    assert envelope["detail"]["deploymentId"] == "01JDXW7K4Q9ZT3V5M8R2N6P0HB"


def test_an_undelivered_event_can_be_delivered_by_hand(application: Application) -> None:
    (message,) = sample("sqs-message")["Records"]
    projections.handler(json.loads(message["body"]), None)
    counted = application.projections.statistics("acme")
    assert [counts.to_dict() for counts in counted.values()] != []
