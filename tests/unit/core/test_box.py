"""Work in a box: its answer comes back, its end is told, and nothing of it is left behind."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from dharma.core import answers, box, errors
from dharma.core.box import Limits, boxed
from dharma.core.errors import DharmaError, Fault, InvalidInput, InvalidTemplate, LimitExceeded
from dharma.model.expressions.nodes import SetValue, Unknown

MEGABYTE = 1024 * 1024
SMALL = Limits(cpu_seconds=20, seconds=20, memory_bytes=64 * MEGABYTE)


def children() -> list[int]:
    """Processes whose parent is this one, zombies included."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == os.getpid():
            found.append(int(entry.parent.name))
    return found


@pytest.fixture(autouse=True)
def nothing_left() -> Any:
    """No process, no open file, no signal handler is different afterwards."""

    def there() -> Any:
        return children(), sorted(os.listdir("/proc/self/fd")), signal.getsignal(signal.SIGALRM)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("looks into /proc")
    gc.collect()
    before = there()
    yield
    assert there() == before
    assert boxed(lambda: 1 + 1) == 2, "the next one works"


def loop() -> None:
    while True:
        pass


def wait() -> None:
    time.sleep(60)


def eat() -> int:
    return len([bytes(MEGABYTE) for _ in range(4096)])


def eat_at_once() -> int:
    return len(bytes(4096 * MEGABYTE))


HELD: list[bytes] = []


def fill() -> None:
    """Hold more than the limit is, and less than the kernel lets the process have."""
    HELD.append(bytes(SMALL.memory_bytes + box.RESERVE // 2))


def stay_full() -> None:
    fill()
    loop()


def answer_too_much() -> bytes:
    return bytes(16 * MEGABYTE)


def fail_in_c() -> None:
    raise SystemError("error return without exception set")


def nest() -> list[Any]:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


def crash() -> None:
    ctypes.string_at(0)


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    os._exit(3)


@pytest.mark.parametrize(
    ("work", "limits", "kind", "says"),
    [
        (loop, Limits(cpu_seconds=1), LimitExceeded, "reading it needs more than 1 s of CPU"),
        (wait, Limits(seconds=0.2), LimitExceeded, "reading it needs more than 0.2 s"),
        (eat, SMALL, LimitExceeded, "reading it needs more than 64 MB of memory"),
        (eat_at_once, SMALL, LimitExceeded, "reading it needs more than 64 MB of memory"),
        (stay_full, SMALL, LimitExceeded, "reading it needs more than 64 MB of memory"),
        (answer_too_much, SMALL, LimitExceeded, "reading it needs more than 64 MB of memory"),
        (fail_in_c, SMALL, LimitExceeded, "reading it needs more than 64 MB of memory"),
        (nest, SMALL, LimitExceeded, "too many levels deep"),
        (crash, SMALL, InvalidInput, "was ended by SIGSEGV"),
        (be_killed, SMALL, LimitExceeded, "was ended by SIGKILL, as a system does"),
        (leave, SMALL, InvalidInput, "ended with status 3"),
    ],
)
def test_work_that_does_not_end_well_is_told_with_the_name_of_the_file(
    work: Callable[[], Any], limits: Limits, kind: type[DharmaError], says: str
) -> None:
    with pytest.raises(kind) as told:
        boxed(work, "main.tf", limits)
    assert type(told.value) is kind
    assert str(told.value).startswith("main.tf: ")
    assert says in str(told.value)
    assert [fault.file for fault in told.value.faults] == ["main.tf"]


def test_who_ignores_its_alarm_is_ended_from_outside() -> None:
    def deaf() -> None:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        time.sleep(60)

    with pytest.raises(LimitExceeded, match=r"more than 0\.1 s"):
        boxed(deaf, "main.tf", Limits(seconds=0.1))


class Interrupted(BaseException):
    pass


@pytest.fixture
def ringing() -> Iterator[None]:
    """The alarm raises `Interrupted`."""

    def ring(*_: Any) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("ringing")
def test_whoever_is_interrupted_while_waiting_leaves_no_process_behind() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    with pytest.raises(Interrupted):
        boxed(wait, "main.tf")


@pytest.mark.usefixtures("ringing")
def test_whoever_is_interrupted_while_the_process_is_made_leaves_none_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fork = box._fork

    def fork_and_ring(source: int, sink: int) -> int:
        child = fork(source, sink)
        if child != 0:
            signal.raise_signal(signal.SIGALRM)  # Blocked, and on its way from now on.
        return child

    monkeypatch.setattr(box, "_fork", fork_and_ring)
    with pytest.raises(Interrupted):
        boxed(wait, "main.tf")
    monkeypatch.undo()


def test_memory_is_watched_where_the_kernel_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "address_space", lambda: None)
    with pytest.raises(LimitExceeded, match="more than 64 MB of memory"):
        boxed(eat, "main.tf", SMALL)


def test_who_has_its_answer_may_send_it(monkeypatch: pytest.MonkeyPatch) -> None:
    send = box._send

    def send_while_full(sink: int, answer: bytes) -> None:
        assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
        fill()
        signal.raise_signal(signal.SIGPROF)  # As one that was on its way.
        send(sink, answer)

    monkeypatch.setattr(box, "_send", send_while_full)
    assert boxed(lambda: "done", "main.tf", SMALL) == "done"


def test_the_memory_is_told_of_once_so_that_what_follows_is_not_cut_short() -> None:
    def told() -> int:
        fill()
        count = 0
        for _ in range(3):
            try:
                signal.raise_signal(signal.SIGPROF)
            except MemoryError:
                count += 1
        return count

    assert boxed(told, "main.tf", SMALL) == 1


def ends() -> int:
    return 1


def fails() -> int:
    raise ValueError("no")


@pytest.mark.parametrize("work", [ends, fails, answer_too_much, fail_in_c, nest])
def test_a_look_at_the_memory_may_come_at_any_moment_behind_the_work(
    work: Callable[[], Any],
) -> None:
    """At each line that the box still runs, until there are no more."""

    def interrupted(line: int) -> Callable[[], Any]:
        def look(frame: FrameType, event: str, _argument: Any) -> Any:
            nonlocal line
            line -= event == "line"
            if line == 0:
                signal.raise_signal(signal.SIGPROF)
            return look

        def full() -> Any:
            fill()
            frame = sys._getframe(1)
            while frame.f_code is not boxed.__code__:
                frame.f_trace = look
                frame = frame.f_back  # type: ignore[assignment]
            sys.settrace(lambda *_: None)
            return work()

        return full

    def outcome(line: int) -> Any:
        try:
            return boxed(interrupted(line), "main.tf", SMALL)
        except (LimitExceeded, ValueError) as error:
            return type(error)

    own = outcome(-1)
    outcomes = [outcome(line) for line in range(1, 30)]
    assert set(outcomes) <= {own, LimitExceeded}
    assert LimitExceeded in outcomes
    assert outcomes[-1] == own


def test_values_come_back_as_they_were() -> None:
    value = {"a": [1, 2.5, None, True], "b": Unknown("x"), "c": Decimal("1.10"), "d": {1, 2}}
    assert boxed(lambda: value) == value
    assert type(boxed(lambda: SetValue(["a"]))) is SetValue
    big = "x" * (5 * MEGABYTE)
    assert boxed(lambda: big) == big


def test_a_failure_keeps_its_type_and_its_faults() -> None:
    faults = [Fault("no name", "a.b", "main.tf", 3, 4, "give one")]

    def fail() -> None:
        raise InvalidTemplate("main.tf:3:4: no name", faults)

    with pytest.raises(InvalidTemplate) as told:
        boxed(fail)
    assert (told.value.message, list(told.value.faults)) == ("main.tf:3:4: no name", faults)


def test_a_failure_that_nobody_expects_tells_where_it_happened() -> None:
    with pytest.raises(ZeroDivisionError) as told:
        boxed(lambda: 1 // 0)
    assert any("test_box.py" in note for note in told.value.__notes__)

    class Own(Exception):
        pass

    def fail() -> None:
        raise Own("sometimes")

    with pytest.raises(RuntimeError, match="Own: sometimes"):
        boxed(fail)


def _all_errors(root: type[DharmaError] = DharmaError) -> list[type[DharmaError]]:
    return [root, *(found for child in root.__subclasses__() for found in _all_errors(child))]


@pytest.mark.parametrize("kind", _all_errors(), ids=lambda kind: kind.__name__)
def test_every_failure_of_the_tree_travels(kind: type[DharmaError]) -> None:
    error = kind("said", [Fault("a", line=1)])
    found = answers.unpacked(answers.packed(False, error))
    assert found is not None
    assert (type(found[1]), found[1].to_dict()) == (kind, error.to_dict())


def test_half_an_answer_is_none() -> None:
    whole = answers.packed(True, ["x"] * 100)
    assert all(answers.unpacked(whole[:end]) is None for end in range(len(whole)))


@pytest.mark.parametrize("called", [os.system, eval, subprocess.Popen, getattr, Path])
def test_nothing_can_be_called_by_an_answer(called: Any) -> None:
    class Calls:
        def __reduce__(self) -> Any:
            return called, ("true",)

    with pytest.raises(Exception, match="is no part of an answer"):
        answers.unpacked(answers.packed(True, Calls()))


def test_what_is_changed_in_the_box_stays_there() -> None:
    kept: list[int] = []
    assert boxed(lambda: kept.append(1) or len(kept)) == 1
    assert kept == []


def test_a_box_writes_no_file_and_has_none_open(tmp_path: Path) -> None:
    def write() -> str:
        with (tmp_path / "made").open("w") as file:
            file.write("x")
        return "written"

    with pytest.raises(OSError, match="too large"):
        boxed(write)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        number = listening.fileno()

        def look() -> bool:
            try:
                os.fstat(number)
            except OSError:
                return False
            return True

        assert boxed(look) is False


def test_a_box_works_in_a_thread_and_beside_threads() -> None:
    end = threading.Event()
    others = [threading.Thread(target=end.wait) for _ in range(4)]
    for thread in others:
        thread.start()
    found: list[Any] = []

    def work() -> None:
        with pytest.raises(LimitExceeded, match="CPU"):
            boxed(loop, "main.tf", Limits(cpu_seconds=1))
        found.append(boxed(lambda: "inside"))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    end.set()
    for thread in others:
        thread.join(30)
    assert found == ["inside", "inside"]
    assert errors.HTTP_STATUS[LimitExceeded] == 413
