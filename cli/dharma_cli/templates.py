"""The library of ready-made blueprints that `init --template` starts from."""

from __future__ import annotations

from pathlib import Path

from dharma.core import project_files
from dharma.core.errors import NotFound


def names() -> list[str]:
    """Names of all templates, sorted: the file name without its ending."""
    return sorted(path.stem for path in _files())


def text(name: str) -> str:
    """The text of a template; NotFound lists what there is."""
    found = next((path for path in _files() if path.stem == name), None)
    if found is None:
        raise NotFound(f"There is no template {name!r}; there are: {', '.join(names())}")
    return found.read_text(encoding="utf-8")


def _files() -> list[Path]:
    return list(project_files.find("templates").glob("*/*.yaml"))
