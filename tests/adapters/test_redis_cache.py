"""A cache that is away, hangs, refuses or comes back: nobody's request waits long or fails."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from dharma.adapters.redis_cache import RedisCache
from dharma.core.cache import Bucket
from dharma.core.clock import SystemClock
from dharma.core.errors import Misconfigured
from dharma_local.cache import serving

BUCKET = Bucket(capacity=10, period=60)


class Ticks:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def peer(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does `answer` with every connection; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def cache_at(port: int, ticks: Callable[[], float] = time.monotonic) -> RedisCache:
    return RedisCache(f"redis://127.0.0.1:{port}/0", SystemClock(), ticks)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_a_cache_that_is_away_answers_none_and_is_told_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cache = cache_at(free_port())
    assert cache.take("k", BUCKET) is None
    assert cache.get("k") is None
    cache.set("k", b"1", seconds=1)
    cache.delete("k")
    assert cache.missed == 4
    [record] = caplog.records
    assert (record.levelno, vars(record)["cacheMissed"]) == (logging.WARNING, 1)
    assert "does not answer" in record.message


def test_it_is_left_alone_for_a_moment_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ticks, asked = Ticks(), []

    def hang_up(connection: socket.socket) -> None:
        asked.append(connection)
        connection.close()

    with peer(hang_up) as port:
        cache = cache_at(port, ticks)
        assert cache.get("k") is None
        attempts = len(asked)
        assert attempts > 0
        for _ in range(5):
            assert cache.get("k") is None
        assert len(asked) == attempts
        ticks.now += 2
        assert cache.get("k") is None
        assert len(asked) > attempts
    assert [vars(record)["cacheMissed"] for record in caplog.records] == [1, 6]
    assert cache.missed == 7


def test_when_it_comes_back_it_is_used_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ticks, port = Ticks(), free_port()
    cache = cache_at(port, ticks)
    assert cache.take("k", BUCKET) is None
    assert cache.take("k", BUCKET) is None
    server = serving(socket.create_server(("127.0.0.1", port)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        ticks.now += 2
        taken = cache.take("k", BUCKET)
    finally:
        server.shutdown()
        server.server_close()
    assert taken is not None
    assert taken.remaining == 9
    assert caplog.records[-1].message == "the cache answers again"
    assert sum(vars(record)["cacheMissed"] for record in caplog.records) == cache.missed == 2


def test_one_that_hangs_is_not_waited_for_and_asked_only_once() -> None:
    enough, asked = threading.Event(), []

    def hang(connection: socket.socket) -> None:
        asked.append(connection)
        enough.wait()

    with peer(hang) as port:
        cache = cache_at(port, Ticks())
        # It would answer when this test is over.
        assert cache.take("k", BUCKET) is None
        attempts = len(asked)
        assert cache.take("k", BUCKET) is None
        assert len(asked) == attempts
        enough.set()


@pytest.mark.parametrize(
    "said", [b"-NOAUTH Authentication required.\r\n", b"-OOM full\r\n", b"?\n"]
)
def test_one_that_refuses_is_as_good_as_none(said: bytes) -> None:
    def refuse(connection: socket.socket) -> None:
        while connection.recv(4096):
            connection.sendall(said)

    with peer(refuse) as port:
        cache = cache_at(port)
        assert cache.take("k", BUCKET) is None
        assert cache.missed == 1


def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    connections: list[socket.socket] = []

    def answer(connection: socket.socket) -> None:
        connections.append(connection)
        while asked := connection.recv(4096):
            for _ in range(asked.count(b"*")):
                connection.sendall(b"+OK\r\n" if b"CLIENT" in asked else b"$1\r\n1\r\n")

    with peer(answer) as port:
        cache = cache_at(port)
        assert cache.get("k") == b"1"
        connections[0].shutdown(socket.SHUT_RDWR)
        assert cache.get("k") == b"1"
        assert (cache.missed, len(connections)) == (0, 2)


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379", "redis://127.0.0.1:port/0"])
def test_a_wrong_address_is_named(url: str) -> None:
    with pytest.raises(Misconfigured, match="DHARMA_CACHE_URL"):
        RedisCache(url, SystemClock())
