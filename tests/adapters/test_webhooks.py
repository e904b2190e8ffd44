"""Webhooks over real sockets on loopback. Milliseconds, but for one time-out of half a second."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dharma.adapters.local.memory_cache import MemoryCache
from dharma.adapters.webhooks import HttpWebhooks
from dharma.core.breaker import CircuitBreaker
from dharma.core.circuit import Rule
from dharma.core.clock import FixedClock
from dharma.core.errors import InvalidInput, Unavailable

Received = list[tuple[str, dict[str, str], bytes]]


class Receiver(BaseHTTPRequestHandler):
    received: Received
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        type(self).received.append((self.path, headers, body))
        self.send_response(type(self).status)
        self.send_header("location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    handler = type("OneReceiver", (Receiver,), {"received": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://localhost:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_arrives_with_its_headers(receiver: tuple[str, type[Receiver]]) -> None:
    url, handler = receiver
    status = HttpWebhooks().post(f"{url}/hook?x=1", b'{"a": 1}', {"x-signature": "s"})
    assert status == 204
    [(path, headers, body)] = handler.received
    assert (path, body) == ("/hook?x=1", b'{"a": 1}')
    assert (headers["x-signature"], headers["content-type"]) == ("s", "application/json")
    assert headers["host"].startswith("localhost")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_status_is_given_back_and_no_redirect_followed(
    receiver: tuple[str, type[Receiver]], status: int
) -> None:
    url, handler = receiver
    handler.status = status
    assert HttpWebhooks().post(url, b"{}", {}) == status
    assert len(handler.received) == 1


def test_nobody_there_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match="does not answer"):
            HttpWebhooks().post(f"http://127.0.0.1:{port}/", b"{}", {})


def test_a_silent_receiver_is_unavailable_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(Unavailable):
            HttpWebhooks(timeout=0.5).post(url, b"{}", {})


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fe80::1]/",
        "http://2852039166/",
        "file:///etc/passwd",
        "gopher://localhost/",
        "http:///x",
        "",
    ],
)
def test_credentials_of_the_machine_are_out_of_reach(url: str) -> None:
    with pytest.raises(InvalidInput):
        HttpWebhooks().post(url, b"{}", {})


def test_a_receiver_that_fails_half_of_the_time_is_left_alone(
    receiver: tuple[str, type[Receiver]],
) -> None:
    url, handler = receiver
    clock = FixedClock()
    webhooks = HttpWebhooks(CircuitBreaker(MemoryCache(clock), "webhook", Rule(least_calls=4)))
    for status in (204, 503, 204, 503):
        handler.status = status
        assert webhooks.post(f"{url}/hook", b"{}", {}) == status
    with pytest.raises(Unavailable, match=r"localhost:\d+ is not called for another 30 s"):
        webhooks.post(f"{url}/hook", b"{}", {})
    assert len(handler.received) == 4
    clock.advance(timedelta(seconds=30))
    handler.status = 204
    assert [webhooks.post(f"{url}/hook", b"{}", {}) for _ in range(3)] == [204] * 3


def test_a_message_has_a_limit() -> None:
    with pytest.raises(InvalidInput, match="bytes"):
        HttpWebhooks().post("http://localhost/", bytes(300_000), {})
