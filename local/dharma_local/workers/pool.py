"""A pool of worker processes, each with one invocation at a time.

A worker that runs over the function's time-out is killed with everything that it started, and the
next invocation gets a new one; so does one that died by itself. Workers start when they are needed,
up to `size`; further invocations wait until it is their caller's turn.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import socket
import struct
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dharma_local import lifeline
from dharma_local.functions import FunctionError, new_request_id
from dharma_local.template import Function
from dharma_local.workers.turns import Turns

_LENGTH = struct.Struct("!I")


class FunctionTimedOut(Exception):
    """Killed at its time-out, as Lambda says it."""


class WorkerDied(Exception):
    """The process ended in the middle of the invocation."""


class WorkerPool:
    """`root` is the folder above `infra/`, `environment` is added to that of this process."""

    def __init__(
        self, root: Path, *, size: int = 4, environment: Mapping[str, str] | None = None
    ) -> None:
        self._root = root
        self._preload: tuple[str, ...] = ()
        self._environment = dict(environment or {})
        self._turns = Turns(size)
        self._idle: deque[_Worker] = deque()
        self._all: set[_Worker] = set()
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def pids(self) -> list[int]:
        return [worker.pid for worker in self._all]

    def preload(self, handlers: Sequence[str]) -> None:
        """What workers that start from now on import before their first invocation."""
        self._preload = tuple(handlers)

    async def warm(self) -> None:
        """Have one worker ready, so that the first invocation does not wait for its imports."""
        await self._turns.take(None)
        try:
            if not self._idle:
                self._idle.append(await self._start())
        finally:
            self._turns.give_back(None)

    async def invoke(
        self,
        function: Function,
        event: Any,
        *,
        request_id: str | None = None,
        client_context: Mapping[str, Any] | None = None,
        caller: str | None = None,
    ) -> Any:
        """The handler's result, or `FunctionError`, `FunctionTimedOut`, `WorkerDied`,
        `TooManyWaiting`.

        Who stops waiting does not stop the function once it runs: like on Lambda it comes to its
        end or time-out.
        """
        await self._turns.take(caller)
        work = asyncio.ensure_future(
            self._invoke(function, event, request_id or new_request_id(), client_context)
        )
        work.add_done_callback(lambda _: self._turns.give_back(caller))
        self._running.add(work)
        work.add_done_callback(self._finished)
        return await asyncio.shield(work)

    def _finished(self, work: asyncio.Task[Any]) -> None:
        self._running.discard(work)
        if not work.cancelled():
            work.exception()  # seen; nobody may be waiting for it any more

    async def _invoke(
        self,
        function: Function,
        event: Any,
        request_id: str,
        client_context: Mapping[str, Any] | None,
    ) -> Any:
        message = {
            "function": {**dataclasses.asdict(function), "environment": dict(function.environment)},
            "event": event,
            "requestId": request_id,
            "clientContext": client_context,
        }
        worker = self._take() or await self._start()
        try:
            async with asyncio.timeout(function.timeout):
                answer = await worker.ask(message)
        except TimeoutError:
            self._discard(worker)
            raise FunctionTimedOut(
                f"{request_id} Task timed out after {function.timeout:.2f} seconds"
            ) from None
        except (EOFError, ConnectionError):
            self._discard(worker)
            raise WorkerDied(
                f"RequestId: {request_id} Error: Runtime exited without providing a reason"
            ) from None
        except asyncio.CancelledError:
            self._discard(worker)
            raise
        self._idle.append(worker)
        if "error" in answer:
            error = answer["error"]
            raise FunctionError(
                error["errorType"],
                error["errorMessage"],
                request_id=request_id,
                trace=error["stackTrace"],
            )
        return answer["result"]

    def _take(self) -> _Worker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            self._discard(worker)
        return None

    async def _start(self) -> _Worker:
        worker = await _Worker.start(self._environment)
        self._all.add(worker)
        try:
            await worker.ask({"root": str(self._root), "preload": list(self._preload)})
        except (EOFError, ConnectionError):
            self._discard(worker)
            raise WorkerDied("a worker process ended while it started") from None
        return worker

    def _discard(self, worker: _Worker) -> None:
        worker.kill()
        self._all.discard(worker)

    async def close(self) -> None:
        """Kill all workers; what they were doing fails, and so does what waited for one."""
        self._turns.close()
        for work in list(self._running):
            work.cancel()
        for worker in list(self._all):
            self._discard(worker)
        self._idle.clear()
        await asyncio.gather(*self._running, return_exceptions=True)


class _Worker:
    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls, environment: Mapping[str, str]) -> _Worker:
        ours, theirs = socket.socketpair()
        line = lifeline.descriptor()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "dharma_local.workers.child",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(), line),
                env={**os.environ, **environment, lifeline.VARIABLE: str(line)},
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._reader.at_eof()

    async def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps(message).encode()
        self._writer.write(_LENGTH.pack(len(body)) + body)
        await self._writer.drain()
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            answer: dict[str, Any] = json.loads(await self._reader.readexactly(length))
        except asyncio.IncompleteReadError as error:
            raise EOFError from error
        return answer

    def kill(self) -> None:
        self._writer.close()
        if self._process.returncode is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return  # it was faster
