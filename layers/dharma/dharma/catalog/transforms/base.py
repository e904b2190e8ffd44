"""What all transforms have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

from dharma.catalog.paths import conditional
from dharma.model.expressions.nodes import Conditional, Unknown, Value


class Untransformable(ValueError):
    """The value has no form on the other side; the message says why. Stays inside the catalog."""


def is_text(value: Value) -> TypeGuard[str]:
    return isinstance(value, str)


def is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Transform:
    """The same value on both sides; base of the others."""

    def write(self, value: Value) -> Value:
        if value is None or isinstance(value, Unknown):
            return value
        if isinstance(value, Conditional):
            return conditional(value.condition, self.write(value.then), self.write(value.otherwise))
        return self._write(value)

    def read(self, value: Value) -> Value:
        if value is None or isinstance(value, Unknown):
            return value
        if isinstance(value, Conditional):
            recognised = self._recognise(value)
            if recognised is not None:
                return recognised
            return conditional(value.condition, self.read(value.then), self.read(value.otherwise))
        return self._read(value)

    def _write(self, value: Value) -> Value:
        return value

    def _read(self, value: Value) -> Value:
        return value

    def _recognise(self, value: Conditional) -> Value:
        """The expression whose symbolic form this conditional is, if it is one."""
        return None


SAME = Transform()
