"""Telling an address that was configured by an administrator, over HTTP.

The address may be anywhere the administrator's own network reaches, with one exception: the
link-local addresses behind which clouds keep the credentials of a machine. Redirects are not
followed, so that nobody else chooses the address.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from dharma.core.breaker import CircuitBreaker
from dharma.core.errors import InvalidInput, Unavailable

_TIMEOUT_SECONDS = 10.0
_MOST_BYTES = 256 * 1024


class HttpWebhooks:
    """`Webhooks` by POST of JSON. A receiver that fails half of its calls is left alone for a
    while: `breaker` has a circuit for each host and port."""

    def __init__(
        self, breaker: CircuitBreaker | None = None, timeout: float = _TIMEOUT_SECONDS
    ) -> None:
        self._breaker = breaker
        self._timeout = timeout

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status code of the answer; `Unavailable` when there is none in time, or when the
        receiver is not called at present."""
        if self._breaker is None:
            return self._post(url, body, headers)
        receiver = urlsplit(url).netloc.rpartition("@")[2].lower()
        with self._breaker.calling(receiver) as call:
            status = self._post(url, body, headers)
            if status >= 500 or status == http.HTTPStatus.TOO_MANY_REQUESTS:
                call.failed()
            return status

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        if len(body) > _MOST_BYTES:
            raise InvalidInput(f"a message of {len(body):,} bytes; at most {_MOST_BYTES:,}")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput("a webhook is an http or https address")
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            address = _address(parts.hostname, port)
            connection = self._connect(parts.scheme, parts.hostname, address, port)
            try:
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                sent = {"Content-Type": "application/json", **headers}
                connection.request("POST", target, body, sent)
                return connection.getresponse().status
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unavailable(
                f"the webhook at {parts.hostname} does not answer: {error}"
            ) from error

    def _connect(
        self, scheme: str, host: str, address: str, port: int
    ) -> http.client.HTTPConnection:
        # To the address that was judged, so that a second look-up cannot give another one.
        raw = socket.create_connection((address, port), self._timeout)
        if scheme == "http":
            connection = http.client.HTTPConnection(host, port, timeout=self._timeout)
            connection.sock = raw
            return connection
        try:
            secured = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
        except OSError:
            raw.close()
            raise
        connection = http.client.HTTPSConnection(host, port, timeout=self._timeout)
        connection.sock = secured
        return connection


def _address(host: str, port: int) -> str:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, place in found:
        address = str(place[0])
        judged = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
        mapped = getattr(judged, "ipv4_mapped", None)
        if (mapped or judged).is_link_local or judged == ipaddress.ip_address("fd00:ec2::254"):
            raise InvalidInput(f"a webhook cannot be at {host}: the address is link-local")
    return str(found[0][4][0])
