"""Requests as API Gateway's HTTP API hands them to Lambda (payload format 2.0), and answers back.

Source: "Create AWS Lambda proxy integrations for HTTP APIs", Amazon API Gateway developer guide.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from dharma_local.template import ACCOUNT

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_TEXT = ("text/", "application/json", "application/javascript", "application/xml")


class MalformedAnswer(Exception):
    """The function returned something that is no HTTP answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `headers` in their order, names in lower case; `path` is decoded."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    source_ip: str
    protocol: str = "HTTP/1.1"

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        return ",".join(found) if found else None


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def build_event(
    request: Request,
    *,
    route_key: str,
    parameters: Mapping[str, str],
    request_id: str,
    moment: datetime,
    authorizer: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The event, still without a body; `authorizer` is what the Lambda authorizer returned."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in request.headers:
        if name == "cookie":
            cookies += [part.strip() for part in value.split(";") if part.strip()]
        elif name in headers:
            headers[name] += "," + value
        else:
            headers[name] = value
    context: dict[str, Any] = {
        "accountId": ACCOUNT,
        "apiId": "local",
        "domainName": headers.get("host", "localhost"),
        "domainPrefix": "local",
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": route_key,
        "stage": "$default",
        "time": _log_time(moment),
        "timeEpoch": int(moment.timestamp() * 1000),
    }
    if authorizer is not None:
        context["authorizer"] = {"lambda": dict(authorizer)}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if request.query:
        event["queryStringParameters"] = _query(request.query)
    if parameters:
        event["pathParameters"] = dict(parameters)
    return event


def body_of(request: Request, body: bytes) -> dict[str, Any]:
    """What a body adds to the event of its request."""
    if not body:
        return {}
    text, encoded = _body(body, request.header("content-type"))
    return {"body": text, "isBase64Encoded": encoded}


def authorizer_event(event: Mapping[str, Any], identity: Iterable[str], arn: str) -> dict[str, Any]:
    """The event of a REQUEST authorizer (payload 2.0) for the same request: no body."""
    kept = {k: v for k, v in event.items() if k not in ("body", "isBase64Encoded")}
    return {**kept, "type": "REQUEST", "routeArn": arn, "identitySource": list(identity)}


def read_answer(result: Any) -> Answer:
    """What the function returned, as HTTP; without `statusCode` it is the body of a 200 (JSON)."""
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result if isinstance(result, str) else json.dumps(result)
        return Answer(200, (("content-type", "application/json"),), body.encode())
    try:
        status = int(result["statusCode"])
        headers = [
            (str(name).lower(), _header_text(value))
            for name, value in (result.get("headers") or {}).items()
        ]
        for name, values in (result.get("multiValueHeaders") or {}).items():
            headers += [(str(name).lower(), _header_text(value)) for value in values]
        headers += [("set-cookie", str(cookie)) for cookie in result.get("cookies") or ()]
        raw = result.get("body")
        if raw is None:
            body_bytes = b""
        elif result.get("isBase64Encoded"):
            body_bytes = base64.b64decode(raw, validate=True)
        else:
            body_bytes = (raw if isinstance(raw, str) else json.dumps(raw)).encode()
    except (TypeError, ValueError, AttributeError) as error:
        raise MalformedAnswer(str(error)) from error
    if body_bytes and not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    return Answer(status, tuple(headers), body_bytes)


def message(status: int, text: str) -> Answer:
    """An answer that API Gateway gives by itself."""
    return Answer(
        status,
        (("content-type", "application/json"),),
        json.dumps({"message": text}).encode(),
    )


def _header_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _query(raw: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _body(body: bytes, content_type: str | None) -> tuple[str, bool]:
    """Text as it is, everything else (and what is no UTF-8) in base 64."""
    kind = (content_type or "").split(";")[0].strip().lower()
    if kind.startswith(_TEXT) or kind.endswith(("+json", "+xml")):
        try:
            return body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass  # declared as text and is none: the function gets the bytes
    return base64.b64encode(body).decode("ascii"), True


def _log_time(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.day:02}/{_MONTHS[utc.month - 1]}/{utc.year}:{utc:%H:%M:%S} +0000"
