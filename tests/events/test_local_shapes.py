"""What the gateway, the bus and the engine of one machine send is what AWS sends: the same names
and types, and the same values where the request or the event decides them. Milliseconds."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from dharma.adapters.aws.dynamodb_outbox import event_attributes
from dharma.core.events import Event, Outbox
from dharma_local.engine import data
from dharma_local.engine.bus import Bus
from dharma_local.engine.definition import load_definition
from dharma_local.engine.errors import StateError
from dharma_local.engine.journal import Journal
from dharma_local.engine.tasks import LambdaTasks
from dharma_local.functions import FunctionError
from dharma_local.gateway.payload import Request, authorizer_event, body_of, build_event
from dharma_local.template import Function
from dharma_local.template_reading import load_template
from dharma_local.workers.pool import WorkerPool

from .samples import sample, shape

ROOT = Path(__file__).resolve().parents[2]
# What an installation is called: no request decides it.
OWN = ("accountId", "apiId", "domainPrefix")


def without_own(event: dict[str, Any]) -> dict[str, Any]:
    context = {k: v for k, v in event["requestContext"].items() if k not in OWN}
    return {**event, "requestContext": context}


def request_of(event: dict[str, Any]) -> Request:
    """The HTTP request that makes API Gateway send `event`."""
    http = event["requestContext"]["http"]
    return Request(
        http["method"],
        event["rawPath"],
        event["rawQueryString"],
        (*event["headers"].items(), ("cookie", "; ".join(event["cookies"]))),
        http["sourceIp"],
    )


def gateway_event(wanted: dict[str, Any], *, admitted: bool) -> dict[str, Any]:
    context = wanted["requestContext"]
    request = request_of(wanted)
    event = build_event(
        request,
        route_key=wanted["routeKey"],
        parameters=wanted["pathParameters"],
        request_id=context["requestId"],
        moment=datetime.fromtimestamp(context["timeEpoch"] / 1000, UTC),
        authorizer=context["authorizer"]["lambda"] if admitted else None,
    )
    return event | body_of(request, wanted.get("body", "").encode())


def test_the_gateway_sends_what_api_gateway_sends() -> None:
    wanted = sample("apigateway-http-api")
    sent = gateway_event(wanted, admitted=True)
    assert without_own(sent) == without_own(wanted)
    assert shape(sent) == shape(wanted)


def test_a_request_without_query_cookies_and_body_sends_none_of_these_members() -> None:
    wanted = sample("apigateway-http-api")
    bare = Request("GET", "/blueprints", "", (("host", "x"),), "127.0.0.1")
    sent = build_event(
        bare,
        route_key="GET /blueprints",
        parameters={},
        request_id="r",
        moment=datetime.now(UTC),
    )
    absent = {"cookies", "queryStringParameters", "pathParameters", "body"}
    assert set(sent) == set(wanted) - absent


def test_the_authorizer_gets_what_api_gateway_gives_it() -> None:
    wanted = sample("apigateway-authorizer")
    whole = sample("apigateway-http-api")
    sent = authorizer_event(
        gateway_event(whole, admitted=False), wanted["identitySource"], wanted["routeArn"]
    )
    assert without_own(sent) == without_own(wanted)
    assert shape(sent) == shape(wanted)


@pytest.fixture
def event() -> Event:
    return Event.from_dict(json.loads(stored_event()["data"]["S"]))


def stored_event() -> dict[str, Any]:
    (record,) = sample("pipes-dynamodb-stream")
    image: dict[str, Any] = record["dynamodb"]["NewImage"]
    return image


class Pending:
    """An outbox with one event."""

    def __init__(self, event: Event) -> None:
        self._event = event

    def pending(self, limit: int) -> list[Event]:
        return [self._event]

    def mark_delivered(self, ids: list[str]) -> None:
        assert ids == [self._event.id]


def test_the_bus_delivers_what_eventbridge_delivers(event: Event, tmp_path: Path) -> None:
    wanted = sample("eventbridge-event")
    # The members that the bus itself adds or keeps; the detail is the event's own.
    template = load_template(ROOT / "infra" / "template.yaml")
    (rule,) = [r for r in template.rules if "DeploymentMilestone" in r.name]
    alone = replace(template, rules=(rule,))
    pool, outbox = cast("WorkerPool", None), cast("Outbox", Pending(event))
    journal = Journal(tmp_path / "engine.sqlite3", lambda: 0.0)
    Bus(alone, journal, outbox, pool, lambda: 0.0).take_in()
    (delivery,) = journal.due_deliveries()
    sent = json.loads(delivery.input)
    assert shape({**sent, "detail": {}}) == shape({**wanted, "detail": {}})
    assert set(sent["detail"]) <= set(wanted["detail"])
    assert {"eventId", "subject", "correlationId"} <= set(sent["detail"])


def test_a_stored_event_is_what_the_stream_shows(event: Event) -> None:
    envelope = json.dumps(event.to_dict())
    stored = event_attributes(event, envelope, int(event.time.timestamp()))
    wanted = stored_event()
    assert shape(stored) == shape(wanted)
    assert json.loads(stored["data"]["S"]) == json.loads(wanted["data"]["S"])


def test_the_engine_asks_functions_what_step_functions_asks_them() -> None:
    wanted = sample("stepfunctions-task")
    text = (ROOT / "statemachines" / "deploy.asl.json").read_text()
    state = load_definition(text, "deploy").states["Validate"]
    given = {name: wanted[name] for name in ("deploymentId", "tenant")}
    asked = data.fill(state["Parameters"], given, {"Execution": {"Id": wanted["execution"]}})
    assert asked["Payload"] == wanted


def test_the_engine_hands_on_failures_as_step_functions_does() -> None:
    wanted = sample("stepfunctions-error")
    cause = json.loads(wanted["Cause"])
    error = FunctionError(
        cause["errorType"],
        cause["errorMessage"],
        request_id=cause["requestId"],
        trace=cause["stackTrace"],
    )

    class Pool:
        async def invoke(self, *_: Any, **__: Any) -> Any:
            raise error

    function = Function("F", "x.handler", 3, 128, {})
    tasks = LambdaTasks({"F": function}, Pool())  # type: ignore[arg-type]
    with pytest.raises(StateError) as raised:
        asyncio.run(tasks.invoke({"FunctionName": "F", "Payload": {}}, {}))
    told = raised.value.to_dict()
    assert told["Error"] == wanted["Error"]
    assert json.loads(told["Cause"]) == cause
