"""The collector runs more seldom inside, and as before outside, whoever leaves last."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from dharma.core.garbage import OLDER, YOUNG, seldom_collected

USUAL = (700, 10, 10)


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*USUAL)
    yield
    gc.set_threshold(*before)


def test_the_collector_is_put_back_after_a_failure() -> None:
    @seldom_collected()
    def fail() -> None:
        assert gc.get_threshold() == (YOUNG, OLDER, 10)
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.get_threshold() == USUAL


def test_the_last_thread_to_leave_puts_it_back() -> None:
    entered, leave = threading.Event(), threading.Event()

    @seldom_collected()
    def stay() -> None:
        entered.set()
        leave.wait(10)

    thread = threading.Thread(target=stay)
    with seldom_collected():
        thread.start()
        assert entered.wait(10)
    assert gc.get_threshold() == (YOUNG, OLDER, 10)
    leave.set()
    thread.join()
    assert gc.get_threshold() == USUAL


def test_whoever_switched_the_collector_off_keeps_it_off() -> None:
    gc.set_threshold(0)
    with seldom_collected():
        assert gc.get_threshold()[0] == 0


class Ring:
    """Only the collector frees it."""

    def __init__(self) -> None:
        self.me = self


def test_cyclic_garbage_is_collected_all_the_same() -> None:
    with seldom_collected():
        ring = weakref.ref(Ring())
        kept: list[list[int]] = []
        while ring() is not None and len(kept) < 2 * YOUNG:
            kept.append([])
        assert ring() is None
