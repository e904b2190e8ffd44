"""The engine as a process: killed at any moment, it goes on where it was, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import dharma
import dharma_local
from dharma.adapters.local.sqlite_store import SqliteStore
from dharma.adapters.local.workflows import LocalWorkflows
from dharma.core.events import Event
from dharma.core.store import Emit

pytestmark = pytest.mark.stack

TEMPLATE = Path(__file__).parents[1] / "sample_project" / "infra" / "template.yaml"
ROOTS = [str(Path(str(p.__file__)).parent.parent) for p in (dharma, dharma_local)]


class Engine:
    """Starts and kills `python -m dharma_local.engine` on one state folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log.txt"
        self.events = folder / "events.txt"
        self.workflows = LocalWorkflows(folder / "engine.sqlite3")
        self.store = SqliteStore(folder / "store.sqlite3", b"k" * 32)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dharma_local.engine", str(TEMPLATE), "3"],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(ROOTS),
                "DHARMA_RUNTIME": "local",
                "DHARMA_STATE_DIR": str(self.folder),
                "SAMPLE_EVENTS": str(self.events),
            },
        )

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def until_lines(self, count: int, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while len(self.lines()) < count:
            assert time.monotonic() < deadline, self.lines()
            time.sleep(0.005)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path)
    made.start()
    yield made
    if made.process and made.process.poll() is None:
        made.kill()


def test_killed_again_and_again_every_step_is_done_once_and_in_order(engine: Engine) -> None:
    """Each line of the log is the beginning or the end of a step. A step that a kill cut short
    begins again with its key; one that had ended does not."""
    given = {"items": [1, 2, 3, 4, 5], "log": str(engine.log), "pause": 0.05}
    started = engine.workflows.start("journey", "often-killed", given)
    for lines in (1, 3, 4, 7, 9):
        engine.until_lines(lines)
        engine.kill()
        engine.start()
    told = engine.workflows.wait(started, 30)
    assert told.status == "SUCCEEDED"
    assert told.output["each"] == [f"item-{n}" for n in given["items"]]  # type: ignore[union-attr]
    words = [line.split() for line in engine.lines()]
    ends = [step for kind, step, *_ in words if kind == "end"]
    steps = ["first", *(f"item-{n}" for n in range(1, 6)), "last"]
    assert list(dict.fromkeys(ends)) == steps
    keys: dict[str, set[str]] = {}
    for _, step, key, _ in words:
        keys.setdefault(step, set()).add(key)
    assert all(len(found) == 1 for found in keys.values())
    # Between the end of a step and the note of it lies an instant: at most one repetition a kill.
    assert sum(Counter(ends).values()) - len(steps) <= 5
    entered = [
        event["details"]["name"]
        for event in engine.workflows.history(started)
        if event["type"] == "StateEntered"
    ]
    assert Counter(entered) == {"First": 1, "Each": 1, "One": 5, "Last": 1}


def test_what_was_started_while_it_was_down_runs_when_it_is_up(engine: Engine) -> None:
    engine.kill()
    given = {"items": [], "log": str(engine.log), "pause": 0}
    started = [engine.workflows.start("journey", f"early-{n}", given) for n in range(3)]
    engine.start()
    assert {engine.workflows.wait(run, 20).status for run in started} == {"SUCCEEDED"}


def test_its_workers_end_with_it(engine: Engine) -> None:
    given = {"items": [], "log": str(engine.log), "pause": 30}
    engine.workflows.start("journey", "long", given)
    engine.until_lines(1)
    worker = int(engine.lines()[0].split()[-1])
    engine.kill()
    deadline = time.monotonic() + 5
    while _alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_stopped_execution_is_aborted(engine: Engine) -> None:
    given = {"items": [], "log": str(engine.log), "pause": 2}
    started = engine.workflows.start("journey", "stopped", given)
    engine.until_lines(1)
    engine.workflows.stop(started, "Cancelled", "by ada")
    told = engine.workflows.wait(started, 10)
    assert (told.status, told.error, told.cause) == ("ABORTED", "Cancelled", "by ada")


def test_an_event_of_the_store_starts_a_machine_once_over_kills(engine: Engine) -> None:
    data = {"items": [1], "log": str(engine.log), "pause": 0.2}
    event = Event("OrderPlaced", "sample.orders", "o-1", data, "e-1", datetime.now(UTC), "c-1")
    engine.store.transact([Emit(event)])
    engine.until_lines(1)
    engine.kill()
    engine.start()
    run = "arn:aws:states:us-east-1:000000000000:execution:journey:Requested-e-1"
    assert engine.workflows.wait(run, 20).status == "SUCCEEDED"
    assert engine.store.pending() == []


def test_an_event_for_a_function_arrives_and_a_failing_one_is_repeated(engine: Engine) -> None:
    def note(identifier: str, data: dict[str, str]) -> Event:
        now = datetime.now(UTC)
        return Event("Noted", "sample.notes", "n", data, identifier, now, "c")

    engine.store.transact([Emit(note("good", {})), Emit(note("bad", {"fail": "no"}))])
    deadline = time.monotonic() + 20
    while True:
        told = engine.events.read_text().split() if engine.events.exists() else []
        if told.count("bad") == 2:
            break
        assert time.monotonic() < deadline, told
        time.sleep(0.02)
    assert told.count("good") == 1


def test_it_leaves_off_in_order_when_asked(engine: Engine) -> None:
    given = {"items": [], "log": str(engine.log), "pause": 0.5}
    started = engine.workflows.start("journey", "interrupted", given)
    engine.until_lines(1)
    assert engine.end() == 0
    assert engine.workflows.describe(started).status == "RUNNING"
    engine.start()
    assert engine.workflows.wait(started, 20).status == "SUCCEEDED"


def _alive(pid: int) -> bool:
    said = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(said) and not said.startswith("Z")
