"""The files of a zip or tar.gz archive, within limits.

Sizes are counted while unpacking, never believed: an archive may say less than it holds. Links,
devices and encrypted files are left out or refused; archives inside of archives stay closed.
"""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from dharma.blueprint.readers.terraform.files import MAX_FILE_BYTES, MAX_TOTAL_BYTES, joined
from dharma.core.errors import Fault, InvalidTemplate, LimitExceeded

MAX_ENTRIES = 20_000
_CHUNK = 64 * 1024


def is_archive(data: str | bytes) -> bool:
    """Whether the bytes begin as a zip or a gzip file does."""
    return isinstance(data, bytes) and data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b"))


def unpack(data: bytes, file: str | None) -> dict[str, bytes]:
    """The regular files by path. Raises `InvalidTemplate` for what cannot be read, `Outside` for a
    path that leads out of the archive, `LimitExceeded`."""
    entries = _zip(data) if data[:2] == b"PK" else _tar(data)
    found: dict[str, bytes] = {}
    total = 0
    try:
        for count, (name, content) in enumerate(entries):
            if count >= MAX_ENTRIES:
                raise _too_much(f"more than {MAX_ENTRIES} entries", file)
            path = joined("", name)
            with content:
                unpacked = _bounded(content, min(MAX_FILE_BYTES, MAX_TOTAL_BYTES - total))
            if unpacked is None:
                limit = MAX_TOTAL_BYTES // 1024 // 1024
                each = MAX_FILE_BYTES // 1024 // 1024
                raise _too_much(
                    f"{path} unpacks to more than {each} MB, or all to {limit} MB", file
                )
            total += len(unpacked)
            found[path] = unpacked
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise _unreadable(str(error) or "it ends too early", file) from error
    except (RuntimeError, NotImplementedError) as error:
        # An encrypted file, or a way of packing that Python does not know.
        raise _unreadable(str(error), file) from error
    return found


def _zip(data: bytes) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            mode = entry.external_attr >> 16
            if not entry.is_dir() and not (mode and stat.S_ISLNK(mode)):
                yield entry.filename, archive.open(entry)


def _tar(data: bytes) -> Iterator[tuple[str, IO[bytes]]]:
    # A stream, so that nothing is read before it is needed.
    with tarfile.open(fileobj=io.BytesIO(data), mode="r|gz") as archive:
        for entry in archive:
            content = archive.extractfile(entry) if entry.isreg() else None
            if content is not None:
                yield entry.name, content


def _bounded(content: IO[bytes], limit: int) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    while piece := content.read(_CHUNK):
        size += len(piece)
        if size > limit:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _unreadable(message: str, file: str | None) -> InvalidTemplate:
    fault = Fault(f"the archive cannot be read: {message}", file=file)
    return InvalidTemplate(str(fault), [fault])


def _too_much(message: str, file: str | None) -> LimitExceeded:
    fault = Fault(f"the archive is too large: {message}", file=file)
    return LimitExceeded(str(fault), [fault])
