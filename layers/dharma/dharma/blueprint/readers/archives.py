"""The files of a zip or tar.gz archive, within limits.

Sizes are counted while unpacking, never believed: an archive may say less than it holds. Links and
devices are left out; what is encrypted, or packed otherwise than every tool can (a few bytes of
bzip2 or LZMA may ask for gigabytes), is refused, and so is a name that comes twice: which of the
two counts differs from tool to tool. Archives inside of archives stay closed.

People pack whole folders, with what their system put there: a file beside the code may have any
name. One whose name could play with a terminal, or is no text, is left out; refused only where it
ends as what is read does.
"""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from dharma.blueprint.readers.terraform.files import MAX_FILE_BYTES, MAX_TOTAL_BYTES, joined
from dharma.core.errors import Fault, InvalidTemplate, LimitExceeded

MAX_ENTRIES = 20_000
_CHUNK = 64 * 1024
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_READ = (".tf", ".tfvars", ".json", ".yaml", ".yml", ".tftpl", ".tpl", ".jinja", ".j2")
# Control characters, those that turn the direction of writing or are not seen, halves of
# characters, ends of lines. Other spaces are ordinary: macOS itself writes them.
_NO_NAME = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"  # Of category Cf, but needed to write Persian, or an emoji.
# All that a tar says beside the contents of its files: heads, long names, ends of blocks.
_BESIDE = MAX_ENTRIES * 2048


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
            if content is None:
                continue
            if _plays(name):
                if name.lower().endswith(_READ):
                    raise _unreadable(f"{name!a} is no name of a file", file)
                continue
            path = joined("", name)
            if path in found:
                raise _unreadable(f"it holds {path} twice", file)
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
    except _Endless as error:
        raise _too_much(f"it unpacks to more than {error} MB", file) from error
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise _unreadable(str(error) or "it ends too early", file) from error
    except (ValueError, IndexError, struct.error, NotImplementedError, RuntimeError) as error:
        # What Python's own readers do not see coming: places before the beginning, names that are
        # no UTF-8, and so on.
        raise _unreadable("it is damaged", file) from error
    return found


def _plays(name: str) -> bool:
    """Whether a name is more than text that one sees, or no text at all."""
    return not name.isprintable() and any(
        unicodedata.category(c) in _NO_NAME and c not in _JOINERS for c in name
    )


def _zip(data: bytes) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Every entry; without content what is no regular file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            mode = entry.external_attr >> 16
            if entry.is_dir() or (mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG)):
                yield entry.filename, None
                continue
            if entry.flag_bits & _ENCRYPTED:
                raise zipfile.BadZipFile(f"{entry.filename!a} is encrypted")
            if entry.compress_type not in _PACKED:
                message = f"{entry.filename!a} is not packed with deflate, as every tool can"
                raise zipfile.BadZipFile(message)
            # `filename` ends at a null, so that "a.tf\0.png" would be code here and nowhere else.
            whole = entry.orig_filename
            yield whole if "\0" in whole else entry.filename, archive.open(entry)


def _tar(data: bytes) -> Iterator[tuple[str, IO[bytes] | None]]:
    # A stream, so that nothing is read before it is needed.
    with (
        gzip.GzipFile(fileobj=io.BytesIO(data)) as unpacked,
        tarfile.open(fileobj=_Counting(unpacked), mode="r|") as archive,
    ):
        for entry in archive:
            yield entry.name, archive.extractfile(entry) if entry.isreg() else None


class _Endless(Exception):
    """What an archive unpacks to is more than this many megabytes, files or not."""


class _Counting(io.BufferedIOBase):
    """A stream that is read no further than to all that an archive may unpack to.

    Of what a tar says beside its files, Python's reader would take any amount into memory.
    """

    def __init__(self, stream: io.BufferedIOBase) -> None:
        super().__init__()
        self._stream = stream
        self._left = MAX_TOTAL_BYTES + _BESIDE

    def read(self, size: int | None = -1, /) -> bytes:
        piece = self._stream.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise _Endless((MAX_TOTAL_BYTES + _BESIDE) // 1024 // 1024)
        return piece


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
