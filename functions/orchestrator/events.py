"""Unpacks events on their way from the table's stream to the bus (`EventPipe` in the template).

In: a batch of stream records. Out: the envelopes of their events, which the pipe puts onto the bus.
"""

from __future__ import annotations

from typing import Any

from dharma.bootstrap import application


def handler(records: list[dict[str, Any]], _context: Any) -> list[dict[str, Any]]:
    return application().stream_events(records)
