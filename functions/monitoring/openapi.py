"""The description of the whole API, put together from the routers of all functions."""

from __future__ import annotations

import importlib
import json
from functools import lru_cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from dharma import __version__
from dharma.core.errors import HTTP_STATUS
from dharma.sso.roles import PUBLIC, ROUTES

MODULES = tuple(
    f"functions.{capability}.api"
    for capability in (
        "monitoring",
        "blueprint",
        "generator",
        "guardrails",
        "costing",
        "orchestrator",
    )
)
_METHODS = frozenset({"get", "post", "put", "delete", "patch"})


@lru_cache(maxsize=1)
def openapi_text() -> str:
    """OpenAPI 3.1 as JSON."""
    return json.dumps(openapi_document(), separators=(",", ":"))


def openapi_document() -> dict[str, Any]:
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "IAC Dharma",
            "version": __version__,
            "description": "One blueprint of infrastructure in; code, policy verdict, price, plan"
            " and deployment out.",
        },
        "servers": [{"url": "/"}],
        "paths": {},
        "components": {
            "schemas": {"Problem": _PROBLEM},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }
    for module in MODULES:
        app: APIGatewayHttpResolver = importlib.import_module(module).app
        part = json.loads(app.get_openapi_json_schema())
        for path, operations in part.get("paths", {}).items():
            merged["paths"].setdefault(path, {}).update(
                {
                    method: _described(method, path, operation)
                    for method, operation in operations.items()
                    if method in _METHODS
                }
            )
        merged["components"]["schemas"].update(part.get("components", {}).get("schemas", {}))
    for name in ("HTTPValidationError", "ResponseValidationError", "ValidationError"):
        merged["components"]["schemas"].pop(name, None)
    return merged


def _described(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    """Ours instead of the framework's: how failures look, and who may call."""
    route = f"{method.upper()} {path}"
    answers = {k: v for k, v in operation.get("responses", {}).items() if k not in ("422", "500")}
    problem = {
        "description": "A failure: 4xx is the caller's to mend, 5xx ours.",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    described = {**operation, "responses": {**answers, "default": problem}}
    if route not in PUBLIC:
        described["security"] = [{"token": []}]
        described["x-permission"] = ROUTES[route]
    return described


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "requestId"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "enum": sorted(error.__name__ for error in HTTP_STATUS)},
        "requestId": {"type": "string"},
        "correlationId": {"type": "string"},
        "details": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "message": {"type": "string"},
                    "file": {"type": "string"},
                    "line": {"type": "integer"},
                    "column": {"type": "integer"},
                    "hint": {"type": "string"},
                },
            },
        },
    },
}
