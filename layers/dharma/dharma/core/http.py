"""Failures and lists as HTTP says them here; no web framework in sight.

Errors are RFC 9457 problem details with `code` (the error class), `requestId`, `correlationId` and
`details` (one entry per fault).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from dharma.core.cache import Bucket, Taken
from dharma.core.errors import DharmaError, MethodNotAllowed, http_status

PROBLEM = "application/problem+json"
_MOST_DETAILS = 200
_RETRY_SECONDS = {429: "60", 503: "2"}


def problem(
    error: DharmaError, *, instance: str, request_id: str, correlation_id: str
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and further headers for an expected failure."""
    status = http_status(type(error))
    body = {
        "type": f"urn:dharma:problem:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.message,
        "instance": instance,
        "code": error.code,
        "requestId": request_id,
        "correlationId": correlation_id,
        "details": _details(error),
    }
    headers = {}
    if (retry := _RETRY_SECONDS.get(status)) is not None:
        headers["Retry-After"] = retry
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    return status, body, headers


def rate_limit_headers(bucket: Bucket, taken: Taken) -> dict[str, str]:
    """What a caller may know of the own limit (draft-ietf-httpapi-ratelimit-headers-10)."""
    full = math.ceil(taken.full_after)
    headers = {
        "RateLimit-Policy": f'"subject";q={bucket.capacity};w={bucket.period}',
        "RateLimit": f'"subject";r={taken.remaining};t={full}',
    }
    if not taken.allowed:
        headers["Retry-After"] = str(max(1, math.ceil(taken.retry_after)))
    return headers


def _details(error: DharmaError) -> list[dict[str, Any]]:
    listed = [
        {
            "field": fault.path,
            "message": fault.message,
            **{
                name: value
                for name, value in (
                    ("file", fault.file),
                    ("line", fault.line),
                    ("column", fault.column),
                    ("hint", fault.hint),
                )
                if value is not None
            },
        }
        for fault in error.faults[:_MOST_DETAILS]
    ]
    if (more := len(error.faults) - _MOST_DETAILS) > 0:
        listed.append({"field": "", "message": f"and {more} more"})
    return listed


def listing(
    path: str,
    items: list[dict[str, Any]],
    *,
    query: Mapping[str, Any],
    next_cursor: str | None,
    previous_cursor: str | None,
) -> dict[str, Any]:
    """A page of a list with the links that lead on; `query` are the request's own parameters."""
    kept = {k: v for k, v in query.items() if v is not None and k not in ("cursor", "offset")}

    def link(**more: Any) -> dict[str, str]:
        stated = urlencode({**kept, **more})
        return {"href": f"{path}?{stated}" if stated else path}

    links = {"self": link(**{k: query[k] for k in ("cursor", "offset") if query.get(k)})}
    if next_cursor:
        links["next"] = link(cursor=next_cursor)
    if previous_cursor:
        links["previous"] = link(cursor=previous_cursor)
    return {
        "items": items,
        "nextCursor": next_cursor,
        "previousCursor": previous_cursor,
        "_links": links,
    }


def links(**paths: str) -> dict[str, dict[str, str]]:
    """`_links` of a record by relation."""
    return {relation: {"href": path} for relation, path in paths.items()}
