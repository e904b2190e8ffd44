"""What no route takes is answered like every other failure: problem details, code, request id."""

from __future__ import annotations

from typing import Any

import pytest

from dharma.sso.roles import PUBLIC, ROUTES, methods_of


@pytest.mark.parametrize("path", ["/", "/blueprint", "/blueprints/a/b/c", "/iac", "/environments/"])
def test_a_path_that_there_is_not_is_not_found(api: Any, path: str) -> None:
    reply = api.call("GET", path)
    assert (reply.status, reply.code) == (404, "NotFound")
    assert reply.body["detail"] == f"there is no route GET {path}"
    assert reply.body["requestId"] == "JKJaXmPLvHcESHA="
    assert reply.headers["x-correlation-id"] == reply.body["correlationId"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/blueprints", "GET, POST"),
        ("POST", "/blueprints/01ARYZ6S41TSV4RRFFQ69G5FAV", "DELETE, GET, PUT"),
        ("GET", "/iac/generate", "POST"),
        ("HEAD", "/health", "GET"),
    ],
)
def test_another_method_is_not_allowed_and_those_that_are_are_named(
    api: Any, method: str, path: str, allowed: str
) -> None:
    reply = api.call(method, path)
    assert (reply.status, reply.code) == (405, "MethodNotAllowed")
    assert reply.headers["allow"] == allowed
    assert allowed in reply.body["detail"]


@pytest.mark.parametrize("name", ["\0", "\n", "\N{GRINNING FACE}", "\N{REPLACEMENT CHARACTER}"])
def test_a_name_that_none_can_be_is_not_found(api: Any, name: str) -> None:
    for path in (f"/blueprints/{name}", f"/deployments/{name}/events", f"/environments/{name}"):
        reply = api.call("GET", path)
        assert (reply.status, reply.code) == (404, "NotFound"), path


def test_nobody_needs_a_token_to_hear_it_and_no_body_disturbs(api: Any) -> None:
    assert api.call("POST", "/nowhere", "\0" * 100, anonymous=True).status == 404


def test_a_preflight_is_answered_so_that_the_gateway_can_add_its_headers(api: Any) -> None:
    headers = {"origin": "http://localhost:5173", "access-control-request-method": "POST"}
    reply = api.call("OPTIONS", "/blueprints", headers=headers, anonymous=True)
    assert (reply.status, reply.data, reply.headers["allow"]) == (204, b"", "GET, POST")
    assert api.call("OPTIONS", "/nowhere", headers=headers).status == 204


def test_every_route_is_found_by_its_path() -> None:
    for route in (*ROUTES, *PUBLIC):
        method, _, path = route.partition(" ")
        assert method in methods_of(path.replace("{", "").replace("}", ""))
    assert methods_of("/blueprints/") == ()
    assert methods_of("") == ()
