"""Texts that the format holds in another form: encoded, joined, with fixed text around."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from dharma.catalog.documents import document
from dharma.catalog.literals import text_of
from dharma.catalog.transforms.base import Transform, Untransformable
from dharma.model.expressions.nodes import Call, Expression, Template, Unknown, Value


@dataclass(frozen=True, slots=True)
class Join(Transform):
    """A list in the model, one text in the format."""

    separator: str

    def _write(self, value: Value) -> Value:
        return _joined(value, self.separator)

    def _read(self, value: Value) -> Value:
        return _divided(value, self.separator)


@dataclass(frozen=True, slots=True)
class Split(Transform):
    """One text in the model, a list in the format."""

    separator: str

    def _write(self, value: Value) -> Value:
        return _divided(value, self.separator)

    def _read(self, value: Value) -> Value:
        return _joined(value, self.separator)


@dataclass(frozen=True, slots=True)
class Base64(Transform):
    """Text in the model, base64 of it in the format."""

    def _write(self, value: Value) -> Value:
        if isinstance(value, Call) and value.name == "base64decode":
            return value.arguments[0]
        return Call("base64encode", (value,))

    def _read(self, value: Value) -> Value:
        if isinstance(value, Call) and value.name == "base64encode" and len(value.arguments) == 1:
            return value.arguments[0]
        if isinstance(value, str):
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as fault:
                raise Untransformable("text that is not base64 of UTF-8") from fault
        return Call("base64decode", (value,))


@dataclass(frozen=True, slots=True)
class JsonText(Transform):
    """A structure in the model, JSON text in the format. `names` renames the members of an object;
    a document keeps its own."""

    names: tuple[tuple[str, str], ...] = ()

    def _write(self, value: Value) -> Value:
        value = document(value)
        if isinstance(value, dict | list):
            return Call("jsonencode", (self._renamed(value, dict(self.names)),))
        if self.names and isinstance(value, Expression):
            raise Untransformable("an object that is not spelled out")
        return value

    def _read(self, value: Value) -> Value:
        found = document(value)
        if isinstance(found, dict | list):
            return self._renamed(found, {native: name for name, native in self.names})
        if self.names:
            raise Untransformable("JSON text that is not spelled out")
        return found

    def _renamed(self, value: Value, names: dict[str, str]) -> Value:
        if not names or not isinstance(value, dict):
            return value
        return {names.get(k, k): v for k, v in value.items() if v is not None}


@dataclass(frozen=True, slots=True)
class Document(Transform):
    """A structure on both sides; JSON text is understood."""

    def _write(self, value: Value) -> Value:
        return document(value)

    def _read(self, value: Value) -> Value:
        return document(value)


@dataclass(frozen=True, slots=True)
class Around(Transform):
    """Fixed text before and after the value."""

    before: str
    after: str

    def _write(self, value: Value) -> Value:
        if isinstance(value, str):
            return f"{self.before}{value}{self.after}"
        parts = value.parts if isinstance(value, Template) else (value,)
        return Template(tuple(p for p in (self.before, *parts, self.after) if p != ""))

    def _read(self, value: Value) -> Value:
        if isinstance(value, str):
            if value.startswith(self.before) and value.endswith(self.after):
                return value[len(self.before) : len(value) - len(self.after)]
        elif isinstance(value, Template):
            parts = list(value.parts)
            first, last = parts[0], parts[-1]
            if self.before and isinstance(first, str) and first.startswith(self.before):
                parts[0] = first[len(self.before) :]
            elif self.before:
                raise Untransformable(f"text that does not begin with {self.before!r}")
            if self.after and isinstance(last, str) and last.endswith(self.after):
                parts[-1] = last[: len(last) - len(self.after)]
            elif self.after:
                raise Untransformable(f"text that does not end with {self.after!r}")
            kept = tuple(p for p in parts if p != "")
            return kept[0] if len(kept) == 1 else Template(kept)
        raise Untransformable(f"text that is not {self.before}...{self.after}")


@dataclass(frozen=True, slots=True)
class OneOf(Around):
    """Fixed text around the value, which tells whose value the text is: several properties share
    it, and to this one a text of another form says nothing."""

    def write(self, value: Value) -> Value:
        if isinstance(value, Unknown):
            return Template(tuple(p for p in (self.before, value, self.after) if p != ""))
        # Without the module's `super()`: a class with slots is made twice.
        return Around.write(self, value)

    def _read(self, value: Value) -> Value:
        return Around._read(self, value) if self.fits(value) else None

    def fits(self, value: Value) -> bool:
        try:
            Around._read(self, value)
        except Untransformable:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Within(Transform):
    """A name in the model, its path in the format: `default`, `global/networks/default`. Both sides
    take a whole path (or a URL) as it is."""

    folder: str

    def _write(self, value: Value) -> Value:
        return f"{self.folder}/{value}" if isinstance(value, str) and _is_name(value) else value

    def _read(self, value: Value) -> Value:
        if isinstance(value, str) and value.startswith(f"{self.folder}/"):
            name = value[len(self.folder) + 1 :]
            return name if _is_name(name) else value
        return value


def _joined(value: Value, separator: str) -> Value:
    if isinstance(value, list) and all(isinstance(v, str | int | float) for v in value):
        texts = [v if isinstance(v, str) else text_of(v) for v in value]  # type: ignore[arg-type]
        if texts == [""] or any(separator in text for text in texts):
            raise Untransformable(f"{value!r} would not come apart again at {separator!r}")
        return separator.join(texts)
    if isinstance(value, Call) and value.name == "split" and value.arguments[0] == separator:
        return value.arguments[1]
    if isinstance(value, list | Expression):
        return Call("join", (separator, value))
    raise Untransformable(f"{value!r} is no list")


def _divided(value: Value, separator: str) -> Value:
    if isinstance(value, str):
        return list[Value](value.split(separator)) if value else []
    if isinstance(value, Call) and value.name == "join" and value.arguments[0] == separator:
        return value.arguments[1]
    if isinstance(value, Expression):
        return Call("split", (separator, value))
    raise Untransformable(f"{value!r} is no text")


def _is_name(text: str) -> bool:
    return text != "" and "/" not in text
