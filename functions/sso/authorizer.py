"""The authorizer in front of every route that needs a token (API Gateway v2, simple responses).

It says whose the token is; what that person may do is decided at the route, by `dharma.sso.roles`,
because API Gateway remembers this answer per token and not per route.
"""

from __future__ import annotations

import logging
from typing import Any

from dharma.bootstrap import application
from dharma.core.errors import Unauthenticated

_log = logging.getLogger(__name__)


class Unauthorized(Exception):
    """API Gateway answers 401 to an authorizer that raises exactly this word."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    try:
        verified = application().token_verifier.verify(_bearer(event))
    except Unauthenticated as refusal:
        request = event.get("requestContext", {})
        _log.warning(
            "token refused",
            extra={"reason": refusal.message, "request_id": request.get("requestId", "")},
        )
        raise Unauthorized from refusal
    principal = verified.principal
    return {
        "isAuthorized": True,
        "context": {
            "sub": principal.subject,
            "tenant": principal.tenant,
            "roles": " ".join(sorted(principal.roles)),
            "exp": verified.expires_at,
        },
    }


def _bearer(event: dict[str, Any]) -> str:
    """The token of the `Authorization` header (RFC 6750)."""
    headers = event.get("headers") or {}
    scheme, _, token = str(headers.get("authorization", "")).partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("no bearer token")
    return token.strip()
