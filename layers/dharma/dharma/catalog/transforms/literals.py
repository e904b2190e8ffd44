"""Literals that are others in the format: words, flags, numbers in another unit."""

from __future__ import annotations

from dataclasses import dataclass

from dharma.catalog.literals import text_of
from dharma.catalog.transforms.base import Transform, Untransformable, is_number, is_text
from dharma.model.expressions.negation import negated
from dharma.model.expressions.nodes import Binary, Conditional, Expression, Unary, Value


@dataclass(frozen=True, slots=True)
class Enum(Transform):
    """Literals by a table. Several native literals may read as one; the first is written."""

    pairs: tuple[tuple[Value, Value], ...]
    further: tuple[tuple[Value, Value], ...] = ()

    def _write(self, value: Value) -> Value:
        if isinstance(value, Expression):
            return self._chain(value, self.pairs)
        for key, native in self.pairs:
            if key == value and type(key) is type(value):
                return native
        raise Untransformable(f"{value!r} is none of {[k for k, _ in self.pairs]}")

    def _read(self, value: Value) -> Value:
        swapped = tuple((native, key) for key, native in self.pairs)
        if isinstance(value, Expression):
            return self._inverse(value, swapped)
        for native, key in (*swapped, *((n, k) for k, n in self.further)):
            if native == value:
                return key
        if isinstance(value, str):  # Azure takes `systemAssigned`; it can mean nothing else.
            for native, key in swapped:
                if isinstance(native, str) and native.lower() == value.lower():
                    return key
        raise Untransformable(f"{value!r} is none of {[n for _, n in self.pairs]}")

    def _chain(self, value: Value, table: tuple[tuple[Value, Value], ...]) -> Value:
        """`value` looked up in the table, as nested conditionals; the last entry is the rest."""
        if all(isinstance(key, bool) for key, _ in table):
            by_key = {bool(key): native for key, native in table}
            if isinstance(value, Unary) and value.operator == "!":
                return Conditional(value.operand, by_key.get(False), by_key.get(True))
            return Conditional(value, by_key.get(True), by_key.get(False))
        (key, native), *rest = table
        if not rest:
            return native
        return Conditional(Binary("==", value, key), native, self._chain(value, tuple(rest)))

    def _inverse(self, value: Value, swapped: tuple[tuple[Value, Value], ...]) -> Value:
        if {key for _, key in swapped} == {True, False}:
            wanted = next(native for native, key in swapped if key is True)
            return Binary("==", value, wanted)
        return self._chain(value, swapped)

    def _recognise(self, value: Conditional) -> Value:
        natives = {key: native for key, native in self.pairs if isinstance(key, bool)}
        if len(natives) == 2:
            if (value.then, value.otherwise) == (natives[True], natives[False]):
                return value.condition
            if (value.then, value.otherwise) == (natives[False], natives[True]):
                return negated(value.condition)
            return None
        test = value.condition
        if isinstance(test, Binary) and test.operator == "==":
            if value == self._chain(test.left, self.pairs):
                return test.left
            swapped = tuple((native, key) for key, native in self.pairs)
            if value == self._chain(test.left, swapped):
                return test.left
        return None


@dataclass(frozen=True, slots=True)
class Not(Transform):
    """A flag that the format states the other way round."""

    def _write(self, value: Value) -> Value:
        return negated(value)

    def _read(self, value: Value) -> Value:
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "false"
        return negated(value)


@dataclass(frozen=True, slots=True)
class Text(Transform):
    """A number or flag that the format holds as text. Both languages turn an expression into text
    by themselves, and reading brings text back to the property's type."""

    def _write(self, value: Value) -> Value:
        if isinstance(value, bool | int | float):
            return text_of(value)
        return value


@dataclass(frozen=True, slots=True)
class Scale(Transform):
    """The format counts in a smaller unit: model times `factor`."""

    factor: int

    def _write(self, value: Value) -> Value:
        if is_number(value):
            return value * self.factor
        if isinstance(value, Expression):
            if isinstance(value, Binary) and value.operator == "/" and value.right == self.factor:
                return value.left
            return Binary("*", value, self.factor)
        raise Untransformable(f"{value!r} is no number")

    def _read(self, value: Value) -> Value:
        if is_text(value) and value.lstrip("-").isdigit():
            value = int(value)
        if is_number(value):
            quotient = value / self.factor
            return int(quotient) if quotient.is_integer() else quotient
        if isinstance(value, Expression):
            if isinstance(value, Binary) and value.operator == "*" and value.right == self.factor:
                return value.left
            return Binary("/", value, self.factor)
        raise Untransformable(f"{value!r} is no number")


@dataclass(frozen=True, slots=True)
class Divided(Transform):
    """The format counts in a larger unit: model divided by `factor`."""

    factor: int

    def _write(self, value: Value) -> Value:
        return Scale(self.factor)._read(value)

    def _read(self, value: Value) -> Value:
        return Scale(self.factor)._write(value)
