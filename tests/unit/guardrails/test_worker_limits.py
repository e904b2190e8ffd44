"""Both watches over the evaluating process, each where the other does not see anything.

The worker sets itself an alarm, in case its parent is gone or slow; the parent looks at the clock,
in case the worker's alarm does not fire. Starts Python processes: a second each.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dharma.guardrails import process
from dharma.guardrails.process import Module, WorkerDied, WorkerProcess

ENDLESS = Module(
    "endless",
    """package endless

deny contains x if {
    some a in numbers.range(1, 100000)
    some b in numbers.range(1, 100000)
    a * b == -1
    x := a
}
""",
    "v1",
    trusted=True,
)
# Both take far more than a millisecond to read.
LONG = Module(
    "long", "package long\n" + "".join(f"a{n} := {n}\n" for n in range(20_000)), "v1", True
)
LARGE = json.dumps({"list": list(range(400_000))}).encode()

MEMORY = 512 << 20


def _evaluate(worker: WorkerProcess, seconds: float) -> object:
    return list(worker.evaluate(["data.endless"], seconds))


STEPS: dict[str, Callable[[WorkerProcess, float], object]] = {
    "reading a policy": lambda worker, seconds: worker.load([LONG], seconds),
    "reading the document": lambda worker, seconds: worker.set_input(LARGE, seconds),
    "evaluating": _evaluate,
}
step = pytest.mark.parametrize("work", STEPS.values(), ids=STEPS.keys())


@pytest.fixture
def worker() -> Iterator[WorkerProcess]:
    with WorkerProcess(MEMORY) as running:
        running.load([ENDLESS], 30)
        yield running


@step
def test_the_worker_ends_itself_although_the_parent_would_wait(
    worker: WorkerProcess,
    work: Callable[[WorkerProcess, float], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "_GRACE", 20.0)
    with pytest.raises(WorkerDied, match=r"it took longer than 0\.001 s"):
        work(worker, 0.001)
    assert _how_it_ended(worker) == -signal.SIGALRM


@step
def test_the_parent_ends_a_worker_whose_alarm_does_not_fire(
    worker: WorkerProcess,
    work: Callable[[WorkerProcess, float], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "_GRACE", 0.2)
    os.kill(worker.pid, signal.SIGSTOP)  # as a machine that swaps: it does nothing any more
    with pytest.raises(WorkerDied, match=r"for 0\.1 s|it took longer than 0\.1 s"):
        work(worker, 0.1)
    assert _how_it_ended(worker) == -signal.SIGKILL


def test_the_parent_ends_a_worker_that_was_started_with_its_alarm_blocked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "_GRACE", 0.2)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    try:
        started = WorkerProcess(MEMORY)  # inherits the mask
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with started:
        started.load([ENDLESS], 30)
        with pytest.raises(WorkerDied, match=r"it took longer than 0\.3 s"):
            _evaluate(started, 0.3)
        assert _how_it_ended(started) == -signal.SIGKILL


def test_an_alarm_is_off_between_two_requests(worker: WorkerProcess) -> None:
    assert worker.set_input(b"{}", 0.2) is None
    time.sleep(0.4)
    assert worker.alive
    assert worker.set_input(b"{}", 30) is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds the limit")
def test_the_kernel_bounds_the_workers_memory_and_it_leaves_no_core(worker: WorkerProcess) -> None:
    assert resource.prlimit(worker.pid, resource.RLIMIT_AS) == (MEMORY, MEMORY)
    assert resource.prlimit(worker.pid, resource.RLIMIT_CORE) == (0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of another process")
def test_the_worker_inherits_neither_the_environment_nor_site_packages(
    worker: WorkerProcess,
) -> None:
    about = Path(f"/proc/{worker.pid}")
    assert (about / "environ").read_bytes() == b"RUST_BACKTRACE=0\0"
    assert {b"-I", b"-S"} <= set((about / "cmdline").read_bytes().split(b"\0"))


def _how_it_ended(worker: WorkerProcess) -> int:
    return worker._process.wait(timeout=5)
