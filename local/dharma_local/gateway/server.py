"""The server of one gateway process: takes connections from a socket that it shares with others."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket

import uvicorn

from dharma_local import ready
from dharma_local.gateway.connection import Connection

# Descriptors that are kept for the functions: stores, workers, what they read.
_RESERVED = 128
MOST_CONNECTIONS = 4096
_FULL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def room_for_connections() -> int:
    """How many connections this process can hold beside its own descriptors."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + _RESERVED
    allowed = wanted if most == resource.RLIM_INFINITY else min(most, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    return max(1, allowed - _RESERVED)


class Server(uvicorn.Server):
    """Takes one connection per turn of the loop, and none while it has as many as it can hold.

    uvloop's own server accepts all that wait at once, so under a burst one process would get every
    connection and its twin none (measured: 91,400 requests to 1).
    """

    def __init__(self, config: uvicorn.Config, room: int) -> None:
        super().__init__(config)
        self._room = room

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.lifespan.startup()
        self.servers = []
        self._loop = asyncio.get_running_loop()
        for listener in sockets or ():
            listener.setblocking(False)
            self._listen_to(listener)
        self._sweep()
        self.started = True
        ready.announce()

    def _listen_to(self, listener: socket.socket) -> None:
        if not self.should_exit:
            self._loop.add_reader(listener.fileno(), self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            if len(self.server_state.connections) >= self._room:
                raise OSError(errno.EMFILE, "no room for another connection")
            connection, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # the twin was faster, or the caller is gone
        except OSError as error:
            if error.errno not in _FULL:
                raise
            # The callers wait in the backlog; looking again at once would only burn the processor.
            self._loop.remove_reader(listener.fileno())
            self._loop.call_later(1, self._listen_to, listener)
            self._part_from_idle()
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._welcome(connection))
        self.server_state.tasks.add(task)
        task.add_done_callback(self.server_state.tasks.discard)

    async def _welcome(self, connection: socket.socket) -> None:
        await self._loop.connect_accepted_socket(self._protocol, connection)

    def _sweep(self) -> None:
        for connection in self._connections():
            connection.tick()
        self._loop.call_later(1, self._sweep)

    def _part_from_idle(self) -> None:
        """Clients open a connection again when the one that they kept is gone."""
        for connection in self._connections():
            if connection.idle:
                connection.shutdown()

    def _connections(self) -> list[Connection]:
        return [c for c in self.server_state.connections if isinstance(c, Connection)]

    def _protocol(self) -> asyncio.BaseProtocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            _loop=self._loop,
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in sockets or ():
            self._loop.remove_reader(listener.fileno())
        await super().shutdown(sockets)
