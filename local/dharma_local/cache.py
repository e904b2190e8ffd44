"""The cache's process: `python -m dharma_local.cache LISTENING_DESCRIPTOR`.

The redis protocol, in memory. It holds nothing that may not be lost; `DHARMA_CACHE_URL` names a
real redis or valkey instead.
"""

from __future__ import annotations

import signal
import socket
import sys

from fakeredis import TcpFakeServer

from dharma_local import lifeline, own_log, ready


def main() -> None:
    lifeline.hold_on()
    own_log.survive_a_full_disk()
    server = serving(socket.socket(fileno=int(sys.argv[1])))
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    ready.announce()
    server.serve_forever()


def serving(listener: socket.socket) -> TcpFakeServer:
    """A server on a listening socket; `serve_forever` runs it."""
    server = TcpFakeServer(listener.getsockname(), bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.daemon_threads = True
    # It writes the answers to several commands one by one: without this the second waits 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server


if __name__ == "__main__":
    main()
