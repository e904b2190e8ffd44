"""One thing or several of it."""

from __future__ import annotations

from typing import Any


def as_list(value: Any) -> list[Any]:
    """A list as it is; what is none as the only element of one."""
    return value if isinstance(value, list) else [value]
