"""Cross-origin requests, as the `CorsConfiguration` of the HTTP API says."""

from __future__ import annotations

from dharma_local.gateway.payload import Answer, Request
from dharma_local.template import Cors


class CorsRules:
    def __init__(self, cors: Cors) -> None:
        self._cors = cors

    def preflight(self, request: Request) -> Answer | None:
        """The answer to an OPTIONS request that no route takes; None for any other request."""
        return Answer(204, (), b"") if _asks_ahead(request) else None

    def headers(self, request: Request) -> list[tuple[str, str]]:
        """What is added to every answer to an allowed origin; to a preflight more, also where a
        route took it and a function answered."""
        allowed = self._allowed(request)
        if allowed is None:
            return []
        headers = [("access-control-allow-origin", allowed)]
        if _asks_ahead(request):
            headers += self._permitted()
        if allowed != "*":
            headers.append(("vary", "origin"))
        if self._cors.credentials:
            headers.append(("access-control-allow-credentials", "true"))
        if self._cors.expose:
            headers.append(("access-control-expose-headers", ",".join(self._cors.expose)))
        return headers

    def _permitted(self) -> list[tuple[str, str]]:
        headers = [
            ("access-control-allow-methods", ",".join(self._cors.methods)),
            ("access-control-allow-headers", ",".join(self._cors.headers)),
        ]
        if self._cors.max_age is not None:
            headers.append(("access-control-max-age", str(self._cors.max_age)))
        return headers

    def _allowed(self, request: Request) -> str | None:
        origin = request.header("origin")
        if origin is None:
            return None
        if "*" in self._cors.origins:
            return "*"
        return origin if origin in self._cors.origins else None


def _asks_ahead(request: Request) -> bool:
    return request.method == "OPTIONS" and bool(request.header("access-control-request-method"))
