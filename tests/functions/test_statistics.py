"""Counted deployments, from the events of the bus to the answer of the API."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

from dharma.core.clock import FixedClock
from dharma.orchestrator.repository import Appended, Deployments

TEXT = """\
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
resources:
  - {name: jobs, type: aws_sqs_queue, properties: {}}
"""


def deliver(application: Any) -> None:
    handler = importlib.import_module("functions.orchestrator.projections").handler
    for event in application.store.pending():
        if event.type.startswith("Deployment"):
            handler(event.to_dict(), None)
        application.store.mark_delivered([event.id])


def deploy(api: Any, environment: str) -> str:
    api.call("POST", "/environments", {"name": environment})
    body = {"environment": environment, "content": TEXT}
    reply = api.call("POST", "/deployments", body)
    assert reply.status == 202, reply.text
    made: str = reply.body["id"]
    return made


def end(application: Any, clock: FixedClock, deployment: str) -> None:
    done = Appended([("DeploymentSucceeded", {})], emitted=[("DeploymentSucceeded", {})])
    Deployments(application.store, clock).append("acme", deployment, lambda _: done)


def test_deployments_are_counted_by_environment_and_outcome(
    api: Any, application: Any, clock: FixedClock
) -> None:
    assert api.call("GET", "/deployments/statistics").body["items"] == []
    prod = deploy(api, "prod")
    deploy(api, "dev")
    deliver(application)
    clock.advance(timedelta(seconds=90))
    end(application, clock, prod)
    deliver(application)
    body = api.call("GET", "/deployments/statistics", roles="viewer").body
    assert body["items"] == [
        {
            "environment": "dev",
            "total": 1,
            "byStatus": {"in_progress": {"count": 1, "meanSeconds": None}},
        },
        {
            "environment": "prod",
            "total": 1,
            "byStatus": {"succeeded": {"count": 1, "meanSeconds": 90.0}},
        },
    ]
    assert body["total"]["total"] == 2
    assert api.call("GET", "/deployments/statistics", tenant="other").body["items"] == []


def test_an_administrator_makes_them_anew_and_it_is_on_record(
    api: Any, application: Any, clock: FixedClock
) -> None:
    end(application, clock, deploy(api, "prod"))
    assert api.call("GET", "/deployments/statistics").body["items"] == []
    assert api.call("POST", "/projections/rebuild", {}, roles="editor").code == "Forbidden"
    rebuilt = api.call("POST", "/projections/rebuild", {}).body
    assert rebuilt == {"finished": True, "deployments": 1, "repaired": 0}
    rebuilt_to = api.call("GET", "/deployments/statistics").body
    deliver(application)
    assert api.call("GET", "/deployments/statistics").body == rebuilt_to
    assert rebuilt_to["total"]["byStatus"]["succeeded"]["count"] == 1
    latest = api.call("GET", "/audit?limit=2").body["items"]
    assert [(r["action"], r["outcome"]) for r in latest] == [
        ("projection.rebuild", "succeeded"),
        ("projection.rebuild", "refused"),
    ]
