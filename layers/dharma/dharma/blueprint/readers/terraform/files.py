"""The files of a configuration: a folder on disk, or what somebody sent.

Nothing outside the root is ever opened: neither by `..` nor through a symbolic link. Paths are
relative to the root, with slashes.
"""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from dharma.core.errors import Fault, InvalidInput, LimitExceeded
from dharma.core.reading import read_bounded

MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_TOTAL_BYTES = 64 * 1024 * 1024
MAX_FILES = 20_000


class Outside(InvalidInput):
    """A path that leads out of the folder that may be read."""


class Files(Protocol):
    """`shown` gives the name by which people know a file."""

    def names(self, folder: str) -> list[str]:
        """The files directly in a folder; empty for one that there is not."""

    def read(self, path: str) -> bytes:
        """Raises FileNotFoundError, `Outside`, `LimitExceeded`."""

    def walk(self, folder: str) -> Iterable[str]:
        """All files below a folder, as paths from it."""

    def shown(self, path: str) -> str:
        """The path as it was named by the user."""


def joined(folder: str, path: str) -> str:
    """A path seen from a folder, normal. Raises `Outside` where it leaves the root."""
    whole = posixpath.normpath(posixpath.join(folder, path))
    if path.startswith("/") or whole == ".." or whole.startswith("../"):
        raise Outside(f"{path} leads out of the folder that is read")
    return whole


def printable(path: str) -> str:
    """A path as text: what is none in the name of a file on disk is written as an escape."""
    return path.encode("utf-8", "backslashreplace").decode()


def is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is, or leads to, a regular file; a link that leads to itself does not."""
    try:
        return entry.is_file()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise


class _Counted:
    """Adds up what is read."""

    def __init__(self) -> None:
        self._left = MAX_TOTAL_BYTES

    def spend(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            limit = MAX_TOTAL_BYTES // 1024 // 1024
            raise LimitExceeded(f"the files are larger than {limit} MB together")
        return data


class DiskFiles(_Counted):
    """The files below `root` on disk. `folder` is the one that the user named, as `named`."""

    def __init__(self, root: Path, folder: str, named: str) -> None:
        super().__init__()
        self._root = Path(os.path.realpath(root))
        self._folder = folder
        self._named = named

    def names(self, folder: str) -> list[str]:
        place = self._inside(folder)
        try:
            with os.scandir(place) as entries:
                found = [e.name for e in entries if is_file(e)]
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                return []
            raise
        if len(found) > MAX_FILES:
            raise LimitExceeded(f"{self.shown(folder)}: more than {MAX_FILES} files")
        return sorted(found)

    def read(self, path: str) -> bytes:
        return self.spend(read_bounded(self._inside(path), MAX_FILE_BYTES))

    def walk(self, folder: str) -> Iterable[str]:
        place = self._inside(folder)
        found: list[str] = []
        for here, folders, files in os.walk(place):
            folders.sort()
            for name in sorted(files):
                relative = os.path.relpath(os.path.join(here, name), place)
                found.append(relative.replace(os.sep, "/"))
                if len(found) > MAX_FILES:
                    raise LimitExceeded(f"{self.shown(folder)}: more than {MAX_FILES} files")
        return found

    def shown(self, path: str) -> str:
        named = posixpath.join(self._named, posixpath.relpath(path, self._folder))
        return printable(posixpath.normpath(named))

    def _inside(self, path: str) -> Path:
        place = Path(os.path.realpath(self._root / path))
        if place != self._root and self._root not in place.parents:
            message = f"{self.shown(path)} leads out of the folder that is read"
            raise Outside(message, [Fault(message, file=self.shown(path))])
        return place


def files_around(folder: Path, named: str) -> tuple[DiskFiles, str]:
    """The files that may be read from a folder: those of the same repository (below the nearest
    folder with a `.git`), else those below the folder itself; and the folder's path among them."""
    real = Path(os.path.realpath(folder))
    root = next((p for p in (real, *real.parents) if (p / ".git").exists()), real)
    inside = real.relative_to(root).as_posix()
    return DiskFiles(root, inside, named), inside


class SentFiles(_Counted):
    """Files that were sent, by path; `known_as` gives other names by which people know them."""

    def __init__(
        self, files: Mapping[str, bytes], known_as: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self._known_as = known_as or {}
        if len(files) > MAX_FILES:
            raise LimitExceeded(f"more than {MAX_FILES} files")
        self._files = {joined("", path): data for path, data in files.items()}

    def names(self, folder: str) -> list[str]:
        wanted = "" if folder == "." else folder
        return sorted(
            posixpath.basename(path) for path in self._files if posixpath.dirname(path) == wanted
        )

    def read(self, path: str) -> bytes:
        if path not in self._files:
            raise FileNotFoundError(path)
        return self.spend(self._files[path])

    def walk(self, folder: str) -> Iterable[str]:
        start = "" if folder == "." else f"{folder}/"
        return sorted(p.removeprefix(start) for p in self._files if p.startswith(start))

    def shown(self, path: str) -> str:
        return self._known_as.get(path, path)
