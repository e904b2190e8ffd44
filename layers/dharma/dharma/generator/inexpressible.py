"""What a target cannot say, on its way up to the resource that it is said of."""

from __future__ import annotations

from dharma.core.errors import NotExpressible


class Inexpressible(Exception):
    """What a target cannot say; `path` grows on the way up to the resource."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.path: list[str | int] = []

    def at(self, place: str) -> NotExpressible:
        """The error that names the place."""
        path = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in self.path)
        return NotExpressible(f"{place}{path}: {self.message}")
