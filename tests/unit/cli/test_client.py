"""The API as the command line uses it: addresses, tokens, and what failures become."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from dharma.core import errors
from dharma.core.errors import HTTP_STATUS, DharmaError, Fault
from dharma.core.http import PROBLEM, problem
from dharma_cli import tokens
from dharma_cli.client import Client, connect

JSON = ("--format", "json")
KINDS = sorted(
    (
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, DharmaError)
    ),
    key=lambda kind: kind.__name__,
)


def client(answer: httpx.Response | Exception, token: str | None = None) -> Client:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Client("http://api.test/", token, httpx.MockTransport(handle))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_problem_becomes_the_error_that_it_was(kind: type[DharmaError]) -> None:
    fault = Fault("is wrong", "resources.a", "a.yaml", 3, 5, "try b")
    status, body, headers = problem(
        kind("it failed", [fault]), instance="/x", request_id="r-1", correlation_id="c-1"
    )
    response = httpx.Response(status, json=body, headers={**headers, "content-type": PROBLEM})
    with pytest.raises(DharmaError) as caught:
        client(response).get("/x")
    if status == 401:
        assert "iac-dharma login" in caught.value.message
        return
    assert type(caught.value) is kind
    assert "it failed" in caught.value.message
    assert caught.value.faults == (fault,)
    # Somebody has to look into the log: what to look for is said.
    assert ("request r-1" in caught.value.message) == (status >= 500)


def test_every_kind_of_error_is_covered_above() -> None:
    assert set(HTTP_STATUS) <= set(KINDS)


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (httpx.Response(502, text="<html>"), "HTTP 502: Bad Gateway"),
        (httpx.Response(500, json=["no", "object"]), "HTTP 500: Internal Server Error"),
        (httpx.Response(418, json={"code": "os", "detail": "x"}), "HTTP 418: x"),
        (httpx.Response(302, headers={"location": "/"}), "HTTP 302: Found"),
    ],
)
def test_other_failures_are_told_with_their_status(response: httpx.Response, said: str) -> None:
    with pytest.raises(DharmaError) as caught:
        client(response).get("/x")
    assert type(caught.value) is DharmaError
    assert caught.value.message == said


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (401, "Unauthorized", errors.Unauthenticated),
        (403, "Forbidden", errors.Forbidden),
        (404, "Not Found", errors.NotFound),
        (413, "Request Entity Too Large", errors.LimitExceeded),
        (429, "Too Many Requests", errors.TooManyRequests),
        (503, "Service Unavailable", errors.Unavailable),
        (504, "Endpoint request timed out", errors.Unavailable),
    ],
)
def test_what_api_gateway_says_by_itself_is_known_by_its_status(
    status: int, said: str, kind: type[DharmaError]
) -> None:
    answer = httpx.Response(status, json={"message": said}, headers={"apigw-requestid": "r-1"})
    with pytest.raises(kind) as caught:
        client(answer).get("/x")
    assert type(caught.value) is kind
    if kind is not errors.Unauthenticated:
        assert f"HTTP {status}: {said}" in caught.value.message
    assert ("request r-1" in caught.value.message) == (status >= 500)


def test_somebody_elses_server_is_not_taken_for_the_api(
    dharma: Any, answering: Callable[[httpx.Response], None]
) -> None:
    answering(httpx.Response(200, text="<html>hello</html>"))
    assert dharma("env", "list", *JSON).error["code"] == "Unavailable"


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadTimeout("late"), httpx.DecodingError("bad")]
)
def test_no_answer_says_how_to_start_the_stack(error: Exception) -> None:
    with pytest.raises(errors.Unavailable, match="iac-dharma start"):
        client(error).get("/x")


def test_the_number_of_a_failure_which_each_system_has_otherwise_is_left_out() -> None:
    with pytest.raises(errors.Unavailable, match=r"No answer from http://api\.test: refused\. "):
        client(httpx.ConnectError("[Errno 111] refused")).get("/x")


@pytest.mark.parametrize(
    ("method", "headers", "times"),
    [
        ("GET", {}, 2),
        ("PUT", {}, 2),
        ("POST", {"idempotency-key": "once"}, 2),
        ("POST", {}, 1),
    ],
    ids=str,
)
def test_what_does_nothing_twice_is_sent_again_when_the_connection_breaks_off(
    method: str, headers: dict[str, str], times: int
) -> None:
    sent: list[bytes] = []

    def killed_first(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        if len(sent) == 1:
            raise httpx.ReadError("")
        return httpx.Response(200, json={"n": len(sent)})

    made = Client("http://api.test", None, httpx.MockTransport(killed_first))
    if times == 2:
        assert made.call(method, "/x", body={"a": 1}, headers=headers) == {"n": 2}
    else:
        with pytest.raises(errors.Unavailable):
            made.call(method, "/x", body={"a": 1}, headers=headers)
    assert sent == [b'{"a":1}'] * times


def test_a_stack_at_another_port_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere:
        def is_running(self) -> bool:
            return True

        def url(self) -> str:
            return "http://127.0.0.1:3999"

    monkeypatch.setattr("dharma_cli.client.Stack", Elsewhere)
    with pytest.raises(errors.Unavailable, match=r"DHARMA_API=http://127\.0\.0\.1:3999"):
        client(httpx.ConnectError("refused")).get("/x")


def test_without_a_stack_the_command_fails_with_one_sentence(
    dharma: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("DHARMA_API", f"http://127.0.0.1:{taken.getsockname()[1]}")
        said = dharma("deployments", "list")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Unavailable: No answer from http://127.0.0.1:")
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("address", ["127.0.0.1:3000", "ftp://x", "http://a:b"])
def test_an_address_that_is_none_is_said(
    dharma: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DHARMA_API", address)
    assert dharma("env", "list", *JSON).error["code"] == "Misconfigured"


def test_the_address_comes_from_the_variable_else_the_project_else_the_stack(
    dharma: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connect().address == "http://127.0.0.1:3000"
    Path(".iac-dharma.json").write_text('{"name": "shop", "api": "http://project:1"}')
    assert connect().address == "http://project:1"
    monkeypatch.setenv("DHARMA_API", "http://variable:2/")
    assert connect().address == "http://variable:2"


def test_the_token_comes_from_the_variable_else_from_the_login(
    dharma: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sent() -> str | None:
        found: str | None = connect()._http.headers.get("authorization")
        return found

    assert sent() is None
    tokens.save("http://127.0.0.1:3000", "stored")
    assert sent() == "Bearer stored"
    monkeypatch.setenv("DHARMA_TOKEN", "stated")
    assert sent() == "Bearer stated"
    for broken in ("two words", "ü", "line\nbreak"):
        monkeypatch.setenv("DHARMA_TOKEN", broken)
        assert dharma("env", "list", *JSON).error["code"] == "Unauthenticated"


def test_a_list_is_read_to_its_end() -> None:
    pages = iter(
        [
            {"items": [1, 2], "nextCursor": "a/b?c"},
            {"items": [], "nextCursor": "d"},
            {"items": [3], "nextCursor": None},
        ]
    )
    asked: list[str | None] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("cursor"))
        return httpx.Response(200, json=next(pages))

    made = Client("http://api.test", None, httpx.MockTransport(handle))
    assert list(made.pages("/things", tag=None)) == [1, 2, 3]
    assert asked == [None, "a/b?c", "d"]
