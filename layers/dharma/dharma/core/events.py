"""What happened, told to whoever wants to know.

An event is stored in the same transaction as the state that it tells of (`dharma.core.store.Emit`),
so neither can exist without the other. Delivery is at least once and in no promised order: a
handler recognises a repetition by the event's own identifier, which stands in `detail.eventId`: the
bus of AWS gives every delivery an envelope `id` of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from dharma.core.clock import Clock, isoformat, parse_time
from dharma.core.ids import new_id

_RESERVED = frozenset({"eventId", "subject", "correlationId"})


@dataclass(frozen=True, slots=True)
class Event:
    """`type` is a past participle (`DeploymentRequested`), `source` the capability
    (`dharma.orchestrator`), `subject` the identifier of what it happened to. `data` is JSON and
    small: identifiers, no documents."""

    type: str
    source: str
    subject: str
    data: dict[str, Any]
    id: str
    time: datetime
    correlation_id: str = field(default="")

    def __post_init__(self) -> None:
        if taken := _RESERVED & self.data.keys():
            raise ValueError(f"the data of an event may not use {sorted(taken)}")

    def to_dict(self) -> dict[str, Any]:
        """The EventBridge envelope; `detail` is `data` with `eventId`, `subject` and
        `correlationId`.

        `account` and `region` are left to the bus.
        """
        return {
            "version": "0",
            "id": self.id,
            "detail-type": self.type,
            "source": self.source,
            "time": isoformat(self.time),
            "resources": [],
            "detail": {
                **self.data,
                "eventId": self.id,
                "subject": self.subject,
                "correlationId": self.correlation_id,
            },
        }

    @classmethod
    def from_dict(cls, envelope: dict[str, Any]) -> Event:
        """The inverse of `to_dict`."""
        detail = dict(envelope["detail"])
        subject, correlation_id = detail.pop("subject"), detail.pop("correlationId")
        # Stores of earlier versions hold events without it.
        identifier = detail.pop("eventId", envelope["id"])
        return cls(
            type=envelope["detail-type"],
            source=envelope["source"],
            subject=subject,
            data=detail,
            id=identifier,
            time=parse_time(envelope["time"]),
            correlation_id=correlation_id,
        )


def happened(
    clock: Clock,
    type: str,
    *,
    source: str,
    subject: str,
    data: dict[str, Any] | None = None,
    correlation_id: str = "",
) -> Event:
    """An event of this moment with an identifier of its own."""
    return Event(type, source, subject, data or {}, new_id(), clock.now(), correlation_id)


class Outbox(Protocol):
    """The reading side of stored events, for the one process that delivers them."""

    def pending(self, limit: int = 100) -> list[Event]:
        """Events that were not marked yet, in the order in which they were stored."""
        ...

    def mark_delivered(self, ids: Sequence[str]) -> None:
        """Call after delivery: a crash in between means a second delivery, never none."""
        ...
