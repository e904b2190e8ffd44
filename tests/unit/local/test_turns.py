"""Whose turn it is at the workers, and what becomes of those who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from dharma_local.workers.turns import TooManyWaiting, Turns

Scene = Callable[["Desk"], Awaitable[None]]


class Desk:
    """Callers at two turns; `served` in the order in which they got one."""

    def __init__(self, size: int = 2) -> None:
        self.turns = Turns(size, most_waiting=3)
        self.served: list[str] = []
        self._asked: list[asyncio.Task[None]] = []

    async def ask(self, *callers: str | None) -> list[asyncio.Task[None]]:
        tasks = [asyncio.ensure_future(self._wait(caller)) for caller in callers]
        self._asked += tasks
        await asyncio.sleep(0)
        return tasks

    async def done(self, *callers: str | None) -> None:
        for caller in callers:
            self.turns.give_back(caller)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def _wait(self, caller: str | None) -> None:
        await self.turns.take(caller)
        self.served.append(caller or "engine")


def played(scene: Scene, size: int = 2) -> list[str]:
    async def play() -> list[str]:
        desk = Desk(size)
        await scene(desk)
        return desk.served

    return asyncio.run(play())


def test_nobody_has_all_turns() -> None:
    async def scene(desk: Desk) -> None:
        await desk.ask("greedy", "greedy", "greedy", "other")

    assert played(scene) == ["greedy", "other"]


def test_callers_are_served_in_turn_however_many_one_of_them_asks_for() -> None:
    async def scene(desk: Desk) -> None:
        await desk.ask("a", "b", "a", "a", "a", "b", "c")
        await desk.done("a", "b", "a", "b", "a")

    assert played(scene) == ["a", "b", "a", "b", "c", "a", "a"]


def test_one_caller_has_a_single_turn_that_there_is() -> None:
    async def scene(desk: Desk) -> None:
        await desk.ask("a", "b", "a")
        await desk.done("a", "b")

    assert played(scene, size=1) == ["a", "b", "a"]


def test_the_engine_takes_what_is_free_and_waits_in_order() -> None:
    async def scene(desk: Desk) -> None:
        await desk.ask(None, None, *[None] * 10)
        await desk.done(None)

    assert played(scene) == ["engine"] * 3


def test_too_many_of_one_caller_are_refused_and_others_are_not() -> None:
    async def scene(desk: Desk) -> None:
        *_, last = await desk.ask("a", "a", "a", "a", "a")
        with pytest.raises(TooManyWaiting):
            await last
        await desk.ask("b")

    assert played(scene) == ["a", "b"]


def test_who_gives_up_leaves_the_queue_and_no_turn_is_lost() -> None:
    async def scene(desk: Desk) -> None:
        _, waiting, other = await desk.ask("a", "a", "a")
        waiting.cancel()
        await desk.done("a")
        assert other.done()
        # Given up in the very moment in which the turn came.
        [late] = await desk.ask("a")
        desk.turns.give_back("a")
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        await desk.ask("a", "b")

    assert played(scene) == ["a", "a", "a", "b"]


def test_after_the_end_nobody_gets_a_turn() -> None:
    async def scene(desk: Desk) -> None:
        *_, waiting = await desk.ask("a", "b", "c")
        desk.turns.close()
        await desk.done("a", "b")
        assert waiting.cancelled()

    assert played(scene) == ["a", "b"]
