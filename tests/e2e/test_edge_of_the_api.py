"""Who gets in, and what those hear who do not: a real stack, plain HTTP, tokens made by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from .conftest import CommandLine

pytestmark = pytest.mark.stack


class Edge:
    """A running stack and the parts of a token that it accepts."""

    def __init__(self, line: CommandLine) -> None:
        self.line = line
        self.http = httpx.Client(base_url=line.stack.url(), trust_env=False)
        good = line("login", "--print").strip()
        self.header, self.claims = (_opened(part) for part in good.split(".")[:2])
        self.good = good
        [pem] = [
            file
            for file in (line.folder / ".dharma").rglob("*.pem")
            if b"PRIVATE KEY" in file.read_bytes()
        ]
        self.key = RSAKey.import_key(pem.read_bytes())

    def signed(self, key: Any = None, *, alg: str = "RS256", **changes: Any) -> str:
        claims = {**self.claims, **changes}
        return jwt.encode({**self.header, "alg": alg}, claims, key or self.key, algorithms=[alg])

    def ask(self, path: str, method: str = "GET", token: str | None = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}".strip()} if token is not None else {}
        return self.http.request(method, path, headers=headers)

    def logged(self, request_id: str) -> Any:
        """The line of the access log, which is written behind the answer."""
        deadline = time.monotonic() + 10
        while True:
            for file in (self.line.folder / ".dharma" / "logs").glob("gateway*"):
                for line in file.read_text().splitlines():
                    if f'"requestId": "{request_id}"' in line and '"status"' in line:
                        return json.loads(line)
            assert time.monotonic() < deadline, "it is not in the access log"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    line = CommandLine(tmp_path_factory.mktemp("edge"))
    line("start")
    made = Edge(line)
    yield made
    made.http.close()
    line.stack.stop()


def _opened(part: str) -> dict[str, Any]:
    opened: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return opened


def _closed(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _unsigned(edge: Edge) -> str:
    return f"{_closed({'alg': 'none', 'typ': 'at+jwt'})}.{_closed(edge.claims)}."


def _signed_with_the_public_key(edge: Edge) -> str:
    """The attack of RFC 8725, 2.1: the public key taken for a shared secret."""
    said = f"{_closed({**edge.header, 'alg': 'HS256'})}.{_closed(edge.claims)}"
    digest = hmac.digest(edge.key.as_pem(private=False), said.encode(), hashlib.sha256)
    return f"{said}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _touched(edge: Edge) -> str:
    head, _, signature = edge.good.split(".")
    return f"{head}.{_closed({**edge.claims, 'roles': ['admin', 'owner']})}.{signature}"


FORGED: dict[str, Callable[[Edge], str]] = {
    "expired": lambda e: e.signed(exp=int(time.time()) - 60),
    "not valid yet": lambda e: e.signed(nbf=int(time.time()) + 600),
    "issued in the future": lambda e: e.signed(iat=int(time.time()) + 600),
    "without an end": lambda e: e.signed(exp=None),
    "unsigned": _unsigned,
    "another algorithm, our key": lambda e: e.signed(alg="RS384"),
    "a shared secret": lambda e: e.signed(
        OctKey.import_key({"kty": "oct", "k": "c2VjcmV0" * 8}), alg="HS256"
    ),
    "our public key as a shared secret": _signed_with_the_public_key,
    "another audience": lambda e: e.signed(aud="another-api"),
    "another issuer": lambda e: e.signed(iss="https://elsewhere.test"),
    "another key": lambda e: e.signed(RSAKey.generate_key(2048)),
    "claims changed afterwards": _touched,
    "no tenant": lambda e: e.signed(tenant=""),
    "cut off": lambda e: e.good[:-20],
    "no token at all": lambda e: "x",
    "empty": lambda e: "",
    "too long": lambda e: e.good + "A" * 9000,
}


@pytest.mark.parametrize("name", FORGED)
def test_a_token_that_is_not_ours_and_valid_is_refused(edge: Edge, name: str) -> None:
    for method, path in (("GET", "/environments"), ("POST", "/deployments")):
        answer = edge.ask(path, method, FORGED[name](edge))
        # API Gateway's own words, and its header: nothing else can be had from it.
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
        assert edge.logged(answer.headers["apigw-requestid"])["status"] == 401


def test_the_same_token_untouched_gets_in(edge: Edge) -> None:
    assert edge.ask("/environments", token=edge.good).status_code == 200
    assert edge.ask("/environments", token=edge.signed()).status_code == 200


def test_without_a_token_nobody_gets_in(edge: Edge) -> None:
    answer = edge.ask("/environments")
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "NotFound"),
        ("GET", "/", 404, "NotFound"),
        ("DELETE", "/blueprints", 405, "MethodNotAllowed"),
        ("PATCH", "/environments/dev", 405, "MethodNotAllowed"),
        ("TRACE", "/health", 405, "MethodNotAllowed"),
    ],
)
def test_what_no_route_takes_is_answered_as_problem_details(
    edge: Edge, method: str, path: str, status: int, code: str
) -> None:
    answer = edge.http.request(method, path, headers={"x-correlation-id": "mine-1"})
    said = answer.json()
    assert (answer.status_code, said["status"], said["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert said["requestId"] == answer.headers["apigw-requestid"]
    assert said["correlationId"] == answer.headers["x-correlation-id"] == "mine-1"
    assert edge.logged(said["requestId"])["correlationId"] == "mine-1"


def test_a_role_that_is_not_enough_is_named_in_our_words(edge: Edge) -> None:
    viewer = edge.line("login", "--print", "--role", "viewer").strip()
    answer = edge.ask("/environments", "POST", viewer)
    assert (answer.status_code, answer.json()["code"]) == (403, "Forbidden")
    assert answer.headers["x-correlation-id"] == answer.json()["correlationId"]


def test_the_web_application_may_ask_ahead(edge: Edge) -> None:
    headers = {
        "origin": "http://localhost:5173",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization,if-match",
    }
    answer = edge.http.options("/blueprints/x", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == headers["origin"]
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert "if-match" in answer.headers["access-control-allow-headers"]
    foreign = edge.http.options("/blueprints/x", headers={**headers, "origin": "http://evil.test"})
    assert "access-control-allow-origin" not in foreign.headers
