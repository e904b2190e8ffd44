"""Events of deployments, as the bus delivers them: at least once, in any order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dharma.bootstrap import application
from dharma.core.observability import bound, configure_logging


def handler(event: Mapping[str, Any], _context: Any) -> None:
    """Bring the statistics up to what an event tells."""
    parts, said = application(), event["detail"]
    configure_logging("orchestrator", parts.settings.log_level)
    with bound(service="orchestrator", correlation_id=said["correlationId"]):
        parts.projections.take(event["detail-type"], said)
