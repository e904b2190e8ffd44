"""From a transaction to the bus: the table's stream, and the pipe of the template behind it.

moto keeps the stream; its records go through the filter, the function and the paths that
infra/template.yaml gives to the pipe.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore.config import Config

from dharma.adapters.aws.clients import Clients
from dharma.adapters.aws.dynamodb_store import DynamoStore
from dharma.core.clock import FixedClock
from dharma.core.errors import VersionConflict
from dharma.core.events import Event, happened
from dharma.core.store import Check, Emit, Item, Put
from dharma_local.engine.patterns import check_pattern, matches
from functions.orchestrator.events import handler

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "template.yaml"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as None."""


_Loader.add_multi_constructor("!", lambda *_: None)


@pytest.fixture(scope="module")
def pipe() -> dict[str, Any]:
    template = yaml.load(TEMPLATE.read_text(), Loader=_Loader)
    properties: dict[str, Any] = template["Resources"]["EventPipe"]["Properties"]
    return properties


@pytest.fixture
def store(aws: Clients, table: str) -> DynamoStore:
    return DynamoStore(aws["dynamodb"], table, lambda: b"0123456789abcdef", FixedClock())


def stream_records(table: str) -> list[dict[str, Any]]:
    client = botocore.session.get_session().create_client(
        "dynamodbstreams",
        region_name="eu-west-1",
        # moto knows the regional address only.
        config=Config(account_id_endpoint_mode="disabled"),
    )
    [stream] = client.list_streams(TableName=table)["Streams"]
    found = client.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]
    records: list[dict[str, Any]] = []
    for shard in found["Shards"]:
        iterator = client.get_shard_iterator(
            StreamArn=stream["StreamArn"],
            ShardId=shard["ShardId"],
            ShardIteratorType="TRIM_HORIZON",
        )["ShardIterator"]
        records += client.get_records(ShardIterator=iterator)["Records"]
    return records


def delivered(pipe: dict[str, Any], records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the pipe puts onto the bus, as a rule sees it: the bus numbers deliveries itself."""
    filters = pipe["SourceParameters"]["DynamoDBStreamParameters"]
    assert filters["StartingPosition"] == "TRIM_HORIZON", "nothing is left out at the start"
    patterns = [
        json.loads(f["Pattern"]) for f in pipe["SourceParameters"]["FilterCriteria"]["Filters"]
    ]
    for pattern in patterns:
        check_pattern(pattern)
    chosen = [r for r in records if any(matches(pattern, r) for pattern in patterns)]
    target = pipe["TargetParameters"]
    detail = target["InputTemplate"].strip("<>")
    entry = target["EventBridgeEventBusParameters"]
    return [
        {
            "id": f"bus-{place}",
            "detail-type": unpacked[entry["DetailType"].removeprefix("$.")],
            "source": unpacked[entry["Source"].removeprefix("$.")],
            "time": unpacked[entry["Time"].removeprefix("$.")],
            "detail": unpacked[detail.removeprefix("$.")],
        }
        for place, unpacked in enumerate(handler(chosen, None))
    ]


def test_the_events_of_a_transaction_reach_the_bus_and_nothing_else_does(
    store: DynamoStore, table: str, pipe: dict[str, Any]
) -> None:
    events = [
        happened(
            FixedClock(),
            kind,
            source="dharma.orchestrator",
            subject="d1",
            data={"tenant": "t", "count": 3, "nested": {"Füße": [1, None, "😀"]}},
            correlation_id="c1",
        )
        for kind in ("DeploymentRequested", "EnvironmentLocked")
    ]
    store.transact([Put(Item("T#t", "RECORD", {"x": 1}), 0), *map(Emit, events)])
    store.put(Item("T#t", "RECORD", {"x": 2}))
    late = happened(FixedClock(), "Refused", source="dharma.test", subject="s")
    with pytest.raises(VersionConflict):
        store.transact([Emit(late), Check("T#t", "absent")])
    # A marked event is no second one.
    store.mark_delivered([events[1].id])
    records = stream_records(table)
    assert len(records) == 5
    arrived = [Event.from_dict(envelope) for envelope in delivered(pipe, records)]
    assert sorted(arrived, key=lambda e: e.id) == events


def test_the_state_machine_starts_by_what_arrives(
    store: DynamoStore, table: str, pipe: dict[str, Any]
) -> None:
    event = happened(
        FixedClock(),
        "DeploymentRequested",
        source="dharma.orchestrator",
        subject="d1",
        data={"tenant": "t", "deploymentId": "d1"},
    )
    store.transact([Emit(event)])
    template = yaml.load(TEMPLATE.read_text(), Loader=_Loader)
    machine = template["Resources"]["DeployStateMachine"]["Properties"]
    rule = machine["Events"]["DeploymentRequested"]["Properties"]
    [arrived] = delivered(pipe, stream_records(table))
    assert matches(rule["Pattern"], arrived)
    assert rule["InputPath"] == "$.detail"
    assert {"tenant": "t", "deploymentId": "d1"}.items() <= arrived["detail"].items()


def test_a_kept_event_expires_after_a_week(store: DynamoStore, aws: Clients, table: str) -> None:
    event = happened(FixedClock(), "Tried", source="dharma.test", subject="s")
    store.transact([Emit(event)])
    [row] = aws["dynamodb"].scan(TableName=table)["Items"]
    kept = int(row["expires_at"]["N"]) - int(FixedClock().now().timestamp())
    assert kept == 7 * 24 * 3600
    assert row["pk"]["S"].startswith("OUTBOX#")
