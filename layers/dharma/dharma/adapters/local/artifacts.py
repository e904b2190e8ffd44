"""`ArtifactStore` as a directory, and in memory for tests."""

from __future__ import annotations

from pathlib import Path

from dharma.adapters.local.files import write_atomically
from dharma.core.artifacts import check_artifact
from dharma.core.errors import Conflict, NotFound, Unavailable


class DirectoryArtifacts:
    """Files below one root. The grammar of keys leaves no way out of it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: bytes) -> None:
        check_artifact(key, data)
        try:
            write_atomically(self._root / key, data)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            # Fine in S3, impossible in a file system.
            raise Conflict(f"{key} is a folder of other artifacts, or lies below one") from error
        except OSError as error:
            raise Unavailable(f"the artifact {key} cannot be written: {error.strerror}") from error

    def get(self, key: str) -> bytes:
        check_artifact(key)
        try:
            return (self._root / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotFound(f"there is no artifact {key}") from error
        except OSError as error:
            raise Unavailable(f"the artifact {key} cannot be read: {error.strerror}") from error

    def delete(self, key: str) -> None:
        check_artifact(key)
        path = self._root / key
        if path.is_file():
            path.unlink(missing_ok=True)

    def list(self, prefix: str = "") -> list[str]:
        folder = prefix.rpartition("/")[0]
        if folder:
            check_artifact(folder)
        found = (
            path.relative_to(self._root).as_posix()
            for path in (self._root / folder).rglob("*")
            # A name with a leading dot is being written.
            if path.is_file() and not path.name.startswith(".")
        )
        return sorted(key for key in found if key.startswith(prefix))


class MemoryArtifacts:
    """The fake, with the same errors."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}

    def put(self, key: str, data: bytes) -> None:
        check_artifact(key, data)
        self._data[key] = data

    def get(self, key: str) -> bytes:
        check_artifact(key)
        if key not in self._data:
            raise NotFound(f"there is no artifact {key}")
        return self._data[key]

    def delete(self, key: str) -> None:
        check_artifact(key)
        self._data.pop(key, None)

    def list(self, prefix: str = "") -> list[str]:
        return sorted(key for key in self._data if key.startswith(prefix))
