"""Read models: kept up by events in any order and number, and made anew to the same."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.adapters.local.memory_store import MemoryStore
from dharma.core.clock import FixedClock
from dharma.core.events import Event
from dharma.orchestrator import keys
from dharma.orchestrator.milestones import Counts, Tally
from dharma.orchestrator.models import Deployment
from dharma.orchestrator.projections import Projections, Rebuilt
from dharma.orchestrator.repository import Appended, Deployments

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = ["succeeded", "failed", "rejected", "cancelled", "undo_failed"]


class Place:
    """Deployments in memory, and the events that their histories put onto the bus."""

    def __init__(self) -> None:
        self.clock = FixedClock(BEGIN)
        self.store = MemoryStore(self.clock)
        self.deployments = Deployments(self.store, self.clock)
        self.projections = Projections(self.store, self.clock)

    def ask(self, number: int, environment: str, tenant: str = "acme") -> str:
        made = Deployment(
            id=f"d-{number:04d}",
            tenant=tenant,
            environment=environment,
            stack=f"dharma-{environment}-jobs",
            operation="deploy",
            blueprint_name="jobs",
            blueprint_version="1.0.0",
            requested_by="ada",
            requested_at=self.clock.now(),
        )
        return self.deployments.create(made, []).id

    def end(self, deployment_id: str, status: str, tenant: str = "acme") -> None:
        self.step(deployment_id, tenant)
        if status == "succeeded":
            end = Appended([("DeploymentSucceeded", {})], emitted=[("DeploymentSucceeded", {})])
        else:
            said = {"code": "DeploymentFailed", "message": "", "step": "plan", "status": status}
            end = Appended([("DeploymentFailed", said)], emitted=[("DeploymentFailed", said)])
        self.deployments.append(tenant, deployment_id, lambda _: end)

    def step(self, deployment_id: str, tenant: str = "acme") -> None:
        told = Appended([("StepStarted", {"step": "plan"}), ("PlanMade", {"plan": {"n": 1}})])
        self.deployments.append(tenant, deployment_id, lambda _: told)

    def events(self) -> list[Event]:
        return self.store.pending(10_000)

    def deliver(self, events: list[Event]) -> None:
        for event in events:
            # As EventBridge hands it on: the time of its own in whole seconds.
            envelope = {**event.to_dict(), "time": "2026-01-01T00:00:00Z"}
            self.projections.take(envelope["detail-type"], envelope["detail"])

    def statistics(self) -> dict[str, Counts]:
        return self.projections.statistics("acme")


_histories = st.lists(
    st.tuples(
        st.sampled_from(["dev", "prod"]),
        st.none() | st.sampled_from(ENDS),
        st.integers(0, 10_000_000),
    ),
    max_size=8,
)


def played(histories: list[tuple[str, str | None, int]]) -> Place:
    place = Place()
    for number, (environment, end, milliseconds) in enumerate(histories):
        key = place.ask(number, environment)
        place.clock.advance(timedelta(milliseconds=milliseconds))
        if end is not None:
            place.end(key, end)
    return place


def expected(histories: list[tuple[str, str | None, int]]) -> dict[str, Counts]:
    """Counted the plain way."""
    found: dict[str, dict[str, Tally]] = {}
    for environment, end, milliseconds in histories:
        one = Tally(1) if end is None else Tally(1, 1, milliseconds)
        tallies = found.setdefault(environment, {})
        status = end or "in_progress"
        tallies[status] = tallies.get(status, Tally()).plus(one)
    return {environment: Counts(tallies) for environment, tallies in found.items()}


@settings(max_examples=60, deadline=None)
@given(histories=_histories, seed=st.integers(0, 1000), repeats=st.integers(0, 3))
def test_made_anew_they_are_what_events_made_them_in_any_order(
    histories: list[tuple[str, str | None, int]], seed: int, repeats: int
) -> None:
    place = played(histories)
    events = place.events() * (1 + repeats)
    random.Random(seed).shuffle(events)
    place.deliver(events)
    incremental = place.statistics()
    assert incremental == expected(histories)
    assert place.projections.rebuild("acme") == Rebuilt(True, len(histories), 0)
    assert place.statistics() == incremental
    place.deliver(events)
    assert place.statistics() == incremental


@settings(max_examples=40, deadline=None)
@given(histories=_histories, data=st.data())
def test_events_that_come_while_they_are_made_anew_are_counted_once(
    histories: list[tuple[str, str | None, int]], data: Any
) -> None:
    place = played(histories)
    events = place.events()
    cut = data.draw(st.integers(0, len(events)))
    before, after = events[:cut], events[cut:]
    place.deliver(before)
    take = place.deployments.refold
    late = list(after)

    def meanwhile(*of: Any) -> Any:
        # Between reading one history and the next.
        place.deliver(late[:2])
        del late[:2]
        return take(*of)

    place.projections._deployments.refold = meanwhile  # type: ignore[method-assign]  # the one seam inside a rebuild
    place.projections.rebuild("acme")
    place.deliver(late)
    assert place.statistics() == expected(histories)


def test_a_rebuild_goes_on_where_it_stopped_and_serves_what_was_before() -> None:
    place = played([("prod", "succeeded", 1000)] * 130)
    place.deliver(place.events())
    before = place.statistics()
    calls = [place.projections.rebuild("acme", lambda: True) for _ in range(2)]
    assert [(c.finished, c.deployments) for c in calls] == [(False, 50), (False, 100)]
    assert place.statistics() == before
    assert place.projections.rebuild("acme", lambda: True) == Rebuilt(True, 130, 0)
    assert place.statistics() == before == {"prod": Counts({"succeeded": Tally(130, 130, 130_000)})}
    # Of the generation before nothing is left.
    assert place.store.query(keys.statistics("acme", 0)).items == ()


def test_whatever_was_lost_or_wrong_comes_back_from_the_histories() -> None:
    place = played([("prod", "succeeded", 1500), ("prod", None, 0), ("dev", "failed", 9)])
    record = place.store.get(keys.deployment("acme", "d-0000"), keys.RECORD)
    assert record is not None
    place.store.put(replace(record, data={**record.data, "status": "failed"}))
    place.store.delete(keys.deployment("acme", "d-0002"), keys.RECORD)
    # No event was ever delivered.
    assert place.statistics() == {}
    assert place.projections.rebuild("acme") == Rebuilt(True, 3, 2)
    assert place.deployments.find("acme", "d-0000").status == "succeeded"
    assert place.deployments.find("acme", "d-0002").status == "failed"
    assert {e: c.to_dict() for e, c in place.statistics().items()} == {
        "dev": {"total": 1, "byStatus": {"failed": {"count": 1, "meanSeconds": 0.009}}},
        "prod": {
            "total": 2,
            "byStatus": {
                "in_progress": {"count": 1, "meanSeconds": None},
                "succeeded": {"count": 1, "meanSeconds": 1.5},
            },
        },
    }


def test_a_wrong_counter_is_right_again() -> None:
    place = played([("prod", "succeeded", 1500)])
    place.deliver(place.events())
    [item] = place.store.query(keys.statistics("acme", 0), keys.COUNTS_PREFIX).items
    place.store.put(replace(item, data={"failed": [77, 0, 0]}))
    place.projections.rebuild("acme")
    assert place.statistics() == {"prod": Counts({"succeeded": Tally(1, 1, 1500)})}


def test_tenants_are_counted_apart() -> None:
    place = played([("prod", None, 0)])
    place.ask(1, "prod", tenant="other")
    place.deliver(place.events())
    place.projections.rebuild("acme")
    assert place.statistics() == {"prod": Counts({"in_progress": Tally(1)})}
    assert place.projections.statistics("other") == {"prod": Counts({"in_progress": Tally(1)})}


@pytest.mark.parametrize("type", ["ApprovalRequested", "StepStarted"])
def test_other_events_count_nothing(type: str) -> None:
    place = played([("prod", None, 0)])
    [event] = place.events()
    place.deliver([replace(event, type=type)])
    assert place.statistics() == {}
