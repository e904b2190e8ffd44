"""Reading the files that people name on the command line, within limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dharma.core.errors import Fault, InvalidInput, LimitExceeded, NotFound

MAX_BYTES = 10 * 1024 * 1024


def read_text(path: Path) -> str:
    """The text of a UTF-8 file; never more than the limit is read, whatever the path is."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise NotFound(f"{path}: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"{path} is larger than {MAX_BYTES // 2**20} MB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not UTF-8 (byte {error.start})") from error


def read_usage(path: Path | None) -> dict[str, dict[str, Any]]:
    """Usage figures by address, out of YAML or JSON: `aws_sqs_queue.jobs: {monthly_requests: 5}`.

    The addresses may stand below `resource_usage`, as in the usage files of others.
    """
    if path is None:
        return {}
    from dharma.blueprint.yaml_source import read_yaml

    stated = _plain(read_yaml(read_text(path), str(path)))
    usage = stated.get("resource_usage", stated) if isinstance(stated, dict) else None
    if not isinstance(usage, dict):
        raise InvalidInput(f"{path} must map addresses to usage figures")
    wrong = [
        Fault("must be a map of figures", address, str(path), hint="{monthly_requests: 1000}")
        for address, figures in usage.items()
        if not isinstance(figures, dict)
    ]
    if wrong:
        raise InvalidInput(f"{path} has {len(wrong)} fault(s)", wrong)
    return usage


def _plain(node: Any) -> Any:
    if isinstance(node.value, dict):
        return {name: _plain(child) for name, (_, child) in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(child) for child in node.value]
    return node.value
