"""Events that monitoring listens to, as the bus delivers them: at least once, in any order."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from dharma.bootstrap import Application, application
from dharma.core.errors import InvalidInput
from dharma.core.observability import bound, configure_logging

_log = logging.getLogger("functions")


def handler(event: Mapping[str, Any], _context: Any) -> None:
    """`AuditDayClosed`: keep the head of the closed day. The schedule: keep the running head of
    every trail that moved."""
    parts, kind = application(), event["detail-type"]
    configure_logging("monitoring", parts.settings.log_level)
    if kind == "AuditDayClosed":
        said = event["detail"]
        with bound(service="monitoring", correlation_id=said["correlationId"]):
            parts.audit.anchor(said["tenant"], said["day"])
    elif kind == "Scheduled Event":
        with bound(service="monitoring", correlation_id=str(event["id"])):
            _anchor_running(parts)
    else:
        raise InvalidInput(f"monitoring does not listen to {kind!r}")


def _anchor_running(parts: Application) -> None:
    kept = sum(parts.audit.anchor_running(tenant) for tenant in parts.audit.tenants())
    _log.info("audit heads", extra={"kept": kept})
