"""What can go wrong with an expression: its text, or its evaluation."""

from __future__ import annotations

from dharma.core.errors import InvalidInput


class ExpressionError(InvalidInput):
    """Text that is no expression. `offset` counts characters from the start of the parsed text."""

    def __init__(self, message: str, offset: int = 0, hint: str | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        self.hint = hint


class EvaluationError(InvalidInput):
    """An expression that is well formed and cannot have a value (`1 + "a"`, an index too high)."""


class NoFile(EvaluationError):
    """A file that an expression reads and that is not here."""
