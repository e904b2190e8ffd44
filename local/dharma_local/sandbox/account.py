"""The emulated account behind its recording: one request at a time, remembered, repeatable.

The emulator loses updates that meet, so requests wait for one another. What only reads is not
written down; but the first request to a service in a region is, because it makes the account's
default resources there (a default VPC has identifiers, too).
"""

from __future__ import annotations

import re
import select
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any, Protocol
from urllib.parse import parse_qs

from dharma_local.sandbox.recording import Recording, prepared

Answer = tuple[str, list[tuple[str, str]], list[bytes]]
StartResponse = Callable[..., Any]

# Bytes of a recording that are nothing to speak of: some hundred ordinary deployments.
LONGEST = 32 * 1024 * 1024
BODY_LIMIT = 256 * 1024 * 1024
_WAIT_SECONDS = 120.0
_READING = re.compile(
    r"(Describe|Get|List|Head|BatchGet|Lookup|Search|Estimate|Validate|Simulate|Scan|Query$)"
)
_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d+/([^/,\s]+)/([^/,\s]+)/")
_RESET = "/moto-api/reset"


class Shortcut(Protocol):
    """Saves and restores the emulator's state; all raise `Unusable` when they cannot.

    A snapshot stands for the beginning of a recording. A *base* is what a recording that was cut
    begins behind: nothing else knows that state any more.
    """

    def save(self, recording: Recording) -> int:
        """The size in bytes."""
        ...

    def restore(self, recording: Recording) -> int:
        """How many requests it stands for."""
        ...

    def forget(self) -> None:
        """Remove the snapshot: it fits no more."""
        ...

    def save_base(self, count: int) -> tuple[str, int]:
        """The file's name, and its size in bytes."""
        ...

    def restore_base(self, name: str) -> int:
        """Its size in bytes."""
        ...

    def keep_base(self, name: str | None) -> None:
        """Remove all bases but this one."""
        ...


class Unusable(Exception):
    """This snapshot does not help, or this state cannot be written down."""


class RecordedAccount:
    """A WSGI application around the emulator's; `seed` sets the emulator's random source."""

    def __init__(
        self,
        application: Callable[[dict[str, Any], StartResponse], Iterable[bytes]],
        recording: Recording,
        seed: Callable[[int], None],
        shortcut: Shortcut | None = None,
    ) -> None:
        self._application = application
        self._recording = recording
        self._seed = seed
        self._shortcut = shortcut
        self._saved = 0
        self._size = 0
        self._served_at = time.monotonic()
        self._seen: set[tuple[str, ...]] = set()
        self._turn = threading.Lock()

    def replay(self) -> int:
        """Do again what was recorded and no snapshot stands for; how many requests that were."""
        with self._turn:
            self._saved = self._restored()
            base = self._recording.base
            self._seen.update(base.seen if base is not None else ())
            done = 0
            first = base.count if base is not None else 0
            for number, (seed, environ) in enumerate(self._recording.entries(), start=first):
                self._seen.add(_scope(environ))
                if number < self._saved:
                    continue
                self._seed(seed)
                try:
                    self._run(environ)
                except Exception:  # noqa: BLE001 - it failed then as well; the rest is to come back
                    traceback.print_exc(file=sys.stderr)
                done += 1
            return done

    def _restored(self) -> int:
        if self._shortcut is None:
            return 0
        base = self._recording.base
        self._shortcut.keep_base(None if base is None else base.name)
        try:
            return self._shortcut.restore(self._recording)
        except Unusable as reason:
            print(f"no snapshot: {reason}", file=sys.stderr, flush=True)
        if base is None:
            return 0
        try:
            self._size = self._shortcut.restore_base(base.name)
        except Unusable as reason:
            aside = self._recording.set_aside()
            print(
                f"the account cannot be brought back and begins empty: {reason}; what is left of "
                f"it lies in {aside} and {base.name}",
                file=sys.stderr,
                flush=True,
            )
            return 0
        return base.count

    def save_if_worth_it(
        self, *, least: int = 100, quiet: float = 3.0, longest: int = LONGEST
    ) -> bool:
        """Take a snapshot after so many new requests, when nobody has asked for so many seconds; in
        the middle of it all after ten times as many, so that a replay never takes long.

        A recording that is longer than `longest` bytes and than four snapshots is cut behind one,
        also while somebody asks if it has become twice as long.
        """
        if self._shortcut is None or self._recording.count - self._saved < least:
            return False
        allowed = max(longest, 4 * self._size)
        quiet_now = time.monotonic() - self._served_at >= quiet
        many = self._recording.count - self._saved >= 10 * least
        if not quiet_now and not many and self._recording.length <= 2 * allowed:
            return False
        with self._turn:
            try:
                if self._recording.length > allowed:
                    self._cut(self._shortcut)
                else:
                    self._size = self._shortcut.save(self._recording)
            except Unusable as reason:
                print(f"no snapshot: {reason}", file=sys.stderr, flush=True)
            self._saved = self._recording.count
        return True

    def _cut(self, shortcut: Shortcut) -> None:
        name, self._size = shortcut.save_base(self._recording.count)
        self._recording.cut(name, sorted(self._seen))
        shortcut.keep_base(name)
        shortcut.forget()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = _read_body(environ)
        if body is None:
            start_response("413 Request Entity Too Large", [("content-length", "0")])
            return []
        environ = {k: v for k, v in environ.items() if k != "HTTP_TRANSFER_ENCODING"}
        request = {**environ, **prepared({}, body)}
        if not self._turn.acquire(timeout=_WAIT_SECONDS):
            start_response("503 Slow Down", [("content-length", "0")])
            return []
        try:
            if _hung_up(environ.get("werkzeug.socket")):
                start_response("499 Client Closed Request", [("content-length", "0")])
                return []
            status, headers, parts = self._serve(request, body)
        finally:
            self._served_at = time.monotonic()
            self._turn.release()
        start_response(status, headers)
        return parts

    def _serve(self, environ: dict[str, Any], body: bytes) -> Answer:
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith("/moto-api"):
            answer = self._run(environ)
            if path == _RESET and environ.get("REQUEST_METHOD") == "POST":
                self._recording.clear()
                self._saved = 0
                self._seen.clear()
            return answer
        scope = _scope(environ)
        if scope in self._seen and only_reads(environ, body):
            return self._run(environ)
        seed = self._recording.next_seed()
        # Before it is done: what cannot be recorded must not happen either.
        self._recording.append(seed, environ, body)
        self._seed(seed)
        self._seen.add(scope)
        return self._run(environ)

    def _run(self, environ: dict[str, Any]) -> Answer:
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], error: object = None
        ) -> Callable[[bytes], None]:
            said.append((status, headers))
            return lambda data: None

        result = self._application(environ, start_response)
        try:
            parts = list(result)
        finally:
            if hasattr(result, "close"):
                result.close()
        status, headers = said[-1]
        return status, headers, parts


def _hung_up(connection: socket.socket | None) -> bool:
    """Whether the caller gave up while it waited: it will ask again, and must not get two."""
    if connection is None or not select.select([connection], [], [], 0)[0]:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def only_reads(environ: dict[str, Any], body: bytes) -> bool:
    """By the name of the action where there is one, else by the HTTP method."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return bool(_READING.match(str(target).rsplit(".", 1)[-1]))
    if str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body[:4096].decode("utf-8", "replace")).get("Action", [""])[0]
        return bool(_READING.match(action))
    return environ.get("REQUEST_METHOD") in ("GET", "HEAD", "OPTIONS")


def _scope(environ: dict[str, Any]) -> tuple[str, ...]:
    found = _SCOPE.search(str(environ.get("HTTP_AUTHORIZATION", "")))
    return found.groups() if found else ()


def _read_body(environ: dict[str, Any]) -> bytes | None:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body: bytes = stream.read(BODY_LIMIT + 1)
    else:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > BODY_LIMIT:
            return None
        body = stream.read(length)
    return body if len(body) <= BODY_LIMIT else None
