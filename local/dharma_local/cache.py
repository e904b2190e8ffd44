"""The cache's process: `python -m dharma_local.cache LISTENING_DESCRIPTOR`.

The redis protocol, in memory. It holds nothing that may not be lost; `DHARMA_CACHE_URL` names a
real redis or valkey instead.
"""

from __future__ import annotations

import signal
import socket
import sys

from fakeredis import TcpFakeServer

from dharma_local import lifeline, ready


def main() -> None:
    lifeline.hold_on()
    listener = socket.socket(fileno=int(sys.argv[1]))
    server = TcpFakeServer(listener.getsockname(), bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    ready.announce()
    server.serve_forever()


if __name__ == "__main__":
    main()
