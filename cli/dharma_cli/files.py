"""Writing results: whole or not at all."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path

from dharma.core.errors import InvalidInput


def write_all(directory: Path, files: Mapping[str, str | bytes]) -> None:
    """Write every file aside first, then rename them into place.

    InvalidInput when the folder cannot be written; nothing of ours is left behind then.
    """
    aside: list[tuple[Path, Path]] = []
    try:
        for name, content in files.items():
            target = directory / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                # Found out here, and not when half of the others are in place.
                raise IsADirectoryError(errno.EISDIR, f"{target} is a folder")
            building = target.with_name(f".{target.name}.new")
            aside.append((building, target))
            building.write_bytes(content.encode() if isinstance(content, str) else content)
        for building, target in aside:
            building.replace(target)
    except OSError as error:
        for building, _ in aside:
            building.unlink(missing_ok=True)
        raise InvalidInput(f"Cannot write to {directory}: {error.strerror}") from error
