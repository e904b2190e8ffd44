"""The sandbox's memory: every request that may have changed something, in order, on disk.

One JSON line per request, synced before its answer leaves. Each line carries the number that seeded
the emulator's random source for that one request, so a replay gives the same identifiers whatever
else was asked in between. A line that a kill cut short belongs to an answer that nobody got.
"""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SEED = 20_240_101


class Recording:
    """`path` is the file, made when it is missing; a torn last line is cut off."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._path = path
        self._file = os.fdopen(descriptor, "r+b")
        whole = 0
        self.count = 0
        for line in self._file:
            if not line.endswith(b"\n") or not _is_json(line):
                break
            whole += len(line)
            self.count += 1
        self._file.truncate(whole)
        self._file.seek(whole)

    def next_seed(self) -> int:
        return _SEED + self.count

    def append(self, seed: int, environ: dict[str, Any], body: bytes) -> None:
        """Synced when it returns."""
        entry = {
            "seed": seed,
            "environ": _plain(environ),
            "body": base64.b64encode(body).decode("ascii"),
        }
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.count += 1

    def entries(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Seed and WSGI environment of each request, for the replay."""
        self._file.seek(0)
        for line in self._file.readlines():
            entry = json.loads(line)
            body = base64.b64decode(entry["body"])
            yield entry["seed"], prepared(entry["environ"], body)
        self._file.seek(0, os.SEEK_END)

    def text(self) -> bytes:
        """All of it."""
        return self._path.read_bytes()

    def clear(self) -> None:
        self._file.seek(0)
        self._file.truncate(0)
        os.fsync(self._file.fileno())
        self.count = 0


def prepared(environ: dict[str, Any], body: bytes) -> dict[str, Any]:
    """A WSGI environment around a body that was read already."""
    return {
        **environ,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)),
    }


def _plain(environ: dict[str, Any]) -> dict[str, Any]:
    """What of an environment is text: the request itself, without the server's objects."""
    return {
        name: value
        for name, value in environ.items()
        if isinstance(value, str | dict) and not name.startswith(("wsgi.", "werkzeug."))
    }


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
