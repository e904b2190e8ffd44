"""A worker process: one function invocation at a time, for a parent that may kill it.

`python -m dharma_local.workers.child DESCRIPTOR`: the descriptor is one end of a socket pair, over
which frames go (4 bytes of length, then JSON). First frame: the project and what to import ahead.
Then one frame per invocation and one per answer.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
from pathlib import Path
from typing import Any

from dharma_local import lifeline, own_log
from dharma_local.functions import (
    PAYLOAD_LIMIT,
    FunctionError,
    Handler,
    call,
    load_handler,
    use_project,
)
from dharma_local.template import Function

_LENGTH = struct.Struct("!I")


def main() -> None:
    lifeline.hold_on()
    own_log.survive_a_full_disk()
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)
    greeting = _receive(connection)
    use_project(Path(greeting["root"]))
    handlers: dict[str, Handler] = {}
    for dotted in greeting["preload"]:
        try:
            handlers[dotted] = load_handler(dotted)
        except Exception as error:  # noqa: BLE001 - told to the one who invokes it, not here
            print(f"{dotted} cannot be imported yet: {error!r}", file=sys.stderr, flush=True)
    _send(connection, {"ready": True})
    while True:
        request = _receive(connection)
        answer = _answer(handlers, request)
        try:
            _send(connection, answer)
        except ConnectionError:
            return  # the parent is gone, and with it whoever wanted to know


def _answer(handlers: dict[str, Handler], request: dict[str, Any]) -> dict[str, Any]:
    function = Function(**request["function"])
    request_id = request["requestId"]
    try:
        if function.handler not in handlers:
            handlers[function.handler] = load_handler(function.handler)
        result = call(
            handlers[function.handler],
            function,
            request["event"],
            request_id=request_id,
            client_context=request.get("clientContext"),
        )
    except Exception as error:  # noqa: BLE001 - the edge of the function: Lambda reports them all
        return {"error": FunctionError.from_exception(error, request_id).to_dict()}
    try:
        text = json.dumps(result)
    except (TypeError, ValueError) as error:
        said = f"Unable to marshal response: {error}"
        return {"error": FunctionError("Runtime.MarshalError", said).to_dict()}
    if len(text) > PAYLOAD_LIMIT:
        said = f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT})"
        return {"error": FunctionError("Function.ResponseSizeTooLarge", said).to_dict()}
    return {"result": result}


def _send(connection: socket.socket, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    connection.sendall(_LENGTH.pack(len(body)) + body)


def _receive(connection: socket.socket) -> dict[str, Any]:
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    message: dict[str, Any] = json.loads(_exactly(connection, length))
    return message


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        part = connection.recv(min(65536, length - len(data)))
        if not part:
            sys.exit(0)  # the parent has closed its end: no more work
        data += part
    return bytes(data)


if __name__ == "__main__":
    main()
