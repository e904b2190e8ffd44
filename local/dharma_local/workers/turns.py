"""Who gets the next free worker: callers take turns, and none may have all of them.

Without that, whoever asks for a hundred slow things makes everybody else wait for all of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque

MOST_WAITING = 32


class TooManyWaiting(Exception):
    """This caller already has as many requests waiting as one may have."""


class Turns:
    """`size` turns at a time. Of several, one is always left for another caller; those who wait get
    one after the other. Who names no caller (the engine) takes what is free."""

    def __init__(self, size: int, most_waiting: int = MOST_WAITING) -> None:
        self._free = size
        self._share = max(1, size - 1)
        self._most_waiting = most_waiting
        self._held: Counter[str | None] = Counter()
        self._waiting: OrderedDict[str | None, deque[asyncio.Future[None]]] = OrderedDict()

    async def take(self, caller: str | None) -> None:
        """Wait for a turn, which has to be given back; `TooManyWaiting` at once."""
        if self._may_have(caller):
            self._hand_out(caller)
            return
        queue = self._waiting.setdefault(caller, deque())
        if caller is not None and len(queue) >= self._most_waiting:
            raise TooManyWaiting(f"{len(queue)} requests of one caller wait already")
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                queue.remove(turn)
                self._tidy(caller)
            else:
                self.give_back(caller)  # it came in the very moment of giving up
            raise

    def give_back(self, caller: str | None) -> None:
        self._free += 1
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        for waiting, queue in list(self._waiting.items()):
            turn = next((turn for turn in queue if not turn.done()), None)
            if turn is not None and self._may_have(waiting):
                queue.remove(turn)
                self._hand_out(waiting)
                turn.set_result(None)
                self._waiting.move_to_end(waiting)
                self._tidy(waiting)

    def close(self) -> None:
        """Nobody who waits now gets a turn any more: all of them are cancelled."""
        for turn in [turn for queue in self._waiting.values() for turn in queue]:
            turn.cancel()

    def _may_have(self, caller: str | None) -> bool:
        return self._free > 0 and (caller is None or self._held[caller] < self._share)

    def _hand_out(self, caller: str | None) -> None:
        self._free -= 1
        self._held[caller] += 1

    def _tidy(self, caller: str | None) -> None:
        if not self._waiting.get(caller, True):
            del self._waiting[caller]
