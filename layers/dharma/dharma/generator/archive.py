"""Generated code as one file: a zip or a gzipped tar with a manifest.

The files lie at the archive's root, where Terraform looks for a module that it fetches and
CloudFormation's pipelines for a template. Nothing of the moment or of the machine is in the bytes:
times, owners, modes and order are fixed, so the same code gives the same archive (with the same
compression library; the digests of the manifest hold with any).
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from dharma import __version__
from dharma.generator.code import GeneratedCode
from dharma.model.blueprint import Blueprint

if TYPE_CHECKING:
    from dharma.generator.verification import Check

ArchiveFormat = Literal["zip", "tar.gz"]
MEDIA_TYPES: Mapping[ArchiveFormat, str] = {"zip": "application/zip", "tar.gz": "application/gzip"}
MANIFEST = "manifest.json"
MANIFEST_VERSION = "1"

# 1980-01-01 00:00:00 UTC: the earliest time that a zip can say.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_TAR_TIME = 315532800
_MODE = 0o644
_REGULAR_FILE = 0o100000
_UNIX = 3
_LEVEL = 9
# RFC 1952: magic, deflate, no flags, no time, best compression, unknown system.
_GZIP_HEADER = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255])


def archive(
    code: GeneratedCode,
    blueprint: Blueprint,
    format: ArchiveFormat,
    checks: Sequence[Check] = (),
) -> bytes:
    """The files and their `manifest.json`, which comes first."""
    described = json.dumps(manifest(code, blueprint, checks), indent=2, ensure_ascii=False) + "\n"
    files = {MANIFEST: described, **dict(sorted(code.files.items()))}
    contents = {name: text.encode() for name, text in files.items()}
    return _zip(contents) if format == "zip" else _tar_gz(contents)


def manifest(
    code: GeneratedCode, blueprint: Blueprint, checks: Sequence[Check] = ()
) -> dict[str, Any]:
    """What the code was made from, by which version of the product, and what it is: path, SHA-256
    and size in bytes of each file. `warnings` is what was not carried over one to one, `checks` how
    the code was looked at again."""
    return {
        "schemaVersion": MANIFEST_VERSION,
        "generator": {"name": "iac-dharma", "version": __version__},
        "blueprint": {"name": blueprint.name, "version": blueprint.version},
        "target": code.target,
        "files": [_entry(path, text.encode()) for path, text in sorted(code.files.items())],
        "warnings": [
            {"kind": w.kind, "address": w.address, "path": w.path, "message": w.message}
            for w in code.warnings
        ],
        "checks": [check.to_dict() for check in checks],
    }


def archive_name(code: GeneratedCode, blueprint: Blueprint, format: ArchiveFormat) -> str:
    """A file name that says what is inside, of letters that every system takes."""
    stem = f"{blueprint.name}-{blueprint.version}-{code.target}"
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', stem)[:200].lstrip('.-')}.{format}"


def _entry(path: str, data: bytes) -> dict[str, Any]:
    return {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.create_system = _UNIX
            entry.external_attr = (_REGULAR_FILE | _MODE) << 16
            packed.writestr(entry, data, zipfile.ZIP_DEFLATED, _LEVEL)
    return buffer.getvalue()


def _tar_gz(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(data), _TAR_TIME, _MODE
            packed.addfile(entry, io.BytesIO(data))
    return _gzip(buffer.getvalue())


def _gzip(data: bytes) -> bytes:
    # The standard library's header differs between versions of Python.
    squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = squeeze.compress(data) + squeeze.flush()
    trailer = zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")
    return _GZIP_HEADER + body + trailer
