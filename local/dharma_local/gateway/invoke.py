"""Invoking functions for the gateway: what looks something up in this process, one at a time; what
works on a document in a pool.

A function in this process blocks the event loop while it runs. That is on purpose: handlers are not
safe to run side by side in one process, and there is one more process beside this one. Its time-out
is an alarm signal, which ends Python code. What takes longer than a look-up would make everybody
wait, and what may hang inside an extension would not end: both belong into the pool (`Metadata:
Dharma: Pool: dedicated`; `Here` names the routes of such a function that only look something up).
"""

from __future__ import annotations

import asyncio
import signal
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from dharma_local.functions import (
    FunctionError,
    Handler,
    call,
    load_handler,
    new_request_id,
    use_project,
)
from dharma_local.template import Function
from dharma_local.workers.pool import FunctionTimedOut, WorkerPool

# API Gateway waits this long for an integration.
ROUTE_LIMIT = 30.0


class _Alarm(BaseException):
    """Not an Exception, so that no handler catches it."""


class Invoker:
    """`root` is the folder above `infra/`."""

    def __init__(self, root: Path, functions: Mapping[str, Function], *, pool_size: int = 2):
        self._root = root
        self._functions = functions
        self._handlers: dict[str, Handler] = {}
        self._pool_size = pool_size
        self._pool: WorkerPool | None = None
        use_project(root)
        signal.signal(signal.SIGALRM, _ring)

    def load(self, names: Iterable[str]) -> None:
        """Import handlers ahead; one that fails is told in the log and tried again when called."""
        for name in names:
            function = self._functions[name]
            if function.dedicated and not function.here:
                continue
            try:
                self._handlers[name] = load_handler(function.handler)
            except Exception:  # noqa: BLE001 - a broken function must not stop the others
                print(f"{function.handler} cannot be imported:", file=sys.stderr)
                traceback.print_exc()

    def runs_apart(self, name: str, route_key: str) -> bool:
        return self._functions[name].runs_apart(route_key)

    def call_here(self, name: str, event: Any) -> Any:
        """Raises `FunctionError` or `FunctionTimedOut`."""
        function = self._functions[name]
        request_id = new_request_id()
        try:
            handler = self._handlers.get(name)
            if handler is None:
                handler = self._handlers[name] = load_handler(function.handler)
            with _alarm(min(function.timeout, ROUTE_LIMIT)):
                return call(handler, function, event, request_id=request_id)
        except _Alarm:
            raise FunctionTimedOut(f"{name}: time-out after {function.timeout} s") from None
        except Exception as error:
            raise FunctionError.from_exception(error, request_id) from error

    async def call_apart(self, name: str, event: Any, caller: str | None = None) -> Any:
        """Raises `FunctionError`, `FunctionTimedOut`, `TooManyWaiting` or `WorkerDied`. Waiting for
        a worker counts: the one who asked waits no longer than `ROUTE_LIMIT`."""
        try:
            async with asyncio.timeout(ROUTE_LIMIT):
                return await self._workers().invoke(self._functions[name], event, caller=caller)
        except TimeoutError:
            raise FunctionTimedOut(f"{name}: no answer within {ROUTE_LIMIT:g} s") from None

    def _workers(self) -> WorkerPool:
        if self._pool is None:
            self._pool = WorkerPool(self._root, size=self._pool_size)
            self._pool.preload([f.handler for f in self._functions.values() if f.dedicated])
        return self._pool

    async def warm(self) -> None:
        if any(function.dedicated for function in self._functions.values()):
            await self._workers().warm()

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()


def _ring(number: int, frame: FrameType | None) -> None:
    raise _Alarm


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
