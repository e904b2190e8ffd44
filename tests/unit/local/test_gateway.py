"""The gateway as its callers and its functions see it: API Gateway's shapes, limits and answers."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

import pytest

from dharma_local.functions import PAYLOAD_LIMIT
from dharma_local.gateway.app import Gateway
from dharma_local.gateway.invoke import Invoker
from dharma_local.gateway.payload import MalformedAnswer, Request, build_event, read_answer
from dharma_local.gateway.routes import Router
from dharma_local.template import Route
from dharma_local.template_reading import load_template
from dharma_local.workers.turns import MOST_WAITING, TooManyWaiting

PROJECT = Path(__file__).parents[2] / "sample_project"
GOOD = {"authorization": "Bearer good"}


class Client:
    """Talks to the ASGI application without a network."""

    def __init__(self) -> None:
        template = load_template(PROJECT / "infra" / "template.yaml")
        self.invoker = Invoker(PROJECT, template.functions)
        self.lines: list[dict[str, Any]] = []
        self.app = Gateway(template, self.invoker, log=lambda t: self.lines.append(json.loads(t)))

    def __call__(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: dict[str, str] | list[tuple[str, str]] | None = None,
        body: bytes | list[bytes] = b"",
        gone: bool = False,
    ) -> tuple[int, dict[str, str], bytes]:
        parts = body if isinstance(body, list) else [body]
        given = list(headers.items()) if isinstance(headers, dict) else headers or []
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in [("host", "local:3000"), *given]],
            "client": ("127.0.0.1", 1234),
        }
        incoming: list[dict[str, Any]] = [
            {"type": "http.request", "body": part, "more_body": gone or number < len(parts)}
            for number, part in enumerate(parts, 1)
        ]
        if gone:
            incoming.append({"type": "http.disconnect"})
        sent: list[dict[str, Any]] = []

        async def receive() -> Any:
            return incoming.pop(0) if incoming else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        self.unread = len(incoming)
        start, *rest = sent
        assert len(rest) == 1
        self.cookies = [v.decode() for k, v in start["headers"] if k == b"set-cookie"]
        return (
            start["status"],
            {k.decode(): v.decode() for k, v in start["headers"]},
            rest[0]["body"],
        )

    def asked(self) -> list[str]:
        asked: list[str] = sys.modules["sample_functions.authorizer"].asked
        return asked


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    made.invoker.load(["AuthorizerFunction", "ApiFunction"])
    made.asked().clear()
    yield made
    asyncio.run(made.invoker.close())


def test_the_function_gets_the_event_that_api_gateway_would_send(client: Client) -> None:
    status, headers, body = client(
        "POST",
        "/echo/a b",
        query="x=1&x=2&empty=&u=%C3%BC",
        headers=[
            *GOOD.items(),
            ("cookie", "a=1; b=2"),
            ("x-many", "one"),
            ("x-many", "two"),
            ("content-type", "application/json"),
        ],
        body=[b'{"n":', b" 1}"],
    )
    assert status == 200
    said = json.loads(body)
    event = said["event"]
    context = event.pop("requestContext")
    assert event == {
        "version": "2.0",
        "routeKey": "ANY /echo/{id}",
        "rawPath": "/echo/a b",
        "rawQueryString": "x=1&x=2&empty=&u=%C3%BC",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "host": "local:3000",
            "authorization": "Bearer good",
            "x-many": "one,two",
            "content-type": "application/json",
        },
        "queryStringParameters": {"x": "1,2", "empty": "", "u": "ü"},
        "pathParameters": {"id": "a b"},
        "body": '{"n": 1}',
        "isBase64Encoded": False,
    }
    assert context["http"] == {
        "method": "POST",
        "path": "/echo/a b",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "",
    }
    assert context["authorizer"] == {"lambda": {"subject": "ada", "level": 3}}
    assert (context["stage"], context["routeKey"]) == ("$default", "ANY /echo/{id}")
    assert abs(context["timeEpoch"] / 1000 - datetime.now(UTC).timestamp()) < 60
    assert context["requestId"] == headers["apigw-requestid"]
    assert said["function"] == "ApiFunction"
    assert 0 < said["remaining"] <= 1000
    assert said["own"] == "api"


def test_the_time_of_a_request_is_spelled_as_in_access_logs() -> None:
    moment = datetime(2026, 3, 7, 9, 5, 1, 234_000, tzinfo=UTC)
    event = build_event(
        Request("GET", "/", "", (), "127.0.0.1"),
        route_key="GET /",
        parameters={},
        request_id="r",
        moment=moment,
    )
    context = event["requestContext"]
    assert (context["time"], context["timeEpoch"]) == ("07/Mar/2026:09:05:01 +0000", 1772874301234)
    assert "body" not in event
    assert "queryStringParameters" not in event
    assert "cookies" not in event


@pytest.mark.parametrize(
    ("kind", "body", "encoded"),
    [
        ("application/json; charset=utf-8", b"{}", False),
        ("application/problem+json", b"{}", False),
        ("text/yaml", b"a: 1", False),
        ("application/octet-stream", b"\x00\xff", True),
        ("application/x-www-form-urlencoded", b"a=1", True),
        ("text/plain", b"\xff\xfe", True),
    ],
)
def test_text_is_handed_on_as_text_and_the_rest_in_base_64(
    client: Client, kind: str, body: bytes, encoded: bool
) -> None:
    _, _, said = client("POST", "/open", headers={"content-type": kind}, body=body)
    event = json.loads(said)["event"]
    assert event["isBase64Encoded"] is encoded
    raw = base64.b64decode(event["body"]) if encoded else event["body"].encode()
    assert raw == body


def test_answers_carry_headers_cookies_and_bytes(client: Client) -> None:
    status, headers, body = client("GET", "/open", query="do=bytes")
    assert (status, body) == (200, b"\x00\x01\xff")
    assert client.cookies == ["a=1", "b=2"]
    assert headers["content-length"] == "3"


def test_a_result_without_a_status_is_the_body_of_a_200(client: Client) -> None:
    status, headers, body = client("GET", "/open", query="do=plain")
    assert (status, headers["content-type"], json.loads(body)) == (
        200,
        "application/json",
        {"id": 7},
    )


def test_a_failing_function_is_a_500_that_tells_nothing(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, body = client("GET", "/open", query="do=raise")
    assert (status, json.loads(body)) == (500, {"message": "Internal Server Error"})
    log = json.loads(capsys.readouterr().err)
    assert log["error"] == "LookupError: nothing there"
    assert client("GET", "/open", query="do=malformed")[0] == 500


def test_a_function_that_hangs_is_ended_at_its_time_out(client: Client) -> None:
    status, _, body = client("GET", "/open", query="do=hang")
    assert (status, json.loads(body)) == (504, {"message": "Endpoint request timed out"})
    assert client("GET", "/open")[0] == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("DELETE", "/open")])
def test_what_no_route_takes_is_not_found(client: Client, method: str, path: str) -> None:
    status, _, body = client(method, path)
    assert (status, json.loads(body)) == (404, {"message": "Not Found"})


def test_six_megabytes_are_the_limit_of_a_request(client: Client) -> None:
    small = client("POST", "/open", body=[b"x" * (PAYLOAD_LIMIT - 1), b"y"])
    assert small[0] == 200 or small[0] == 500  # the echo doubles it, which is over the answer's
    told = client("POST", "/open", headers={"content-length": str(PAYLOAD_LIMIT + 1)})
    assert told[0] == 413
    streamed = client("POST", "/open", body=[b"x" * PAYLOAD_LIMIT, b"y", b"z"])
    assert streamed[0] == 413
    assert json.loads(streamed[2]) == {"message": "Request Entity Too Large"}


@pytest.mark.parametrize(
    ("headers", "status", "asks"),
    [
        ({}, 401, False),
        ({"authorization": ""}, 401, False),
        ({"authorization": "Bearer forged"}, 401, True),
        ({"authorization": "Bearer weak"}, 403, True),
        ({"authorization": "Bearer broken"}, 500, True),
        (GOOD, 200, True),
    ],
)
def test_the_authorizer_decides(
    client: Client, headers: dict[str, str], status: int, asks: bool
) -> None:
    assert client("GET", "/echo/1", headers=headers)[0] == status
    assert bool(client.asked()) is asks


def test_nothing_is_taken_in_of_a_request_that_may_not_be_made(client: Client) -> None:
    for headers, parts_left in (({}, 2), ({"authorization": "Bearer weak"}, 2), (GOOD, 0)):
        client("POST", "/echo/1", headers=headers, body=[b"{", b"}"])
        assert client.unread == parts_left


def test_a_request_that_is_cut_off_calls_no_function(client: Client) -> None:
    status, _, _ = client("POST", "/open", query="do=raise", body=[b'{"id": 1}'], gone=True)
    assert status == 400
    assert client.lines[-1]["status"] == 400


def test_verdicts_are_remembered_and_errors_are_not(client: Client) -> None:
    for _ in range(3):
        client("GET", "/echo/1", headers=GOOD)
        client("GET", "/files/x/y", headers={"authorization": "Bearer weak"})
        client("GET", "/echo/1", headers={"authorization": "Bearer forged"})
    assert sorted(client.asked()) == ["Bearer forged"] * 3 + ["Bearer good", "Bearer weak"]


def test_a_correlation_id_goes_into_the_access_log_if_it_is_harmless(client: Client) -> None:
    client("GET", "/open", headers={"x-correlation-id": "order-17"})
    assert client.lines[-1]["correlationId"] == "order-17"
    _, headers, _ = client("GET", "/open", headers={"x-correlation-id": 'a"\u00e4 b'})
    assert client.lines[-1]["correlationId"] == headers["apigw-requestid"]


def test_every_answer_has_the_id_of_the_access_log_the_gateways_own_too(client: Client) -> None:
    for path, expected in (("/open", 200), ("/nowhere", 404), ("/echo/1", 401)):
        status, headers, _ = client("GET", path)
        assert status == expected
        assert headers["apigw-requestid"] == client.lines[-1]["requestId"]


def test_a_preflight_is_answered_for_allowed_origins_alone(client: Client) -> None:
    asked = {"origin": "http://localhost:5173", "access-control-request-method": "POST"}
    status, headers, _ = client("OPTIONS", "/echo", headers=asked)
    assert status == 204
    assert headers["access-control-allow-origin"] == "http://localhost:5173"
    assert headers["access-control-allow-methods"] == "GET,POST"
    _, headers, _ = client("OPTIONS", "/open", headers={**asked, "origin": "http://evil.test"})
    assert "access-control-allow-origin" not in headers


def test_a_dedicated_function_that_hangs_or_dies_takes_nobody_with_it(client: Client) -> None:
    async def scene() -> list[Any]:
        async def ask(wanted: dict[str, Any]) -> Any:
            try:
                return await client.invoker.call_apart("SlowFunction", {"body": json.dumps(wanted)})
            except Exception as error:  # noqa: BLE001 - the kind of failure is the result
                return type(error).__name__

        first = await ask({})
        again = await ask({})
        hung, beside = await asyncio.gather(ask({"seconds": 20}), ask({}))
        dead = await ask({"exit": True})
        last = await ask({})
        await client.invoker.close()
        return [first, again, hung, beside, dead, last]

    first, again, hung, beside, dead, last = asyncio.run(scene())
    assert first == again
    assert (hung, dead) == ("FunctionTimedOut", "WorkerDied")
    assert beside["statusCode"] == last["statusCode"] == 200


def test_what_only_looks_something_up_needs_no_worker(client: Client) -> None:
    assert client("GET", "/slow")[2] == str(os.getpid()).encode()


def test_nobody_is_served_who_left_while_others_were(client: Client) -> None:
    async def asked(wanted: dict[str, Any], *, stays: bool) -> int:
        body = {"type": "http.request", "body": json.dumps(wanted).encode()}
        messages = [body] if stays else [body, {"type": "http.disconnect"}]
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop(0) if messages else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": "/slow",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        await client.app(scope, receive, send)
        return int(sent[0]["status"])

    async def scene(folder: Path) -> list[int]:
        notes = [{"seconds": 0.2, "note": str(folder / str(number))} for number in range(3)]
        first = asyncio.ensure_future(asked(notes[0], stays=True))
        await asyncio.sleep(0.05)
        statuses = [await asked(notes[1], stays=False), await asked(notes[2], stays=True)]
        statuses.append(await first)
        await client.invoker.close()
        return statuses

    with TemporaryDirectory() as folder:
        assert asyncio.run(scene(Path(folder))) == [400, 200, 200]
        assert sorted(os.listdir(folder)) == ["0", "2"]


def test_one_caller_may_have_so_many_requests_waiting(client: Client) -> None:
    async def scene() -> list[str]:
        async def ask(caller: str) -> str:
            try:
                event = {"body": json.dumps({"seconds": 0.1})}
                await client.invoker.call_apart("SlowFunction", event, caller)
            except TooManyWaiting:
                return "refused"
            return "served"

        greedy = [asyncio.ensure_future(ask("greedy")) for _ in range(MOST_WAITING + 2)]
        await asyncio.sleep(0)
        found = [await ask("other"), await greedy[-1], await greedy[0]]
        await client.invoker.close()
        await asyncio.gather(*greedy, return_exceptions=True)
        return found

    assert asyncio.run(scene()) == ["served", "refused", "served"]


def test_an_encoded_slash_stays_in_its_segment(client: Client) -> None:
    status, _, body = client("GET", "/echo/a%2Fb%20c", headers=GOOD)
    assert (status, json.loads(body)["event"]["pathParameters"]) == (200, {"id": "a/b c"})
    assert client("GET", "/echo/a/b", headers=GOOD)[0] == 404


def test_routes_are_chosen_by_precedence() -> None:
    keys = [
        ("GET", "/a/{id}"),
        ("GET", "/a/b"),
        ("ANY", "/a/{id}"),
        ("GET", "/a/{proxy+}"),
        ("GET", "/a/{id}/c"),
        ("ANY", "$default"),
    ]
    router = Router([Route(method, path, f"{method} {path}", None) for method, path in keys])

    def chosen(method: str, path: str) -> tuple[str, dict[str, str]]:
        match = router.match(method, path)
        assert match
        return match.route.function, match.parameters

    assert chosen("GET", "/a/b") == ("GET /a/b", {})
    assert chosen("GET", "/a/x") == ("GET /a/{id}", {"id": "x"})
    assert chosen("PUT", "/a/x") == ("ANY /a/{id}", {"id": "x"})
    assert chosen("GET", "/a/x/c") == ("GET /a/{id}/c", {"id": "x"})
    assert chosen("GET", "/a/x/y/z") == ("GET /a/{proxy+}", {"proxy": "x/y/z"})
    assert chosen("GET", "/other") == ("ANY $default", {})


@pytest.mark.parametrize("result", [{"statusCode": "x"}, {"statusCode": 200, "headers": 3}])
def test_an_answer_without_sense_is_refused(result: Any) -> None:
    with pytest.raises(MalformedAnswer):
        read_answer(result)
