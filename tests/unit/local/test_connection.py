"""What a connection of the gateway lets in: a real socket, and seconds that are counted by hand."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from dharma_local.gateway.connection import HEAD_LIMIT, PATIENCE, Connection
from dharma_local.gateway.server import Server

GET = b"GET /a HTTP/1.1\r\nhost: x\r\n"
POST = b"POST /a HTTP/1.1\r\nhost: x\r\n"


class Heard:
    """An application that answers with the headers and the body that it got."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            part = await receive()
            if part["type"] == "http.disconnect":
                return
            body += part["body"]
            if not part["more_body"]:
                break
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        self.requests.append((headers, body))
        start = {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"0")],
        }
        await send(start)
        await send({"type": "http.response.body", "body": b""})


class Peer:
    """One connection, from the caller's side; `server` is the other end of it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Connection
    ) -> None:
        self._reader, self._writer, self.server = reader, writer, server

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await asyncio.sleep(0.02)

    async def answer(self) -> tuple[int, Any]:
        """Status and body of what came, when the server has closed the connection behind it."""
        head, _, body = (await self._reader.read()).partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body) if body else None

    async def status(self) -> int:
        """Of an answer after which the connection stays open."""
        return int((await self._reader.readuntil(b"\r\n\r\n")).split()[1])


@asynccontextmanager
async def connected(app: Heard) -> AsyncIterator[Peer]:
    config = uvicorn.Config(app, http=Connection, ws="none", log_config=None, lifespan="off")
    config.load()
    made: list[Connection] = []

    def connection() -> Connection:
        made.append(Connection(config=config, server_state=ServerState(), app_state={}))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await asyncio.sleep(0.02)
    yield Peer(reader, writer, made[0])
    writer.close()
    server.close()


def played(scene: Callable[[Peer], Awaitable[Any]], app: Heard | None = None) -> Any:
    async def play() -> Any:
        async with connected(app or Heard()) as peer:
            return await asyncio.wait_for(scene(peer), 20)

    return asyncio.run(play())


@pytest.mark.parametrize(
    "request_of",
    [
        lambda size: GET + b"x: " + b"y" * size + b"\r\n\r\n",
        lambda size: b"GET /" + b"y" * size + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        lambda size: GET + b"x: y\r\n" * size + b"\r\n",
    ],
    ids=["one header", "the path", "many headers"],
)
def test_a_head_of_more_than_api_gateway_takes_is_refused(
    request_of: Callable[[int], bytes],
) -> None:
    async def scene(peer: Peer) -> Any:
        await peer.send(request_of(HEAD_LIMIT - 100))
        assert await peer.status() == 200
        await peer.send(request_of(HEAD_LIMIT + 1))
        return await peer.answer()

    assert played(scene) == (431, {"message": "Request Header Fields Too Large"})


@pytest.mark.parametrize(
    "begin",
    [
        GET + b"x: ",
        b"GET /",
        POST + b"transfer-encoding: chunked\r\n\r\n1;",
        POST + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: ",
    ],
    ids=["a header", "a path", "an extension of a chunk", "a trailer"],
)
def test_what_has_no_end_is_not_kept(begin: bytes) -> None:
    async def scene(peer: Peer) -> Any:
        await peer.send(begin)
        for number in range(1000):
            try:
                await peer.send(b"y" * 65536)
                await peer._writer.drain()
            except ConnectionError:
                return number
        return None

    assert played(scene) in range(20)


def test_a_request_that_does_not_arrive_is_given_up_with_a_reason() -> None:
    async def scene(peer: Peer) -> Any:
        await peer.send(POST + b"content-length: 10\r\n\r\nabc")
        for _ in range(PATIENCE - 1):
            peer.server.tick()
        await peer.send(b"d")  # still early enough, and no reason for more patience
        peer.server.tick()
        return await peer.answer()

    app = Heard()
    assert played(scene, app) == (408, {"message": "Request Timeout"})
    assert app.requests == []


def test_who_never_says_anything_is_left() -> None:
    async def scene(peer: Peer) -> Any:
        for _ in range(PATIENCE):
            peer.server.tick()
        return await peer._reader.read()

    assert played(scene) == b""


def test_a_connection_between_two_requests_has_time() -> None:
    async def scene(peer: Peer) -> Any:
        for _ in range(3):
            await peer.send(GET + b"\r\n")
            assert await peer.status() == 200
            for _ in range(PATIENCE + 1):
                peer.server.tick()
        return peer.server.idle

    assert played(scene) is True


def test_many_requests_at_once_are_none_that_is_too_large() -> None:
    async def scene(peer: Peer) -> Any:
        await peer.send((GET + b"\r\n") * 1000 + GET)
        await peer.send(b"\r\n")
        return [await peer.status() for _ in range(1001)]

    assert played(scene) == [200] * 1001


def test_what_is_asked_ahead_does_not_pile_up() -> None:
    async def scene(peer: Peer) -> int:
        most = 0
        for _ in range(200):
            peer._writer.write((GET + b"\r\n") * 1000)
            await asyncio.sleep(0.005)
            most = max(most, len(peer.server.pipeline))
        return most

    # As many as come with one reading of the socket, and not all 200,000.
    assert 0 < played(scene) < 20_000


def test_trailers_are_no_headers() -> None:
    async def scene(peer: Peer) -> Any:
        head = POST + b"transfer-encoding: chunked\r\n\r\n"
        await peer.send(head + b"1\r\na\r\n0\r\nauthorization: Bearer x\r\n\r\n")
        return await peer.status()

    app = Heard()
    assert played(scene, app) == 200
    assert app.requests == [({"host": "x", "transfer-encoding": "chunked"}, b"a")]


def test_what_is_no_http_is_told_in_the_words_of_api_gateway() -> None:
    async def scene(peer: Peer) -> Any:
        await peer.send(b"\x16\x03\x01\x02\x00")
        return await peer.answer()

    assert played(scene) == (400, {"message": "Bad Request"})


def test_a_full_server_waits_for_room_and_parts_from_idle_connections() -> None:
    async def scene() -> list[bytes]:
        listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        place = listener.getsockname()
        server = Server(
            uvicorn.Config(Heard(), http=Connection, log_config=None, lifespan="off"), 3
        )
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup([listener])
        idle = [await asyncio.open_connection(*place) for _ in range(3)]
        answers = []
        for _ in range(3):
            reader, writer = await asyncio.open_connection(*place)
            writer.write(GET + b"connection: close\r\n\r\n")
            answers.append(await asyncio.wait_for(reader.readline(), 20))
        for _, writer in idle:
            writer.close()
        server.should_exit = True
        await server.shutdown([listener])
        return answers

    assert asyncio.run(scene()) == [b"HTTP/1.1 200 OK\r\n"] * 3
