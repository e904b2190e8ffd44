"""Health and the description of the API, which need no token, and the audit trail."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from dharma import __version__
from dharma.bootstrap import application
from dharma.core.clock import isoformat
from functions.documents import document
from functions.edge import answer, lambda_handler, resolver
from functions.monitoring import audit, page

app = resolver()
app.include_router(audit.router)
app.include_router(page.router)


@app.get("/health", tags=["monitoring"], summary="Whether this installation serves")
def health() -> Response[str]:
    parts = application()
    # A read of a record that is not there: the store answers, or this raises Unavailable (503).
    parts.store.get("HEALTH", "CHECK")
    now = isoformat(parts.clock.now())
    return answer({"status": "ok", "version": __version__, "time": now, "checks": {"store": "ok"}})


@app.get("/openapi.json", tags=["monitoring"], summary="This description")
def openapi() -> Response[str]:
    def write() -> str:
        # It imports the functions of all capabilities.
        from functions.monitoring.openapi import openapi_text

        return openapi_text()

    return document("openapi", app.current_event.headers, write, public=True)


handler = lambda_handler(app, "monitoring")
