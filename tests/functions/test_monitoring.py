"""Health and the description of the API: for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dharma import __version__, bootstrap
from dharma.bootstrap import Application
from dharma.core.errors import Unavailable


def test_health_needs_no_token_and_asks_the_store(api: Any) -> None:
    reply = api.call("GET", "/health", anonymous=True)
    assert reply.status == 200
    assert reply.body == {
        "status": "ok",
        "version": __version__,
        "time": "2026-01-01T00:00:00.000Z",
        "checks": {"store": "ok"},
    }


def test_health_is_503_when_the_store_is_gone(
    api: Any, make_application: Callable[..., Application]
) -> None:
    class Gone:
        def get(self, *_: Any) -> None:
            raise Unavailable("the store cannot be read: disk I/O error")

    bootstrap.use(make_application(store=Gone()))
    reply = api.call("GET", "/health", anonymous=True)
    assert (reply.status, reply.code) == (503, "Unavailable")


def test_the_description_needs_no_token(api: Any) -> None:
    reply = api.call("GET", "/openapi.json", anonymous=True)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.body["info"]["version"] == __version__
    assert "/deployments/{id}/approve" in reply.body["paths"]
