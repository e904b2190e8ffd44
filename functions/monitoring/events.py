"""Events that monitoring listens to, as the bus delivers them: at least once, in any order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dharma.bootstrap import application
from dharma.core.observability import bound, configure_logging


def handler(event: Mapping[str, Any], _context: Any) -> None:
    """`AuditDayClosed`: keep the head of the closed day as an artifact."""
    parts, said = application(), event["detail"]
    configure_logging("monitoring", parts.settings.log_level)
    with bound(service="monitoring", correlation_id=said["correlationId"]):
        parts.audit.anchor(said["tenant"], said["day"])
