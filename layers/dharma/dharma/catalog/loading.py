"""Kind files from disk, compiled once to JSON.

Reading YAML costs ten times what reading JSON does, so the files are compiled into
`__compiled__/kinds.json` the way Python compiles modules: the compiled form names every file with
its size and modification time, and holds as long as they do (or, after a copy that changed the
times, as long as the contents' digests do). Where the folder cannot be written, nothing is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dharma.core.errors import Misconfigured

KINDS_FOLDER = Path(__file__).parent / "kinds"
COMPILED_FILE = Path(__file__).parent / "__compiled__" / "kinds.json"
_FORMAT_VERSION = 1


def load_kind_data(
    folder: Path = KINDS_FOLDER, compiled: Path | None = COMPILED_FILE
) -> dict[str, dict[str, Any]]:
    """The plain data of every kind file, by kind, in the order of their names."""
    files = _files(folder)
    stored = _stored(compiled) if compiled is not None else None
    if stored is not None:
        if stored["stamps"] == _stamps(files):
            kinds: dict[str, dict[str, Any]] = stored["kinds"]
            return kinds
        if stored["digests"] == _digests(files):
            _keep(compiled, {**stored, "stamps": _stamps(files)})
            return dict(stored["kinds"])
    kinds = {name: _plain(_parsed(path), path) for name, path in sorted(files.items())}
    kinds = {data["kind"]: data for data in kinds.values()}
    _keep(
        compiled,
        {
            "version": _FORMAT_VERSION,
            "stamps": _stamps(files),
            "digests": _digests(files),
            "kinds": kinds,
        },
    )
    return kinds


def _files(folder: Path) -> dict[str, os.DirEntry[str]]:
    """Kind files by `<provider>/<file>`, with their stat at hand."""
    found: dict[str, os.DirEntry[str]] = {}
    for provider in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if provider.is_dir():
            for entry in os.scandir(provider.path):
                if entry.name.endswith(".yaml"):
                    found[f"{provider.name}/{entry.name}"] = entry
    return dict(sorted(found.items()))


def _stamps(files: Mapping[str, os.DirEntry[str]]) -> dict[str, list[int]]:
    stats = {name: entry.stat() for name, entry in files.items()}
    return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}


def _digests(files: Mapping[str, os.DirEntry[str]]) -> dict[str, str]:
    return {
        name: hashlib.sha256(Path(entry.path).read_bytes()).hexdigest()
        for name, entry in files.items()
    }


def _stored(compiled: Path) -> dict[str, Any] | None:
    try:
        stored = json.loads(compiled.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(stored, dict) or stored.get("version") != _FORMAT_VERSION:
        return None
    return stored


def _keep(compiled: Path | None, content: dict[str, Any]) -> None:
    """Replace the compiled file in one step; several processes may do so at once."""
    if compiled is None:
        return
    try:
        compiled.parent.mkdir(exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=compiled.parent, suffix=".tmp")
        with os.fdopen(handle, "w") as file:
            json.dump(content, file, separators=(",", ":"))
        Path(scratch).replace(compiled)
    except OSError:
        return


def _parsed(entry: os.DirEntry[str]) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(Path(entry.path).read_bytes(), Loader=loader)
    except yaml.YAMLError as fault:
        raise Misconfigured(f"{entry.path}: {fault}") from fault


def _plain(data: Any, entry: os.DirEntry[str]) -> dict[str, Any]:
    if not isinstance(data, dict) or f"{data.get('kind')}.yaml" != entry.name:
        raise Misconfigured(f"{entry.path}: `kind` must be the file's name")
    plain = _with_pairs(data)
    assert isinstance(plain, dict)
    return plain


def _with_pairs(value: Any) -> Any:
    """JSON keys are text, an enum's keys may be true and false: enum tables become pairs."""
    if isinstance(value, list):
        return [_with_pairs(v) for v in value]
    if not isinstance(value, dict):
        return value
    return {
        str(key): [[k, v] for k, v in inner.items()]
        if key == "enum" and isinstance(inner, dict)
        else _with_pairs(inner)
        for key, inner in value.items()
    }
