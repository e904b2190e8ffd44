"""The cloud behind a circuit breaker: botocore's stubber answers as AWS does. Milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

from dharma.adapters.clouds.guarded import guard
from dharma.adapters.local.memory_cache import MemoryCache
from dharma.core.breaker import CircuitBreaker
from dharma.core.circuit import Rule
from dharma.core.clock import FixedClock
from dharma.core.errors import Unavailable

RULE = Rule(threshold=50, least_calls=4, window=60, pause=30, probe=60)
ANSWER = b"""<DescribeStacksResponse><DescribeStacksResult><Stacks/></DescribeStacksResult>
</DescribeStacksResponse>"""
REFUSAL = b"<ErrorResponse><Error><Code>%s</Code><Message>no</Message></Error></ErrorResponse>"


class Raw:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.body


class Cloud:
    """A client whose wire ends here. `answer`: status and body, or what the network raises."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.asked = 0
        self.answer: tuple[int, bytes] | Exception = (200, ANSWER)
        self.client = boto3.client(
            "cloudformation",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.client.meta.events.register("before-send.cloudformation.*", self._send)
        breaker = CircuitBreaker(MemoryCache(self.clock), "cloud", RULE)
        guard(self.client, breaker, "cloudformation.us-east-1")

    def _send(self, **_: Any) -> AWSResponse:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        status, body = self.answer
        return AWSResponse("https://cloudformation.us-east-1.amazonaws.com", status, {}, Raw(body))


@pytest.mark.parametrize(
    "answer",
    [
        (503, REFUSAL % b"ServiceUnavailable"),
        (400, REFUSAL % b"Throttling"),
        EndpointConnectionError(endpoint_url="https://cloudformation"),
    ],
    ids=["failing", "throttling", "away"],
)
def test_a_service_that_fails_is_left_alone_and_tried_again(
    answer: tuple[int, bytes] | Exception,
) -> None:
    cloud = Cloud()
    cloud.answer = answer
    for _ in range(4):
        with pytest.raises((ClientError, EndpointConnectionError)):
            cloud.client.describe_stacks()
    with pytest.raises(Unavailable, match=r"cloudformation\.us-east-1 is not called"):
        cloud.client.describe_stacks()
    assert cloud.asked == 4
    cloud.clock.advance(timedelta(seconds=30))
    cloud.answer = (200, ANSWER)
    for _ in range(5):
        cloud.client.describe_stacks()
    assert cloud.asked == 9


def test_a_refusal_is_an_answer() -> None:
    cloud = Cloud()
    cloud.answer = (400, REFUSAL % b"ValidationError")
    for _ in range(10):
        with pytest.raises(ClientError):
            cloud.client.describe_stacks()
    assert cloud.asked == 10
