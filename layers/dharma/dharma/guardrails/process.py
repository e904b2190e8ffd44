"""The worker process seen from the parent: requests and answers, death noticed in time."""

from __future__ import annotations

import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from dharma.core.errors import Misconfigured, Unavailable
from dharma.guardrails.frames import HEADER

_START = """
import sys
sys.path[:0] = {paths!r}
from dharma.guardrails import worker
worker.main({memory})
"""
_GRACE = 1.0
"""Seconds beyond the worker's own alarm before the parent ends it."""


class WorkerDied(Exception):
    """The worker ended, or was ended, in the middle of a request; the message says why.

    `may_be_innocent`: what it was doing need not be the reason (somebody killed it, or memory was
    already taken by what came before), so that another try is fair.
    """

    def __init__(self, message: str, may_be_innocent: bool = False) -> None:
        super().__init__(message)
        self.may_be_innocent = may_be_innocent


@dataclass(frozen=True, slots=True)
class Module:
    """One Rego source. `rego` None: found by trying v1, then v0. `trusted`: our own, tested; it is
    neither checked nor rewritten when it is loaded."""

    id: str
    text: str
    rego: str | None = None
    trusted: bool = False


def _end(process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    errors.close()


class WorkerProcess:
    """One worker. Any method may raise `WorkerDied`; then a new one is needed."""

    def __init__(self, memory_bytes: int) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        code = _START.format(paths=_import_paths(), memory=memory_bytes)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            # Rust's backtraces cost 0.15 s of CPU each.
            env={"RUST_BACKTRACE": "0"},
            close_fds=True,
        )
        self._buffer = bytearray()
        self.at: str | None = None
        # An engine that nobody refers to any more, and the end of this process, end it too.
        self._finalizer = weakref.finalize(self, _end, self._process, self._errors)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it now. Calling again is harmless."""
        self._finalizer()

    def load(self, modules: Sequence[Module], seconds: float) -> list[dict[str, Any]]:
        """What became of each module. While it runs, and after a death, `at` is the id of the
        module that was being read."""
        request = [
            {"id": m.id, "text": m.text, "rego": m.rego, "trusted": m.trusted} for m in modules
        ]
        self._send({"op": "load", "modules": request, "seconds": seconds}, seconds)
        while True:
            answer = self._receive(seconds)
            if "at" in answer:
                self.at = answer["at"]
                continue
            self.at = None
            loaded: list[dict[str, Any]] = answer["loaded"]
            return loaded

    def set_input(self, document: bytes, seconds: float) -> str | None:
        """Hand over the JSON document; the evaluator's objection if it cannot be read."""
        self._send({"op": "input", "seconds": seconds}, seconds)
        self._write(document, seconds)
        error: str | None = self._receive(seconds).get("error")
        return error

    def evaluate(self, packages: Sequence[str], seconds: float) -> Iterator[dict[str, Any]]:
        """`{"value"}` or `{"error"}` for each package, in order."""
        self._send({"op": "evaluate", "packages": list(packages), "seconds": seconds}, seconds)
        for _ in packages:
            yield self._receive(seconds)

    def _send(self, message: dict[str, Any], seconds: float) -> None:
        self._write(json.dumps(message).encode(), seconds)

    def _write(self, body: bytes, seconds: float) -> None:
        assert self._process.stdin is not None
        descriptor = self._process.stdin.fileno()
        os.set_blocking(descriptor, False)
        rest = memoryview(HEADER.pack(len(body)) + body)
        deadline = time.monotonic() + seconds + _GRACE
        while rest:
            _, writable, _ = select.select([], [descriptor], [], _left(deadline))
            if not writable:
                raise self._died(f"it did not read for {seconds:.3g} s")
            try:
                rest = rest[os.write(descriptor, rest) :]
            except BrokenPipeError:
                raise self._died() from None

    def _receive(self, seconds: float) -> dict[str, Any]:
        header = self._read(HEADER.size, deadline := time.monotonic() + seconds + _GRACE, seconds)
        body = self._read(HEADER.unpack(header)[0], deadline, seconds)
        message: dict[str, Any] = json.loads(body)
        return message

    def _read(self, size: int, deadline: float, seconds: float) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while len(self._buffer) < size:
            readable, _, _ = select.select([descriptor], [], [], _left(deadline))
            if not readable:
                raise self._died(f"it took longer than {seconds:.3g} s")
            chunk = os.read(descriptor, 1 << 20)
            if not chunk:
                raise self._died(seconds=seconds)
            self._buffer += chunk
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _died(self, reason: str | None = None, seconds: float | None = None) -> WorkerDied:
        """Why it ended, from what the kernel and its last words tell."""
        if reason is not None:
            self._process.kill()
            return WorkerDied(reason)
        try:
            code = self._process.wait(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return WorkerDied("it closed its output and went on")
        self._errors.seek(0)
        words = self._errors.read(4096).decode(errors="replace")
        if code == -signal.SIGALRM:
            limit = f"it took longer than {seconds:.3g} s" if seconds else "it took too long"
            return WorkerDied(limit)
        if "memory allocation" in words or "MemoryError" in words:
            return WorkerDied("it needed more memory than it may have", may_be_innocent=True)
        if code == -signal.SIGSEGV:
            return WorkerDied("the evaluator crashed: a recursion without end, or too deep")
        if code < 0:
            name = signal.Signals(-code).name
            return WorkerDied(f"the evaluator was ended by {name}", may_be_innocent=True)
        last = words.strip().splitlines()[-1:] or [""]
        raise Unavailable(f"the policy evaluator ended with status {code}: {last[0][:300]}")


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


@lru_cache(maxsize=1)
def _import_paths() -> list[str]:
    """Where the worker finds this package and regorus, and nothing else."""
    found = importlib.util.find_spec("regorus")
    if found is None or found.origin is None:
        raise Misconfigured("the Rego evaluator (gordon-to-regorus) is not installed")
    package = Path(__file__).resolve().parents[2]
    return [str(package), str(Path(found.origin).resolve().parents[1])]
