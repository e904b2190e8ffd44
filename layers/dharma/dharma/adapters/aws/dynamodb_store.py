"""`ItemStore` and `Outbox` on one DynamoDB table.

The table: `pk` and `sk`, the index `gsi1` over `gsi1pk` and `gsi1sk` with all attributes, time to
live on `expires_at`, a stream of new images (infra/template.yaml). Partition keys that begin with
`OUTBOX#` are the outbox's; how events get from there to the bus is told in `dynamodb_outbox`.

- Reads by key are strongly consistent, reads by the index are not (DynamoDB has no such thing).
- What depends on a version goes through `TransactWriteItems`, also when it is a single write: its
  request token makes a repeated attempt harmless, where a plain conditional write whose answer got
  lost would be taken for somebody else's. It costs two write units instead of one per KB.
- A transaction that runs into another one is tried again a few times, then `Unavailable`.
- Items with equal sort keys in the index come in an order of DynamoDB's own, the same every time.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from dharma.adapters.aws import dynamodb_items as requests
from dharma.adapters.aws.dynamodb_items import Attributes, item_of, key_of, live_version, number
from dharma.adapters.aws.dynamodb_outbox import PARTITIONS, event_attributes, partition_of
from dharma.adapters.aws.failures import answering
from dharma.adapters.aws_errors import code_of
from dharma.core.clock import Clock, SystemClock, epoch_seconds
from dharma.core.cursors import Cursors, Position, Query
from dharma.core.errors import LimitExceeded, Unavailable, VersionConflict
from dharma.core.events import Event
from dharma.core.store import Check, Delete, Emit, Index, Item, Operation, Page, Put
from dharma.core.store_limits import (
    check_key,
    check_page_limit,
    encode_item,
    encode_transaction,
    item_bytes,
    version_conflict,
)

# Pauses in seconds, jittered, before another attempt at what met another transaction.
_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
# How long a delivered event is remembered, so that storing it again is refused.
_DELIVERED_SECONDS = 24 * 3600
_MEETING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class DynamoStore:
    """Safe between threads. `cursor_key` is called when a first cursor is made or read."""

    def __init__(
        self,
        client: Any,
        table: str,
        cursor_key: Callable[[], bytes],
        clock: Clock | None = None,
    ) -> None:
        self._client = client
        self._table = table
        self._cursors = Cursors(cursor_key)
        self._clock = clock or SystemClock()

    def get(self, pk: str, sk: str) -> Item | None:
        check_key(pk, sk)
        with answering("DHARMA_TABLE"):
            answer = self._client.get_item(
                TableName=self._table, Key=key_of(pk, sk), ConsistentRead=True
            )
        found = answer.get("Item")
        return item_of(found) if live_version(found, self._now()) else None

    def put(self, item: Item, *, expect_version: int | None = None) -> Item:
        if expect_version is not None:
            self.transact([Put(item, expect_version)])
            return replace(item, version=expect_version + 1)
        data = encode_item(item)
        with answering("DHARMA_TABLE"):
            for pause in _pauses():
                version = self._put_over(item, data)
                if version:
                    return replace(item, version=version)
                time.sleep(pause)
        raise Unavailable(f"others keep writing {item.pk} {item.sk}")

    def delete(self, pk: str, sk: str, *, expect_version: int | None = None) -> None:
        check_key(pk, sk)
        if expect_version is not None:
            self.transact([Delete(pk, sk, expect_version)])
            return
        with answering("DHARMA_TABLE"):
            for pause in _pauses():
                try:
                    self._client.delete_item(TableName=self._table, Key=key_of(pk, sk))
                    return
                except ClientError as error:
                    if code_of(error) != "TransactionConflictException":
                        raise
                time.sleep(pause)
        raise Unavailable(f"others keep writing {pk} {sk}")

    def transact(self, operations: Sequence[Operation]) -> None:
        encoded = encode_transaction(operations)
        # Unconditional writes that met an expired item.
        expired: set[int] = set()
        with answering("DHARMA_TABLE"):
            for pause in _pauses():
                now = self._now()
                actions = [
                    self._action(operation, text, now, place in expired)
                    for place, (operation, text) in enumerate(zip(operations, encoded, strict=True))
                ]
                try:
                    self._client.transact_write_items(TransactItems=actions)
                    return
                except ClientError as error:
                    expired = _expired_after(error, operations, now)
                time.sleep(pause)
        raise Unavailable("other transactions keep writing the same records")

    def query(
        self,
        pk: str,
        sk_prefix: str = "",
        *,
        limit: int = 50,
        cursor: str | None = None,
        reverse: bool = False,
        index: Index | None = None,
    ) -> Page:
        check_page_limit(limit)
        query = Query(pk, sk_prefix, reverse, index)
        start = None if cursor is None else self._cursors.read(query, cursor)
        with answering("DHARMA_TABLE"):
            return self._cursors.page(query, start, limit, self._rows(query, start, limit))

    def pending(self, limit: int = 100) -> list[Event]:
        """Events of the last seven days that nobody marked, the oldest first.

        The Pipe delivers and marks nothing: this is for delivering by hand what was kept back for
        longer than the stream holds its records.
        """
        found: list[tuple[str, str]] = []
        with answering("DHARMA_TABLE"):
            for partition in PARTITIONS:
                rows = islice(self._events(partition), limit)
                found += [(row["sk"]["S"], row["data"]["S"]) for row in rows]
        return [Event.from_dict(json.loads(body)) for _, body in sorted(found)[:limit]]

    def mark_delivered(self, ids: Sequence[str]) -> None:
        now = self._now()
        with answering("DHARMA_TABLE"):
            for identifier in ids:
                try:
                    self._client.update_item(
                        TableName=self._table,
                        Key=key_of(partition_of(identifier), identifier),
                        UpdateExpression="SET delivered_at = :now, expires_at = :until",
                        ConditionExpression="attribute_exists(pk)"
                        " AND attribute_not_exists(delivered_at)",
                        ExpressionAttributeValues={
                            ":now": number(now),
                            ":until": number(now + _DELIVERED_SECONDS),
                        },
                    )
                except ClientError as error:
                    if code_of(error) != "ConditionalCheckFailedException":
                        raise

    def _now(self) -> int:
        return epoch_seconds(self._clock.now())

    def _put_over(self, item: Item, data: str) -> int:
        """The new version; 0 when another write came between."""
        now = self._now()
        try:
            answer = self._client.update_item(
                TableName=self._table,
                ReturnValues="UPDATED_NEW",
                **requests.overwrite(item, data, now),
            )
            return int(answer["Attributes"]["version"]["N"])
        except ClientError as error:
            code = code_of(error)
            if code == "TransactionConflictException":
                return 0
            if code != "ConditionalCheckFailedException":
                raise
        try:
            self._client.put_item(
                TableName=self._table, **requests.replace_expired(item, data, now)
            )
        except ClientError as error:
            if code_of(error) in (
                "ConditionalCheckFailedException",
                "TransactionConflictException",
            ):
                return 0
            raise
        return 1

    def _action(self, operation: Operation, text: str, now: int, expired: bool) -> dict[str, Any]:
        match operation:
            case Put(item=item, expect_version=None) if expired:
                action = {"Put": requests.replace_expired(item, text, now)}
            case Put(item=item, expect_version=None):
                action = {"Update": requests.overwrite(item, text, now)}
            case Put():
                action = {"Put": requests.write_at(operation, text, now)}
            case Delete():
                action = {"Delete": requests.remove(operation, now)}
            case Check():
                action = {"ConditionCheck": requests.look(operation, now)}
            case Emit(event=event):
                action = {
                    "Put": {
                        "Item": event_attributes(event, text, now),
                        "ConditionExpression": "attribute_not_exists(pk)",
                    }
                }
        [request] = action.values()
        request["TableName"] = self._table
        if "ConditionExpression" in request:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return action

    def _rows(
        self, query: Query, start: Position | None, limit: int
    ) -> Iterator[tuple[Position, Item, int]]:
        backward = start is not None and start.backward
        request = _key_condition(query)
        request.update(
            FilterExpression=requests.IS_LIVE,
            ScanIndexForward=query.reverse == backward,
            Limit=limit + 1,
        )
        request["ExpressionAttributeValues"][":now"] = number(self._now())
        if start is not None:
            request["ExclusiveStartKey"] = _start_key(query, start)
        for row in self._pages(request):
            item = item_of(row)
            sort = item.sk if query.index is None else item.gsi1sk
            yield Position(str(sort), item.pk, item.sk), item, item_bytes(item, row["data"]["S"])

    def _events(self, partition: str) -> Iterator[Attributes]:
        return self._pages(
            {
                "KeyConditionExpression": "pk = :pk",
                "FilterExpression": f"attribute_not_exists(delivered_at) AND {requests.IS_LIVE}",
                "ExpressionAttributeValues": {":pk": {"S": partition}, ":now": number(self._now())},
                "ConsistentRead": True,
            }
        )

    def _pages(self, request: Mapping[str, Any]) -> Iterator[Attributes]:
        """What a query finds; the next page is fetched when the one before is used up."""
        following: dict[str, Any] = {}
        while True:
            answer = self._client.query(TableName=self._table, **{**request, **following})
            yield from answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            following = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _pauses() -> Iterator[float]:
    yield from (pause * random.uniform(0.5, 1.5) for pause in _PAUSES)
    yield 0.0


def _key_condition(query: Query) -> dict[str, Any]:
    partition, sort = ("pk", "sk") if query.index is None else ("gsi1pk", "gsi1sk")
    condition, values = f"{partition} = :pk", {":pk": {"S": query.pk}}
    if query.sk_prefix:
        condition += f" AND begins_with({sort}, :prefix)"
        values[":prefix"] = {"S": query.sk_prefix}
    request: dict[str, Any] = {
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
    }
    if query.index is None:
        request["ConsistentRead"] = True
    else:
        request["IndexName"] = query.index
    return request


def _start_key(query: Query, start: Position) -> Attributes:
    key = key_of(start.pk, start.sk)
    if query.index is not None:
        key.update(gsi1pk={"S": query.pk}, gsi1sk={"S": start.sort})
    return key


def _expired_after(error: ClientError, operations: Sequence[Operation], now: int) -> set[int]:
    """Which unconditional writes met an expired item, when trying again makes sense; else raise."""
    if code_of(error) != "TransactionCanceledException":
        raise error
    reasons: list[dict[str, Any]] = error.response["CancellationReasons"]
    expired: set[int] = set()
    for place, (operation, reason) in enumerate(zip(operations, reasons, strict=True)):
        match reason["Code"]:
            case "None":
                continue
            case "ConditionalCheckFailed":
                found = live_version(reason.get("Item"), now)
                if isinstance(operation, Put) and operation.expect_version is None:
                    if not found:
                        expired.add(place)
                else:
                    raise _conflict(operation, found) from error
            case "ValidationError":
                raise LimitExceeded(f"this cannot be stored: {reason['Message']}") from error
            case other if other not in _MEETING:
                raise error
    return expired


def _conflict(operation: Operation, found: int) -> VersionConflict:
    match operation:
        case Emit(event=event):
            return VersionConflict(f"the event {event.id} was stored before")
        case Put(item=item, expect_version=expected):
            return version_conflict(item.pk, item.sk, expected, found)
        case (
            Delete(pk=pk, sk=sk, expect_version=expected)
            | Check(pk=pk, sk=sk, expect_version=expected)
        ):
            return version_conflict(pk, sk, expected, found)
