"""A child process ends when its parent does, however the parent ended.

The parent keeps the writing end of a pipe open that nobody ever writes to; the child waits for its
end. Works on Linux and macOS. On Linux the kernel is asked as well (PR_SET_PDEATHSIG), for a child
that is deep inside an extension and lets no other thread run.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

VARIABLE = "DHARMA_LIFELINE"
_PR_SET_PDEATHSIG = 1
_ends: list[tuple[int, int]] = []


def descriptor() -> int:
    """The end to hand to a child (`pass_fds`, and its number in `VARIABLE`)."""
    if not _ends:
        _ends.append(os.pipe())
    return _ends[0][0]


def hold_on() -> None:
    """Called by a child at its start. Without a lifeline in the environment it does nothing."""
    text = os.environ.pop(VARIABLE, None)
    if text is None:
        return
    end = int(text)
    os.set_inheritable(end, False)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_wait, args=(end,), name="lifeline", daemon=True).start()


def _wait(end: int) -> None:
    os.read(end, 1)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # with whatever the handlers started
    os.kill(os.getpid(), signal.SIGKILL)
