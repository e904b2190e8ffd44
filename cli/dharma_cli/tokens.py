"""Access tokens of the command line: one file per user, readable by nobody else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from dharma.core.errors import Misconfigured


def path() -> Path:
    """`$XDG_CONFIG_HOME/iac-dharma/tokens.json`."""
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "iac-dharma" / "tokens.json"


def load(address: str) -> str | None:
    """The token for an address, or None."""
    token = _stored().get(address.rstrip("/"))
    return token if isinstance(token, str) else None


def save(address: str, token: str) -> Path:
    """Store a token; the file is created with mode 0600 and replaced as a whole."""
    file = path()
    stored = {**_stored(), address.rstrip("/"): token}
    aside = file.with_suffix(".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside.unlink(missing_ok=True)
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(stored, stream, indent=2)
        aside.replace(file)
    except OSError as error:
        raise Misconfigured(f"{file} cannot be written: {error.strerror}") from error
    return file


def _stored() -> dict[str, Any]:
    """All tokens by address. A file that holds something else is as good as none: logging in
    writes it anew."""
    file = path()
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read: {error.strerror}") from error
    return stored if isinstance(stored, dict) else {}
