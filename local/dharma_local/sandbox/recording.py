"""The sandbox's memory: every request that may have changed something, in order, on disk.

One JSON line per request, synced before its answer leaves. Each line carries the number that seeded
the emulator's random source for that one request, so a replay gives the same identifiers whatever
else was asked in between. A line that a kill cut short belongs to an answer that nobody got.

A recording that has become long is cut: its first line then names a file with the whole state that
all requests so far had led to, and only what came after is replayed (`snapshot`).
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SEED = 20_240_101


Scope = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """What a recording begins behind: the state in the file `name` beside it, to which `count`
    requests led; `seen` are the services and regions that they went to."""

    name: str
    count: int
    seen: tuple[Scope, ...]


class Recording:
    """`path` is the file, made when it is missing; a torn last line is cut off. `count` is the
    number of requests ever, `length` that of bytes."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._open()

    def _open(self) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        self.base: Base | None = None
        self.count = self.length = 0
        self._digest = hashlib.sha256()
        for line in self._lines():
            said = _json(line) if line.endswith(b"\n") else None
            if said is None:
                break
            if self.length == 0 and "base" in said:
                seen = tuple(tuple(scope) for scope in said["seen"])
                self.base = Base(said["base"], said["count"], seen)
                self.count = self.base.count
            else:
                self.count += 1
            self.length += len(line)
            self._digest.update(line)
        self._file.truncate(self.length)
        self._file.seek(self.length)

    def next_seed(self) -> int:
        return _SEED + self.count

    def append(self, seed: int, environ: dict[str, Any], body: bytes) -> None:
        """Synced when it returns; where there is no room for it, the recording stays as it was."""
        entry = {
            "seed": seed,
            "environ": _plain(environ),
            "body": base64.b64encode(body).decode("ascii"),
        }
        line = json.dumps(entry).encode() + b"\n"
        try:
            written = 0
            while written < len(line):
                written += self._file.write(line[written:])
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(self.length)
            self._file.seek(self.length)
            raise
        self._digest.update(line)
        self.length += len(line)
        self.count += 1

    def entries(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Seed and WSGI environment of each request, for the replay."""
        for number, line in enumerate(self._lines()):
            entry = json.loads(line)
            if number > 0 or self.base is None:
                body = base64.b64decode(entry["body"])
                yield entry["seed"], prepared(entry["environ"], body)

    def _lines(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            yield from file

    def fingerprint(self) -> tuple[int, str]:
        """Length and digest of all of it."""
        return self.length, self._digest.hexdigest()

    def begins_with(self, length: int, digest: str) -> bool:
        """Whether it had this fingerprint once."""
        found = hashlib.sha256()
        with self._path.open("rb") as file:
            while length > 0 and (part := file.read(min(length, 1 << 20))):
                found.update(part)
                length -= len(part)
        return length == 0 and found.hexdigest() == digest

    def cut(self, name: str, seen: Sequence[Scope]) -> None:
        """Begin anew behind the state in the file `name`, which is on the disk already. Whatever is
        killed in between, the recording is the old one or the new one."""
        head = {"base": name, "count": self.count, "seen": sorted(seen)}
        new = self._path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(head).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._file.close()
        new.replace(self._path)
        self._open()

    def set_aside(self) -> Path:
        """Begin with nothing; the file lies beside the new one from now on."""
        aside = self._path.with_suffix(".unreadable")
        self._file.close()
        self._path.replace(aside)
        self._open()
        return aside

    def clear(self) -> None:
        self._file.close()
        self._path.unlink()
        self._open()


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


def _json(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
