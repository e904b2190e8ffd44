"""Reading the files that people name on the command line, within limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dharma.core.errors import Fault, InvalidInput, NotFound
from dharma.core.reading import read_bounded

MAX_BYTES = 10 * 1024 * 1024


def read_text(path: Path) -> str:
    """The text of a UTF-8 file; never more than the limit is read, whatever the path is."""
    from dharma.blueprint.yaml_source import decode

    try:
        data = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise NotFound(f"{path}: {error.strerror}") from error
    return decode(data, str(path))


def read_tables(path: Path | None, *, below: str = "") -> dict[str, dict[str, Any]]:
    """A map of maps out of YAML or JSON: `aws_sqs_queue.jobs: {monthly_requests: 5}`.

    It may stand below the key `below`. Nothing is read for None.
    """
    if path is None:
        return {}
    stated = _read(path)
    table = stated.get(below, stated) if isinstance(stated, dict) else None
    if not isinstance(table, dict):
        raise InvalidInput(f"{path} must be a map of maps")
    wrong = [
        Fault("must be a map", name, str(path))
        for name, entry in table.items()
        if not isinstance(entry, dict)
    ]
    if wrong:
        raise InvalidInput(f"{path} has {len(wrong)} fault(s)", wrong)
    return table


def read_list(path: Path | None) -> list[Any]:
    """A list out of YAML or JSON; nothing is read for None."""
    if path is None:
        return []
    stated = _read(path)
    if not isinstance(stated, list):
        raise InvalidInput(f"{path} must be a list")
    return stated


def _read(path: Path) -> Any:
    from dharma.blueprint.yaml_source import read_yaml

    return _plain(read_yaml(read_text(path), str(path)))


def _plain(node: Any) -> Any:
    if isinstance(node.value, dict):
        return {name: _plain(child) for name, (_, child) in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(child) for child in node.value]
    return node.value
