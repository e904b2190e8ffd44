"""Answers of a cloud of which only the beginning arrived, since whoever gave them was killed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dharma.adapters.clouds.aws_clients import AwsClients, Credentials, translating
from dharma.core.errors import DharmaError, Unavailable

TAGS = (
    b'<?xml version="1.0"?><Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>'
    b"</Tagging>"
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n"


@contextmanager
def cloud(answer: bytes) -> Iterator[AwsClients]:
    """One that gives the same answer to every request and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        yield AwsClients("us-east-1", endpoint, Credentials("testing", "testing"))
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


CALLS: dict[str, Callable[[AwsClients], Any]] = {
    "XML, nothing of which is wanted": lambda aws: aws["s3"].get_bucket_tagging(Bucket="assets"),
    "JSON": lambda aws: aws["sqs"].get_queue_url(QueueName="jobs"),
    "XML that has to be there": lambda aws: aws["ec2"].describe_vpcs(),
}


@pytest.mark.parametrize("arrived", [0, 20, len(TAGS) - 1])
@pytest.mark.parametrize("call", CALLS)
def test_an_answer_without_its_end_is_none(call: str, arrived: int) -> None:
    answer = HEAD % len(TAGS) + TAGS[:arrived]
    with cloud(answer) as aws, pytest.raises(DharmaError) as caught, translating():
        CALLS[call](aws)
    assert caught.type is Unavailable, "which is asked again"
    assert "the cloud does not answer" in str(caught.value)


def test_an_answer_that_is_whole_is_taken() -> None:
    with cloud(HEAD % len(TAGS) + TAGS) as aws, translating():
        answer = aws["s3"].get_bucket_tagging(Bucket="assets")
    assert answer["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_the_length_of_what_a_head_would_have_had_is_none_of_its_own() -> None:
    with cloud(HEAD % 162) as aws, translating():
        assert aws["s3"].head_bucket(Bucket="assets")["ResponseMetadata"]["HTTPStatusCode"] == 200
