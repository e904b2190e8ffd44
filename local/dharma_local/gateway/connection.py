"""One connection of the gateway: what may come over it, how much, and how long it may take.

Until a request is there as a whole it costs memory and a descriptor, and nobody knows yet whose it
is. So its head is bounded as API Gateway bounds it, and it has to arrive in time.
"""

from __future__ import annotations

import json

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

# "Total combined size of request line and header values".
# Source: "Quotas for configuring and running an HTTP API", Amazon API Gateway developer guide.
HEAD_LIMIT = 10_240
# Turns of `tick` (seconds) within which a request has to be there, from its first byte on, and that
# an answer may lie there without a byte of it being fetched.
PATIENCE = 30

_WORDS = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
}


class Connection(HttpToolsProtocol):
    """The server calls `tick` once a second. Seconds in which this process had no time to read are
    nobody's fault, which is why turns are counted and not the time."""

    _refused = 400
    _awaited = True
    _waited = 0
    _heard = False
    _in_head = True
    _useful = False
    _overhead = 0
    _unread = 0
    _rested = 0

    @property
    def idle(self) -> bool:
        """For more than a second nothing was asked and everything was answered."""
        return self._rested > 1

    def tick(self) -> None:
        """Another second has gone by."""
        resting = self.cycle is None or self.cycle.response_complete
        self._rested = self._rested + 1 if resting else 0
        unread = self.transport.get_write_buffer_size()
        stuck = unread > 0 and unread >= self._unread
        self._unread = unread
        self._waited = self._waited + 1 if stuck or self._late() else 0
        if self._waited < PATIENCE:
            return
        if stuck:
            self.transport.abort()
        elif self._heard and not (self.cycle and self.cycle.response_started):
            self._refuse(408)
        else:
            self.transport.close()

    def _late(self) -> bool:
        """Whether it is up to the caller that nothing goes on."""
        return self._awaited and not self.flow.read_paused and not self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        self._heard, self._useful = True, False
        super().data_received(data)
        if not self._useful and not self.transport.is_closing():
            # Part of a head, of a chunk's size or of a trailer that has no end yet.
            self._overhead += len(data)
            if self._overhead > HEAD_LIMIT:
                self._refuse(431)

    def on_message_begin(self) -> None:
        self._awaited = self._in_head = self._useful = True
        self._waited = self._overhead = self._rested = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers are no headers: they come behind the decisions that headers are for.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._useful = True
        size = len(self.url) + sum(len(value) for _, value in self.headers)
        if size > HEAD_LIMIT:
            self._refused = 431
            raise ValueError("the head of the request is too large")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._useful = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._awaited, self._useful = False, True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.pipeline:
            # Reading goes on with every answer otherwise, and what was asked ahead piles up.
            self.flow.pause_reading()

    def send_400_response(self, msg: str) -> None:
        """Of what the parser refuses, and of what a callback of it refused."""
        self._refuse(self._refused)

    def _refuse(self, status: int) -> None:
        """In the words of API Gateway, whose answer it is."""
        body = json.dumps({"message": _WORDS[status]}).encode()
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.transport.close()
