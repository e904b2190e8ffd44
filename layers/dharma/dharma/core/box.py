"""Work on untrusted input in a process of its own, which may be ended at any moment.

The process is a fork of this one: what is loaded here is loaded there, so it costs some
milliseconds and no cold start. The kernel limits it in CPU time, time on the clock and memory; it
has no files open but the pipe for its answer, can write no file, and start no process (unless it is
root's). The answer, a value or an exception of the same type, comes back through the pipe;
afterwards the process is gone, however it ended.

A fork has one thread, the one that forked; a lock that another one held stays shut in it. So `work`
computes: it does not log and uses no connections. Should it wait for such a lock all the same, the
clock ends it. On macOS the system's own frameworks do not survive a fork, which `work` must not use
either, and the kernel limits no memory: there only the process itself looks at it.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn, TypeVar

from dharma.core.answers import packed, unpacked
from dharma.core.errors import DharmaError, Fault, InvalidInput, LimitExceeded, Unavailable

T = TypeVar("T")
_CHUNK = 1024 * 1024
RESERVE = 64 * 1024**2
"""Bytes between the limit that a process keeps itself and the one that the kernel keeps."""
_GRACE = 0.5
"""Seconds beyond the process's own alarm before it is ended from here."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds of CPU (whole ones, as the kernel counts), seconds on the clock, and the bytes that
    the process may take beyond those that it begins with. Its answer may have an eighth of these:
    whoever waits for it needs a few times its size."""

    cpu_seconds: int = 60
    seconds: float = 120.0
    memory_bytes: int = 2 * 1024**3

    @property
    def answer_bytes(self) -> int:
        return self.memory_bytes // 8


def boxed(work: Callable[[], T], file: str | None = None, limits: Limits = Limits()) -> T:
    """The result of `work`, or what it raises; what it changes in memory stays in the box.

    `file` is the name of the input, for faults. Raises `LimitExceeded` for work that needs more
    than the limits, `InvalidInput` for a process that died of something else, `Unavailable` where
    none can be started.
    """
    source, sink = os.pipe()
    # No handler of a signal may run in the child while it is not yet confined.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        child = _fork(source, sink)
    except Unavailable:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise
    if child == 0:
        _inside(work, sink, limits, before)
    os.close(sink)
    answer: bytes | None = None
    found: tuple[bool, Any] | None = None
    try:
        # The handler of a signal that came meanwhile runs here, and may raise.
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        answer = _received(source, limits.seconds + _GRACE, limits.answer_bytes)
        found = unpacked(answer) if answer is not None else None
    finally:
        # Also when waiting was interrupted.
        os.close(source)
        status = _ended(child, kill=found is None)
    if found is None:
        raise _died(file, limits, status, late=answer is None)
    succeeded, value = found
    if succeeded:
        result: T = value
        return result
    if isinstance(value, RecursionError):
        fault = Fault("it is nested, or its names need each other, too many levels deep", file=file)
        raise LimitExceeded(str(fault), [fault]) from value
    if isinstance(value, MemoryError):
        raise _beyond(file, f"{limits.memory_bytes // 1024**2} MB of memory")
    raise value


def _fork(source: int, sink: int) -> int:
    try:
        with warnings.catch_warnings():
            # Python warns of threads; the head of this module says what holds with them.
            warnings.simplefilter("ignore", DeprecationWarning)
            return os.fork()
    except OSError as error:
        os.close(source)
        os.close(sink)
        raise Unavailable(f"no process can be started: {error.strerror}") from error


def _received(source: int, seconds: float, most: int) -> bytes | None:
    """All that comes until the other end is closed; None when that takes too long. Beyond `most`
    bytes the rest is left: half an answer is none."""
    deadline = time.monotonic() + seconds
    poll = select.poll()
    poll.register(source, select.POLLIN)
    pieces: list[bytes] = []
    while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        piece = os.read(source, _CHUNK)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        most -= len(piece)
        if most < 0:
            return b""
    return None


def _ended(child: int, *, kill: bool) -> int:
    """Wait for the end; the status of the process. To one that has ended, the signal does
    nothing."""
    try:
        if kill:
            os.kill(child, signal.SIGKILL)
        return os.waitpid(child, 0)[1]
    except (ProcessLookupError, ChildProcessError):
        return 0  # Who started this process wants to hear of no children: the kernel reaps them.


def _died(file: str | None, limits: Limits, status: int, *, late: bool) -> DharmaError:
    """Why there is no answer, as far as the kernel tells."""
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if late or number == signal.SIGALRM:
        return _beyond(file, f"{limits.seconds:g} s")
    if number == signal.SIGXCPU:
        return _beyond(file, f"{limits.cpu_seconds} s of CPU")
    how = f"ended with status {os.waitstatus_to_exitcode(status)}"
    if number:
        how = f"was ended by {signal.Signals(number).name}"
    if number == signal.SIGKILL:
        message = f"the process that read it {how}, as a system does that has no memory left"
        fault = Fault(message, file=file)
        return LimitExceeded(str(fault), [fault])
    fault = Fault(f"it cannot be read: the process that read it {how}", file=file)
    return InvalidInput(str(fault), [fault])


def _beyond(file: str | None, limit: str) -> LimitExceeded:
    fault = Fault(f"reading it needs more than {limit}", file=file)
    return LimitExceeded(str(fault), [fault])


# --- in the process -------------------------------------------------------------------------------


def _inside(
    work: Callable[[], Any], sink: int, limits: Limits, before: set[signal.Signals | int]
) -> NoReturn:
    status = 1
    try:
        unwatch = _confine(sink, limits)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _send(sink, _answer(work, limits.answer_bytes, unwatch))
        status = 0
    finally:
        # At once: buffers and what is to be done at the end are the parent's.
        os._exit(status)


class _TooLarge(BaseException):
    """An answer that the parent would not take: it, too, has only so much memory."""


def _answer(work: Callable[[], Any], most: int, unwatch: Callable[[], None]) -> bytes:
    """What is to be sent; nobody looks at the memory any more."""
    out_of_memory = packed(False, MemoryError())  # Made while there is some.
    try:
        try:
            return _result(work, most)
        finally:
            unwatch()
    except (MemoryError, SystemError, _TooLarge):
        # A last look at the memory may fall into any line above, `unwatch` too: not into these.
        # SystemError: code in C that met the end of the memory and did not say so.
        return out_of_memory


def _result(work: Callable[[], Any], most: int) -> bytes:
    try:
        answer = packed(True, work())
        if len(answer) > most:
            raise _TooLarge
        return answer
    except SystemError:
        raise
    except Exception as error:  # noqa: BLE001 - the parent raises it
        if not isinstance(error, DharmaError):
            error.add_note("".join(traceback.format_exception(error)))
        return packed(False, error)


def _send(sink: int, answer: bytes) -> None:
    rest = memoryview(answer)
    while rest:
        rest = rest[os.write(sink, rest[:_CHUNK]) :]


def _confine(sink: int, limits: Limits) -> Callable[[], None]:
    """Set the limits; what comes back ends the process's own look at its memory."""
    gc.freeze()  # To look through what the parent has would copy its pages.
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    for descriptor in _open_files():
        if descriptor > 2 and descriptor != sink:
            _close(descriptor)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    # The kernel's signal at the first figure tells why; at the second it kills.
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1)
    begin = address_space()
    unwatch = watch_memory(limits.memory_bytes, begin)
    if begin is not None:
        _limit(resource.RLIMIT_AS, begin + limits.memory_bytes + RESERVE)
    return unwatch


def address_space() -> int | None:
    """The bytes of address space that this process has; None where the kernel does not tell, or
    would not limit them."""
    if sys.platform != "linux":
        return None
    try:
        with open("/proc/self/statm", "rb") as sizes:
            return int(sizes.read().split()[0]) * resource.getpagesize()
    except OSError:
        return None  # No /proc here.


def _open_files() -> list[int]:
    try:
        listed = os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd")
    except OSError:
        return list(range(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    return [int(name) for name in listed]


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:
        return  # That of the listing, which is closed already.


def _limit(which: int, soft: int, hard: int | None = None) -> None:
    """Nothing is raised: where there is a lower limit already, it holds."""
    highest = resource.getrlimit(which)[1]
    hard = soft if hard is None else hard
    if highest != resource.RLIM_INFINITY:
        soft, hard = min(soft, highest), min(hard, highest)
    resource.setrlimit(which, (soft, hard))


def watch_memory(most: int, begin: int | None = None) -> Callable[[], None]:
    """Raise MemoryError in this process, once, when it has taken `most` bytes more than now: it
    looks whenever it has used a tenth of a second. `begin` is its address space, where the kernel
    tells. What comes back ends the watch; it may itself be where the MemoryError is raised, and
    ends the watch then too.

    The kernel's own limit lies above this one: Python needs some memory to carry an exception out,
    and where it gets none at all it may try again for ever."""
    unit = 1 if sys.platform == "darwin" else 1024

    def taken() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

    size = taken if begin is None else lambda: address_space() or 0
    start = taken() if begin is None else begin
    watching = True

    def look(_number: int, _frame: FrameType | None) -> None:
        if not watching:
            return  # A signal that was on its way when the watch ended.
        try:
            if size() <= start + most:
                return
        except MemoryError:
            pass  # Not even enough to look.
        unwatch()
        raise MemoryError

    def unwatch() -> None:
        nonlocal watching
        watching = False
        signal.setitimer(signal.ITIMER_PROF, 0)

    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, 0.1, 0.1)
    return unwatch
