"""The samples of this folder, and what two events must have in common."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def sample(name: str) -> Any:
    return json.loads((HERE / f"{name}.json").read_text())


def shape(value: Any) -> Any:
    """Names and types: `{"a": [1, 2]}` is `{"a": ["int"]}`."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__
