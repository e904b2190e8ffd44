from __future__ import annotations

import pytest

from dharma.core.clock import FixedClock
from dharma.core.events import Event, happened


def test_an_event_has_the_envelope_of_the_bus() -> None:
    event = happened(
        FixedClock(),
        "DeploymentRequested",
        source="dharma.orchestrator",
        subject="d1",
        data={"tenant": "t"},
        correlation_id="c1",
    )
    assert event.to_dict() == {
        "version": "0",
        "id": event.id,
        "detail-type": "DeploymentRequested",
        "source": "dharma.orchestrator",
        "time": "2026-01-01T00:00:00.000Z",
        "resources": [],
        "detail": {"tenant": "t", "eventId": event.id, "subject": "d1", "correlationId": "c1"},
    }
    assert Event.from_dict(event.to_dict()) == event


@pytest.mark.parametrize("name", ["eventId", "subject", "correlationId"])
def test_data_does_not_hide_the_envelope(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        happened(FixedClock(), "X", source="s", subject="d1", data={name: "x"})


def test_an_envelope_that_the_bus_numbered_anew_gives_the_same_event() -> None:
    event = happened(FixedClock(), "X", source="s", subject="d1")
    assert Event.from_dict({**event.to_dict(), "id": "0b9c7f0e", "account": "1"}) == event
