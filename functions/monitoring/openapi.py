"""The description of the whole API, put together from the routers of all functions."""

from __future__ import annotations

import importlib
import json
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic.json_schema import models_json_schema

from dharma import __version__
from dharma.sso.roles import PUBLIC, ROUTES
from functions.monitoring.answers import ANSWERS, FILES, Json
from functions.monitoring.shapes import Answer

CAPABILITIES = (
    "monitoring",
    "blueprint",
    "generator",
    "guardrails",
    "costing",
    "orchestrator",
)
_METHODS = frozenset({"get", "post", "put", "delete", "patch"})
_SCHEMAS = "#/components/schemas/"
# Answered with 304 where the caller has the document already.
_CONDITIONAL = frozenset({"GET /openapi.json", "GET /blueprints/schema"})
# The framework's own words for failures; ours is `Problem`.
_FRAMEWORK_SCHEMAS = ("HTTPValidationError", "ResponseValidationError", "ValidationError")


@lru_cache(maxsize=1)
def openapi_text() -> str:
    """OpenAPI 3.1 as JSON."""
    return json.dumps(openapi_document(), separators=(",", ":"))


def openapi_document() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for capability in CAPABILITIES:
        app: APIGatewayHttpResolver = importlib.import_module(f"functions.{capability}.api").app
        part = json.loads(app.get_openapi_json_schema())
        schemas |= part.get("components", {}).get("schemas", {})
        for path, operations in part["paths"].items():
            for method in (m for m in operations if m in _METHODS):
                described = _described(f"{method.upper()} {path}", operations[method])
                paths.setdefault(path, {})[method] = described
    kept = {name: s for name, s in schemas.items() if name not in _FRAMEWORK_SCHEMAS}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "IAC Dharma",
            "version": __version__,
            "description": "One blueprint of infrastructure in; code, policy verdict, price, plan"
            " and deployment out.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {
                **kept,
                **_answer_schemas(),
                "GatewayMessage": _GATEWAY_MESSAGE,
                "Problem": _PROBLEM,
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _described(route: str, operation: dict[str, Any]) -> dict[str, Any]:
    """With our answers instead of the framework's, and who may call."""
    status, shape = ANSWERS[route]
    success: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if shape is not None:
        success["content"] = {media: _file(media) for media in FILES.get(route, ())}
    if shape is not None and shape is not str:
        schema = {"type": "object"} if shape is Json else {"$ref": _SCHEMAS + shape.__name__}
        success["content"]["application/json"] = {"schema": schema}
    failure = _failure("A failure: 4xx is the caller's to mend, 5xx ours.")
    described = {**operation, "responses": {str(status): success, "default": failure}}
    described["responses"]["429"] = _failure("Too many requests, of this caller or of all.")
    if route in _CONDITIONAL:
        described["responses"]["304"] = {"description": HTTPStatus.NOT_MODIFIED.phrase}
    if route not in PUBLIC:
        described["responses"]["401"] = _failure("No valid token.")
        described["responses"]["403"] = _failure("A valid token without a role that may do it.")
        described["security"] = [{"token": []}]
        described["x-permission"] = ROUTES[route]
    return described


def _failure(description: str) -> dict[str, Any]:
    """In our words where a function answered, in API Gateway's where it got no further."""
    return {
        "description": description,
        "headers": {
            "apigw-requestid": {
                "description": "The id of the request, also where the body does not say it.",
                "schema": {"type": "string"},
            }
        },
        "content": {
            "application/problem+json": {"schema": {"$ref": f"{_SCHEMAS}Problem"}},
            "application/json": {"schema": {"$ref": f"{_SCHEMAS}GatewayMessage"}},
        },
    }


def _file(media: str) -> dict[str, Any]:
    text = media.startswith("text/") or media.endswith(("json", "yaml"))
    return {"schema": {"type": "string"} if text else {"type": "string", "format": "binary"}}


def _answer_schemas() -> dict[str, Any]:
    models = {
        shape
        for _, shape in ANSWERS.values()
        if isinstance(shape, type) and issubclass(shape, Answer)
    }
    _, document = models_json_schema(
        [(model, "serialization") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template=_SCHEMAS + "{model}",
    )
    found: dict[str, Any] = document["$defs"]
    return found


_GATEWAY_MESSAGE: dict[str, Any] = {
    "type": "object",
    "description": "What API Gateway answers by itself, which cannot be changed: a token that is"
    " missing or refused (401, 403), a body beyond 6 MB (413), a throttle in front of everything"
    " (429), a function that failed or took too long (500, 503, 504).",
    "required": ["message"],
    "properties": {"message": {"type": "string"}},
}

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
        "code": {"type": "string", "description": "The class of the error."},
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
