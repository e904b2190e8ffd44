"""One process of the gateway: `python -m dharma_local.gateway TEMPLATE LISTENING_DESCRIPTOR`.

Several of them share the listening socket, so one can be replaced without a refused connection.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from dharma_local import lifeline, own_log
from dharma_local.gateway.app import Gateway
from dharma_local.gateway.connection import Connection
from dharma_local.gateway.invoke import Invoker
from dharma_local.gateway.server import Server, room_for_connections
from dharma_local.template_reading import load_template

_WARM_AFTER = 3.0


def main() -> None:
    lifeline.hold_on()
    own_log.survive_a_full_disk()
    template = load_template(Path(sys.argv[1]))
    for name, value in template.environment.items():
        os.environ.setdefault(name, value)
    invoker = Invoker(template.file.parent.parent, template.functions)
    used = [r.function for r in template.routes] + [
        a.function for a in template.authorizers.values()
    ]
    invoker.load(dict.fromkeys(used))
    gc.freeze()  # what was imported stays; no need to walk over it at every collection
    listener = socket.socket(fileno=int(sys.argv[2]))
    app = Gateway(template, invoker, log=_line, spoilt=_leave)
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=75,
        backlog=1024,
    )
    server = Server(config, room_for_connections())
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(server, listener, invoker))


async def _serve(server: uvicorn.Server, listener: socket.socket, invoker: Invoker) -> None:
    warming = asyncio.create_task(_warm(invoker))
    try:
        await server.serve(sockets=[listener])
    finally:
        warming.cancel()
        await invoker.close()


async def _warm(invoker: Invoker) -> None:
    """When the start is over: have a worker ready for the functions that need one."""
    await asyncio.sleep(_WARM_AFTER)
    await invoker.warm()


def _leave() -> None:
    """End in order; the supervisor starts a fresh process while the twin serves."""
    os.kill(os.getpid(), signal.SIGTERM)


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
