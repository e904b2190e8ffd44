"""Calls functions as API Gateway does: a true HTTP API event (payload 2.0) with the authorizer's
context in it, and the application's parts in memory. No network; milliseconds each."""

from __future__ import annotations

import base64
import importlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import jsonschema
import pytest

from dharma import bootstrap
from dharma.bootstrap import Application
from dharma.core.clock import FixedClock, epoch_seconds
from dharma.core.settings import Settings
from dharma.core.workflows import MemoryWorkflows
from dharma.sso.roles import EVERYTHING_ELSE, PUBLIC, ROUTES
from functions.monitoring.openapi import openapi_document
from tests.world import parts_of_the_world, with_answers_sent

FUNCTIONS = {
    "/audit": "monitoring",
    "/health": "monitoring",
    "/openapi.json": "monitoring",
    "/docs": "monitoring",
    "/blueprints": "blueprint",
    "/environments": "blueprint",
    "/iac": "generator",
    "/guardrails": "guardrails",
    "/costing": "costing",
    "/deployments": "orchestrator",
    "/projections": "orchestrator",
}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode()

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The error class of a problem body."""
        assert self.headers["content-type"] == "application/problem+json"
        found: str = self.body["code"]
        return found


@dataclass
class Api:
    """`call` goes through the edge of the function that the path belongs to."""

    application: Application
    clock: FixedClock
    tenant: str = "acme"
    subject: str = "ada"
    roles: str = "admin"
    defaults: dict[str, Any] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        **changes: Any,
    ) -> Reply:
        event = self.event(method, path, body, headers=headers, **changes)
        return self.send(path, event)

    def send(self, path: str, event: dict[str, Any]) -> Reply:
        capability = next((c for prefix, c in FUNCTIONS.items() if path.startswith(prefix)), None)
        if capability is None or event["routeKey"] == EVERYTHING_ELSE:
            capability = "monitoring"
        module = importlib.import_module(f"functions.{capability}.api")
        context = SimpleNamespace(
            function_name=capability,
            memory_limit_in_mb=512,
            invoked_function_arn=f"arn:aws:lambda:us-east-1:000000000000:function:{capability}",
            aws_request_id="lambda-request",
        )
        answer = module.handler(event, context)
        # API Gateway sends what it can spell as JSON.
        answer = json.loads(json.dumps(answer))
        text = answer.get("body") or ""
        coded = answer.get("isBase64Encoded")
        data = base64.b64decode(text, validate=True) if coded else text.encode()
        names = {name.lower(): value for name, value in answer["headers"].items()}
        reply = Reply(answer["statusCode"], names, data)
        as_described(event["routeKey"], reply)
        return reply

    def event(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        tenant: str | None = None,
        subject: str | None = None,
        roles: str | None = None,
        anonymous: bool = False,
    ) -> dict[str, Any]:
        raw_path, _, query = path.partition("?")
        route, parameters = route_of(method, raw_path)
        sent = {
            "accept": "application/json",
            "content-length": "0",
            "host": "abcdef1234.execute-api.us-east-1.amazonaws.com",
            "user-agent": "tests",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            **{name.lower(): value for name, value in (headers or {}).items()},
        }
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": route,
            "rawPath": raw_path,
            "rawQueryString": query,
            "headers": sent,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "abcdef1234",
                "domainName": "abcdef1234.execute-api.us-east-1.amazonaws.com",
                "domainPrefix": "abcdef1234",
                "http": {
                    "method": method,
                    "path": raw_path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": "tests",
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": route,
                "stage": "$default",
                "time": "01/Jan/2026:00:00:00 +0000",
                "timeEpoch": 1767225600000,
            },
            "isBase64Encoded": False,
        }
        if query:
            event["queryStringParameters"] = dict(parse_qsl(query, keep_blank_values=True))
        if parameters:
            event["pathParameters"] = parameters
        if body is not None:
            sent.setdefault("content-type", "application/json")
            event["body"] = body if isinstance(body, str) else json.dumps(body)
            sent["content-length"] = str(len(event["body"].encode(errors="replace")))
        if not anonymous and route not in {*PUBLIC, EVERYTHING_ELSE}:
            event["requestContext"]["authorizer"] = {
                "lambda": {
                    "sub": subject or self.subject,
                    "tenant": tenant or self.tenant,
                    "roles": self.roles if roles is None else roles,
                    "exp": epoch_seconds(self.clock.now()) + 600,
                }
            }
        return event


def as_described(route: str, reply: Reply) -> None:
    """Every answer of every test is as the description of the API says."""
    document = description()
    method, _, path = route.partition(" ")
    if route == EVERYTHING_ELSE:
        # It is no operation: what it says is what fails elsewhere, in the same words.
        method, path = "GET", "/health"
        assert reply.status in (204, 404, 405)
        if reply.status == 204:
            return
    described = document["paths"][path][method.lower()]["responses"]
    assert str(reply.status) in described or reply.status >= 400, f"{route} answered {reply.status}"
    response = described.get(str(reply.status), described["default"])
    content = response.get("content", {})
    if not content:
        assert reply.data == b""
        return
    kind = reply.headers["content-type"].split(";")[0]
    assert kind in content, f"{route} answered {kind}"
    schema = content[kind]["schema"]
    if kind != "application/json" and schema.get("type") == "string":
        return
    validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    faults = [f"{list(fault.path)}: {fault.message}" for fault in validator.iter_errors(reply.body)]
    assert not faults, f"{route} {reply.status}: {faults}"


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    return openapi_document()


def route_of(method: str, path: str) -> tuple[str, dict[str, str]]:
    """The route that API Gateway chooses: exact segments before variables."""
    found: list[tuple[int, str, dict[str, str]]] = []
    for route in (*ROUTES, *PUBLIC):
        verb, _, pattern = route.partition(" ")
        names = re.findall(r"\{(\w+)\}", pattern)
        match = re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", pattern), path)
        if verb == method and match:
            found.append((len(names), route, dict(zip(names, match.groups(), strict=True))))
    if not found:
        return EVERYTHING_ELSE, {}
    _, route, parameters = min(found, key=lambda candidate: candidate[0])
    return route, parameters


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def make_application(tmp_path: Path, clock: FixedClock) -> Iterator[Callable[..., Application]]:
    with parts_of_the_world(tmp_path, clock) as world:
        yield _maker(tmp_path, clock, world)


def _maker(tmp_path: Path, clock: FixedClock, world: dict[str, Any]) -> Callable[..., Application]:
    def make(environment: dict[str, str] | None = None, **parts: Any) -> Application:
        settings = Settings.from_environment(
            {
                "DHARMA_RUNTIME": "local",
                "DHARMA_STATE_DIR": str(tmp_path / "state"),
                **(environment or {}),
            }
        )
        usual: dict[str, Any] = {
            "clock": clock,
            "workflows": with_answers_sent(MemoryWorkflows()),
            **world,
        }
        return Application(settings, **{**usual, **parts})

    return make


@pytest.fixture
def application(make_application: Callable[..., Application]) -> Iterator[Application]:
    made = make_application()
    before = bootstrap.use(made)
    yield made
    bootstrap.use(before)


@pytest.fixture
def api(application: Application, clock: FixedClock) -> Api:
    return Api(application, clock)
