"""`EventPipe` of the template, carried out by the test: the table's stream, the pipe's filter, its
enrichment by the deployed `EventsFunction`, and the event bus as its target."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from dharma_local.engine.patterns import matches

from .installation import STACK, Installation

_LOOK_EVERY = 0.2


class Pipe:
    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        emulator = installation.emulator
        self._streams = emulator.client("dynamodbstreams")
        self._functions = emulator.client("lambda")
        self._bus = emulator.client("events")
        table = emulator.client("dynamodb").describe_table(
            TableName=installation.resources["Table"]
        )["Table"]
        self._arn: str = table["LatestStreamArn"]
        properties = _properties(installation)
        filters = properties["SourceParameters"]["FilterCriteria"]["Filters"]
        self._filters = [json.loads(each["Pattern"]) for each in filters]
        self._iterators: dict[str, str | None] = {}
        # What was carried, for the test to look at.
        self.records: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def carry(self) -> int:
        """What the stream holds since the last time; how many events went onto the bus."""
        batch = [r for r in self._read() if any(matches(f, r) for f in self._filters)]
        if not batch:
            return 0
        self.records += batch
        answer = self._functions.invoke(
            FunctionName=self._installation.resources["EventsFunction"],
            Payload=json.dumps(batch),
        )
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        self.events += payload
        for event in payload:
            put = self._bus.put_events(
                Entries=[
                    {
                        "EventBusName": self._installation.resources["Bus"],
                        "Source": event["source"],
                        "DetailType": event["detail-type"],
                        "Detail": json.dumps(event["detail"]),
                        "Time": datetime.fromisoformat(event["time"]),
                    }
                ]
            )
            assert put["FailedEntryCount"] == 0, put
        return len(payload)

    def _read(self) -> Iterator[dict[str, Any]]:
        described = self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]
        for shard in described["Shards"]:
            name = shard["ShardId"]
            if name not in self._iterators:
                self._iterators[name] = self._streams.get_shard_iterator(
                    StreamArn=self._arn, ShardId=name, ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
            if self._iterators[name] is None:
                continue
            got = self._streams.get_records(ShardIterator=self._iterators[name])
            self._iterators[name] = got.get("NextShardIterator")
            for record in got["Records"]:
                # The stream's own spelling, which a pipe hands on with the stream's ARN.
                yield {
                    **json.loads(json.dumps(record, default=_spelled)),
                    "eventSourceARN": self._arn,
                }


@contextmanager
def flowing(installation: Installation) -> Iterator[Pipe]:
    """The pipe at work beside the test."""
    pipe, stop = Pipe(installation), threading.Event()
    failures: list[Exception] = []

    def work() -> None:
        while not stop.wait(_LOOK_EVERY):
            try:
                pipe.carry()
            except (AssertionError, KeyError, ValueError) as failure:
                failures.append(failure)
                return

    thread = threading.Thread(target=work, name="pipe", daemon=True)
    thread.start()
    try:
        yield pipe
    finally:
        stop.set()
        thread.join()
    assert not failures, failures


def _properties(installation: Installation) -> dict[str, Any]:
    """Of the pipe, as the stack has it."""
    template = installation.emulator.client("cloudformation").get_template(
        StackName=STACK, TemplateStage="Processed"
    )["TemplateBody"]
    if isinstance(template, str):
        template = json.loads(template)
    found: dict[str, Any] = template["Resources"]["EventPipe"]["Properties"]
    return found


def _spelled(value: Any) -> int:
    if not isinstance(value, datetime):
        raise TypeError(f"a stream does not hold {value!r}")
    return int(value.timestamp())
