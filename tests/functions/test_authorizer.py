"""The Lambda authorizer (payload 2.0, simple responses). A key pair per test: 0.1 s each."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dharma import bootstrap
from dharma.bootstrap import Application
from dharma.core.clock import FixedClock, epoch_seconds
from dharma.core.errors import Misconfigured
from dharma.core.principal import Principal
from functions.sso.authorizer import Unauthorized, handler

ADA = Principal("ada", "acme", frozenset({"viewer", "editor"}))


def event(authorization: str | None) -> dict[str, Any]:
    headers = {"host": "abcdef1234.execute-api.us-east-1.amazonaws.com", "user-agent": "tests"}
    if authorization is not None:
        headers["authorization"] = authorization
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/$default/GET/blueprints",
        "identitySource": [authorization],
        "routeKey": "GET /blueprints",
        "rawPath": "/blueprints",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdef1234",
            "http": {"method": "GET", "path": "/blueprints", "sourceIp": "192.0.2.1"},
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "GET /blueprints",
            "stage": "$default",
        },
    }


@pytest.fixture
def token(application: Application) -> str:
    return application.token_issuer.issue(ADA, timedelta(minutes=15))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_good_token_says_who_asks(token: str, clock: FixedClock, scheme: str) -> None:
    assert handler(event(f"{scheme} {token}"), None) == {
        "isAuthorized": True,
        "context": {
            "sub": "ada",
            "tenant": "acme",
            "roles": "editor viewer",
            "exp": epoch_seconds(clock.now()) + 900,
        },
    }


@pytest.mark.parametrize("prefix", [None, "", "Bearer", "Bearer ", "Basic ", "Bearer x"])
def test_everything_else_is_unauthorized(token: str, prefix: str | None) -> None:
    # The word is what makes API Gateway answer 401.
    authorization = None if prefix is None else prefix + (token if prefix == "Basic " else "")
    with pytest.raises(Unauthorized, match=r"^Unauthorized$"):
        handler(event(authorization), None)


def test_an_expired_token_is_unauthorized(token: str, clock: FixedClock) -> None:
    clock.advance(timedelta(hours=1))
    with pytest.raises(Unauthorized):
        handler(event(f"Bearer {token}"), None)


def test_the_token_of_another_installation_is_unauthorized(
    application: Application, make_application: Callable[..., Application], tmp_path: Any
) -> None:
    other = make_application({"DHARMA_STATE_DIR": str(tmp_path / "other")})
    foreign = other.token_issuer.issue(ADA, timedelta(minutes=15))
    with pytest.raises(Unauthorized):
        handler(event(f"Bearer {foreign}"), None)


def test_the_log_says_why_and_never_the_token(
    token: str, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    clock.advance(timedelta(hours=1))
    with pytest.raises(Unauthorized):
        handler(event(f"Bearer {token}"), None)
    [record] = caplog.records
    assert "expired" in vars(record)["reason"]
    assert token not in str(vars(record))


def test_keys_come_from_the_setting_when_there_is_one(
    application: Application, make_application: Callable[..., Application], token: str
) -> None:
    jwks = json.dumps(application._public_keys())
    elsewhere = make_application({"DHARMA_RUNTIME": "aws", "DHARMA_TOKEN_JWKS": jwks})
    bootstrap.use(elsewhere)
    assert handler(event(f"Bearer {token}"), None)["context"]["sub"] == "ada"


def test_without_keys_the_start_names_the_setting(
    application: Application, make_application: Callable[..., Application]
) -> None:
    bootstrap.use(make_application({"DHARMA_RUNTIME": "aws"}))
    with pytest.raises(Misconfigured, match="DHARMA_TOKEN_JWKS"):
        handler(event("Bearer a.b.c"), None)


def test_it_imports_neither_the_framework_nor_the_catalog() -> None:
    """What keeps its cold start within 250 ms of CPU."""
    program = (
        "import sys, functions.sso.authorizer, dharma.sso.tokens;"
        "print([m for m in ('pydantic', 'aws_lambda_powertools', 'boto3', 'yaml', 'dharma.catalog',"
        " 'sqlite3') if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"
