"""What all routes share, seen through routes of environments."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dharma import bootstrap
from dharma.bootstrap import Application
from dharma.core.clock import FixedClock
from dharma.core.errors import Unavailable
from dharma.core.observability import JsonFormatter


def test_the_correlation_id_of_the_caller_comes_back(api: Any) -> None:
    reply = api.call("GET", "/environments", headers={"X-Correlation-Id": "mine-1"})
    assert reply.headers["x-correlation-id"] == "mine-1"
    refused = api.call("GET", "/environments/none", headers={"X-Correlation-Id": "mine-1"})
    assert refused.headers["x-correlation-id"] == "mine-1"
    assert refused.body["correlationId"] == "mine-1"
    assert refused.body["requestId"] == "JKJaXmPLvHcESHA="


@pytest.mark.parametrize("offered", ["", "a b", "x" * 200, "a\nb"])
def test_a_harmful_correlation_id_is_replaced_by_the_request_id(api: Any, offered: str) -> None:
    reply = api.call("GET", "/environments", headers={"X-Correlation-Id": offered})
    assert reply.headers["x-correlation-id"] == "JKJaXmPLvHcESHA="


def test_log_lines_carry_correlation_id_and_service(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter("x").format(record)))

    logger = logging.getLogger("functions")
    handler = Keeping()
    logger.addHandler(handler)
    try:
        api.call("GET", "/environments", roles="", headers={"X-Correlation-Id": "mine-2"})
    finally:
        logger.removeHandler(handler)
    [line] = lines
    assert (line["correlation_id"], line["service"], line["code"]) == (
        "mine-2",
        "blueprint",
        "Forbidden",
    )


def test_without_a_token_nothing_is_served(api: Any) -> None:
    reply = api.call("GET", "/environments", anonymous=True)
    assert (reply.status, reply.code) == (401, "Unauthenticated")


def test_a_token_that_expired_after_it_was_admitted_is_refused(api: Any, clock: FixedClock) -> None:
    event = api.event("GET", "/environments")
    clock.advance(timedelta(minutes=11))
    reply = api.send("/environments", event)
    assert (reply.status, reply.code) == (401, "Unauthenticated")


def test_a_role_that_does_not_suffice_is_told_which_would(api: Any) -> None:
    reply = api.call("POST", "/environments", {"name": "dev"}, roles="viewer editor")
    assert (reply.status, reply.code) == (403, "Forbidden")
    assert "admin" in reply.body["detail"]
    assert api.call("GET", "/environments").body["items"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("{", 400),
        ("null", 400),
        ("[]", 400),
        ('"text"', 400),
        ("7", 400),
        ('{"name": 7}', 400),
        ('{"name": null}', 400),
        ("{}", 400),
        ('{"name": "a", "name": "b\\u0000"}', 400),
        ('{"name": "\\ud800"}', 400),
        ('{"name": "dev", "variables": {"x": {"value": "\\ud800"}}}', 400),
        ('{"name": "dev", "variables": {"x": {"value": NaN}}}', 400),
        ('{"name": "dev", "variables": [1]}', 400),
        ('{"name": "dev", "approvers": "carol"}', 400),
        ("[" * 100_000, 413),
        ('{"name": "dev", "variables": {"x": {"value": ' + "[" * 5000 + "]" * 5000 + "}}}", 413),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_misshapen_body_is_refused_and_nothing_is_stored(
    api: Any, body: str, status: int
) -> None:
    reply = api.call("POST", "/environments", body)
    assert reply.status == status, reply.text
    assert reply.code in {"InvalidInput", "LimitExceeded"}
    assert api.call("GET", "/environments").body["items"] == []


@pytest.mark.parametrize("half", ["\\ud800", "\\uDFFF x", "\\udc00\\ud800"])
@pytest.mark.parametrize("where", ["content", "filename", "key"])
def test_half_a_character_is_refused_wherever_it_stands(api: Any, where: str, half: str) -> None:
    body = f'{{"files": {{"{half}.tf": ""}}}}' if where == "key" else f'{{"{where}": "{half}"}}'
    for path in ("/iac/generate", "/guardrails/validate", "/blueprints/import"):
        reply = api.call("POST", path, body)
        assert (reply.status, reply.code) == (400, "InvalidInput")
        assert "surrogate" in reply.body["detail"]


def test_a_pair_of_surrogates_is_one_character(api: Any) -> None:
    body = '{"name": "dev", "credentials": "sandbox", "approvers": ["\\ud83d\\ude00"]}'
    assert "surrogate" not in api.call("POST", "/environments", body).text


def test_every_fault_of_the_shape_is_named(api: Any) -> None:
    body = {"name": 7, "approvers": "carol", "variables": {"x": 1}}
    details = api.call("POST", "/environments", body).body["details"]
    assert {d["field"] for d in details} == {"name", "approvers", "variables.x"}


def test_a_body_beyond_the_limit_is_refused_unread(
    make_application: Callable[..., Application], api: Any
) -> None:
    bootstrap.use(make_application({"DHARMA_MAX_BODY_BYTES": "2000"}))
    assert api.call("POST", "/environments", "{" + " " * 2000).code == "LimitExceeded"
    assert api.call("POST", "/environments", "{" + "ü" * 1000).status == 413
    coded = api.event("POST", "/environments", "x")
    coded.update(body=base64.b64encode(b"{" + b" " * 2000).decode(), isBase64Encoded=True)
    assert api.send("/environments", coded).status == 413


@pytest.mark.parametrize(
    "data", [b"\xff\xfe{", b'{"name": "\xe4"}', b"\x00\x01"], ids=["utf-16", "latin-1", "binary"]
)
def test_a_body_that_is_no_utf8_is_refused(api: Any, data: bytes) -> None:
    event = api.event("POST", "/environments", "x")
    event.update(body=base64.b64encode(data).decode(), isBase64Encoded=True)
    reply = api.send("/environments", event)
    assert (reply.status, reply.code) == (400, "InvalidInput")


def test_a_body_in_base_64_is_read(api: Any) -> None:
    event = api.event("POST", "/environments", "x")
    event.update(body=base64.b64encode(b'{"name": "dev"}').decode(), isBase64Encoded=True)
    assert api.send("/environments", event).status == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "text/yaml"])
def test_only_json_is_understood(api: Any, kind: str) -> None:
    reply = api.call("POST", "/environments", '{"name": "dev"}', headers={"Content-Type": kind})
    assert (reply.status, reply.code) == (400, "InvalidInput")


def test_json_with_a_charset_is_json(api: Any) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert api.call("POST", "/environments", {"name": "dev"}, headers=headers).status == 201


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "cursor=forged", "offset=-1", "offset=99999"]
)
def test_a_wrong_parameter_is_refused(api: Any, query: str) -> None:
    reply = api.call("GET", f"/environments?{query}")
    assert (reply.status, reply.code) == (400, "InvalidInput")


def test_an_outage_is_a_503_that_says_when_to_try_again(
    make_application: Callable[..., Application], api: Any
) -> None:
    class Broken:
        def query(self, *_: Any, **__: Any) -> None:
            raise Unavailable("the store cannot be read: disk I/O error")

    bootstrap.use(make_application(store=Broken()))
    reply = api.call("GET", "/environments")
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "Unavailable", "2")


def test_a_bug_is_a_500_without_its_secrets(
    make_application: Callable[..., Application], api: Any
) -> None:
    class Buggy:
        def query(self, *_: Any, **__: Any) -> None:
            raise KeyError("internal-secret")

    bootstrap.use(make_application(store=Buggy()))
    reply = api.call("GET", "/environments", headers={"X-Correlation-Id": "mine-3"})
    assert reply.status == 500
    assert "internal-secret" not in reply.text
    assert "Traceback" not in reply.text
    assert reply.body["correlationId"] == "mine-3"
    assert reply.headers["x-correlation-id"] == "mine-3"


def test_one_caller_never_gets_anothers_name(api: Any) -> None:
    api.call("POST", "/environments", {"name": "dev"}, subject="ada")
    api.call("POST", "/environments", {"name": "prod"}, subject="bob")
    by = {
        e["name"]: e["metadata"]["createdBy"]
        for e in api.call("GET", "/environments").body["items"]
    }
    assert by == {"dev": "ada", "prod": "bob"}


@pytest.mark.parametrize(
    ("number", "status"), [("9" * 5000, 413), ("NaN", 400), ("-Infinity", 400), ("1e5", 422)]
)
def test_a_number_that_is_none_is_refused(api: Any, number: str, status: int) -> None:
    event = api.event("POST", "/costing/estimate", {})
    event["body"] = f'{{"content": "a: b", "variables": {{"n": {number}}}}}'
    assert api.send("/costing/estimate", event).status == status
