"""How this program came onto the machine."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import dharma

_PACKAGE = Path(dharma.__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Installation:
    """`kind`: "checkout" (of a git repository) or "package" (of a Python environment). `commands`
    update it, in order."""

    kind: str
    place: Path
    commands: tuple[str, ...]


def installation(package: Path = _PACKAGE, prefix: str = sys.prefix) -> Installation:
    """What the folder of the package `dharma` tells: a checkout has the repository's files above
    it."""
    root = package.parent.parent.parent
    # In a linked work tree .git is a file.
    if (root / ".git").exists() and (root / "scripts/run").is_file():
        place = shlex.quote(str(root))
        scripts = shlex.quote(str(root / "scripts/check"))
        # The sources are what runs; the script installs packages whose lock has changed.
        return Installation("checkout", root, (f"git -C {place} pull --ff-only", scripts))
    python = shlex.quote(str(Path(prefix) / "bin/python"))
    return Installation("package", Path(prefix), (f"{python} -m pip install --upgrade iac-dharma",))
