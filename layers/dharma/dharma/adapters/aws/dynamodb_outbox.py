"""Events as items of the table, written by the very transaction that they tell of.

    OUTBOX#<0..7>  <event id>     type `event`, data: the EventBridge envelope

How an event travels: the table's stream carries the new item to an EventBridge Pipe
(`EventPipe` in infra/template.yaml, which lets nothing else of the stream through); the Pipe has
`envelopes` unpack it and puts it onto the bus. A stream keeps its records for 24 hours and the Pipe
goes on after the last batch that was taken, so an event is delivered at least once. Items stay for
a week, so that what an outage of more than a day kept back can still be found
(`DynamoStore.pending`).

Eight partitions take 4,000 events a second (a partition takes 1,000 writes, a transaction counts
double); the event's identifier alone tells which, so that storing it twice is refused.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from dharma.adapters.aws.dynamodb_items import Attributes, attributes_of
from dharma.core.events import Event
from dharma.core.store import Item

PARTITIONS = tuple(f"OUTBOX#{number}" for number in range(8))
KEPT_SECONDS = 7 * 24 * 3600


def partition_of(event_id: str) -> str:
    return PARTITIONS[zlib.crc32(event_id.encode()) % len(PARTITIONS)]


def event_attributes(event: Event, envelope: str, now: int) -> Attributes:
    """`envelope`: the event as JSON text."""
    item = Item(partition_of(event.id), event.id, {}, type="event", expires_at=now + KEPT_SECONDS)
    return attributes_of(item, envelope, 1)


def envelopes(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The EventBridge envelopes in records of the table's stream, in their order."""
    return [json.loads(record["dynamodb"]["NewImage"]["data"]["S"]) for record in records]
