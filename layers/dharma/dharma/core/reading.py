"""Reading files that people name: never more than a limit, whatever the path leads to."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path

from dharma.core.errors import Fault, LimitExceeded

_CHUNK = 1024 * 1024
# A pipe that was just made may get its writer a moment later.
PATIENCE_SECONDS = 2.0


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a file, a pipe or a device.

    Raises OSError as opening does, also for a folder and for a pipe that nobody writes into;
    LimitExceeded beyond `limit` bytes, also where there is no end (`/dev/zero`).
    """
    # Without blocking: opening a pipe would otherwise wait for a writer, maybe for ever.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if found.st_size > limit:
            raise _too_large(path, limit)
        first = _first(handle, path) if stat.S_ISFIFO(found.st_mode) else b""
        os.set_blocking(handle, True)
        return _read(handle, path, limit, first)
    finally:
        os.close(handle)


def _first(handle: int, path: Path) -> bytes:
    """What a pipe has already. Empty when its writer is slow, or has ended."""
    poll = select.poll()
    poll.register(handle, select.POLLHUP)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            piece = os.read(handle, _CHUNK)
        except BlockingIOError:
            return b""  # Somebody has it open and writes nothing yet.
        # Nothing is also what a pipe says that has no writer; that one has ended, too, once it had.
        if piece or poll.poll(0):
            return piece
        if time.monotonic() > deadline:
            raise OSError(errno.EPIPE, "nobody writes into this pipe", str(path))
        time.sleep(0.02)


def _read(handle: int, path: Path, limit: int, first: bytes) -> bytes:
    pieces = [first]
    size = len(first)
    while size <= limit and (piece := os.read(handle, _CHUNK)):
        pieces.append(piece)
        size += len(piece)
    if size > limit:
        raise _too_large(path, limit)
    return b"".join(pieces)


def _too_large(path: Path, limit: int) -> LimitExceeded:
    message = f"the file is larger than {limit // 1024 // 1024} MB"
    if limit < 1024 * 1024:
        message = f"the file is larger than {limit // 1024} KB"
    return LimitExceeded(f"{path}: {message}", [Fault(message, file=str(path))])
