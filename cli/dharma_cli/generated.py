"""Generated code in a folder: what lies there already is replaced only where it is ours.

A file counts as ours when the folder's own list has it with the digest of what we wrote last, so
that an edit made since is not lost either; or when it holds just what would be written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from dharma.core.errors import Conflict, Fault
from dharma_cli.files import write_all

LIST = ".iac-dharma-files.json"


def write_generated(directory: Path, files: Mapping[str, str], *, force: bool) -> None:
    """Write all of it or nothing. Conflict names the files that would be lost, unless `force`."""
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
    ours = _listed(directory)
    present = {name: _digest(directory / name) for name in files}
    foreign = [
        Fault("was not written here, or was changed since", file=str(directory / name))
        for name, digest in present.items()
        if digest is not None and digest not in (ours.get(name), digests[name])
    ]
    if foreign and not force:
        names = "file" if len(foreign) == 1 else "files"
        message = f"{len(foreign)} {names} in {directory} would be lost; --force overwrites"
        raise Conflict(message, foreign)
    stated = {"schemaVersion": "1", "files": {**ours, **digests}}
    write_all(directory, {**files, LIST: json.dumps(stated, indent=2, sort_keys=True) + "\n"})


def _listed(directory: Path) -> dict[str, str]:
    """Digests by name; a list that cannot be read is as good as none."""
    try:
        stated = json.loads((directory / LIST).read_text(encoding="utf-8"))
        files = stated["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in files.items()} if isinstance(files, dict) else {}


def _digest(path: Path) -> str | None:
    """Of a file; None where there is nothing. A folder is left to the writing, which refuses it."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
