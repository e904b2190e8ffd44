"""Event sourcing in both worlds: read models come from the events, and again to the same. The same
test over memory, SQLite and DynamoDB (moto). About a second each."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dharma.adapters.aws.dynamodb_store import DynamoStore
from dharma.adapters.local.memory_store import MemoryStore
from dharma.adapters.local.sqlite_store import SqliteStore
from dharma.core.clock import FixedClock
from dharma.core.store import all_items
from dharma.orchestrator import keys
from dharma.orchestrator.models import Deployment
from dharma.orchestrator.projections import Projections, Rebuilt
from dharma.orchestrator.repository import Appended, Deployments

KEY = b"0123456789abcdef"
TENANT = "acme"
# Environment, end, milliseconds until then.
STORIES: list[tuple[str, str | None, int]] = [
    ("dev", "succeeded", 1500),
    ("dev", "failed", 20),
    ("prod", None, 0),
    ("prod", "succeeded", 90_000),
    ("dev", "rejected", 3_600_000),
    ("prod", "undo_failed", 7),
]
Store = MemoryStore | SqliteStore | DynamoStore


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=["memory", "sqlite", "dynamodb"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Store:
    if request.param == "memory":
        return MemoryStore(clock)
    if request.param == "dynamodb":
        client = request.getfixturevalue("aws")["dynamodb"]
        return DynamoStore(client, request.getfixturevalue("table"), lambda: KEY, clock)
    return SqliteStore(tmp_path / "store.sqlite3", KEY, clock)


def play(store: Store, clock: FixedClock) -> None:
    deployments = Deployments(store, clock)
    for number, (environment, end, milliseconds) in enumerate(STORIES):
        asked = Deployment(
            id=f"d-{number:04d}",
            tenant=TENANT,
            environment=environment,
            stack=f"dharma-{environment}-jobs",
            operation="deploy",
            blueprint_name="jobs",
            blueprint_version="1.0.0",
            requested_by="ada",
            requested_at=clock.now(),
        )
        made = deployments.create(asked, [])
        clock.advance(timedelta(milliseconds=milliseconds))
        if end is not None:
            said: dict[str, Any] = {}
            kind = "DeploymentSucceeded"
            if end != "succeeded":
                kind = "DeploymentFailed"
                said = {"code": kind, "message": "", "step": "plan", "status": end}
            over = Appended([(kind, said)], emitted=[(kind, said)])
            deployments.append(TENANT, made.id, lambda _, over=over: over)


def read_models(store: Store, clock: FixedClock) -> dict[str, Any]:
    """Everything that people see of deployments: lists, records, histories, counters."""
    deployments, projections = Deployments(store, clock), Projections(store, clock)
    everything, _ = deployments.list(TENANT, limit=100)
    return {
        "all": [d.to_dict() for d in everything],
        "by environment": {
            name: [d.id for d in deployments.list(TENANT, environment=name, limit=100)[0]]
            for name in ("dev", "prod")
        },
        "histories": {
            d.id: [e.to_record() for e in deployments.history(TENANT, d.id)] for d in everything
        },
        "counters": {
            name: counts.to_dict() for name, counts in projections.statistics(TENANT).items()
        },
    }


def deliver(store: Store, clock: FixedClock) -> None:
    """As the bus does: each event twice, in any order."""
    events = store.pending(1000) * 2
    random.Random(7).shuffle(events)
    for event in events:
        envelope = event.to_dict()
        Projections(store, clock).take(envelope["detail-type"], envelope["detail"])


def lose_all_read_models(store: Store) -> None:
    for item in list(all_items(store, keys.all_deployments(TENANT), index="gsi1")):
        store.delete(item.pk, item.sk)
    for generation in range(3):
        for item in list(all_items(store, keys.statistics(TENANT, generation))):
            store.delete(item.pk, item.sk)


def test_rebuilt_from_the_events_read_models_are_the_same(store: Store, clock: FixedClock) -> None:
    play(store, clock)
    deliver(store, clock)
    before = read_models(store, clock)
    assert len(before["all"]) == len(STORIES)
    assert before["counters"]["dev"]["total"] == 3
    lose_all_read_models(store)
    emptied = Deployments(store, clock).list(TENANT, limit=100)[0]
    assert (emptied, Projections(store, clock).statistics(TENANT)) == ([], {})
    rebuilt = Projections(store, clock).rebuild(TENANT)
    assert rebuilt == Rebuilt(True, len(STORIES), len(STORIES))
    assert read_models(store, clock) == before
    # Events that come late, or again, change nothing any more.
    deliver(store, clock)
    assert read_models(store, clock) == before


def test_both_worlds_have_the_same_read_models(
    store: Store, clock: FixedClock, tmp_path: Path
) -> None:
    play(store, clock)
    deliver(store, clock)
    other_clock = FixedClock()
    other = MemoryStore(other_clock)
    play(other, other_clock)
    deliver(other, other_clock)
    assert read_models(store, clock) == read_models(other, other_clock)
