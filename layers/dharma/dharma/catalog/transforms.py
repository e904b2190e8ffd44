"""How a value changes between model and format.

Every transform obeys three laws: it is a bijection on the literals it takes; it has a symbolic form
for expressions, which it recognises on reading; and what is unknown or absent stays so. The lifting
over conditionals is common to all and lives in `Transform`; a subclass says what happens to
literals and to the other expressions.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from dharma.catalog.coercion import document, negation, text_of
from dharma.catalog.paths import conditional
from dharma.core.errors import Misconfigured
from dharma.model.arm_functions import OWN_PART
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    Expression,
    ForList,
    ForMap,
    ObjectConstructor,
    ResourceRef,
    Splat,
    Symbol,
    Template,
    Unary,
    Unknown,
    Value,
)


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
                return negation(value.condition)
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
        return negation(value)

    def _read(self, value: Value) -> Value:
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "false"
        return negation(value)


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


@dataclass(frozen=True, slots=True)
class TagList(Transform):
    """A map in the model, a list of key and value in the format, each with fixed members."""

    key: str = "Key"
    value: str = "Value"
    constants: tuple[tuple[str, Value], ...] = ()

    def _write(self, value: Value) -> Value:
        items: list[tuple[Value, Value]]
        if isinstance(value, dict):
            items = list(value.items())
        elif isinstance(value, ObjectConstructor):
            items = list(value.items)
        else:
            raise Untransformable("a map that is not spelled out has no form as a list of tags")
        return [self._element(k, v) for k, v in items if v is not None]

    def _element(self, key: Value, value: Value) -> Value:
        if isinstance(value, Conditional) and (value.then is None or value.otherwise is None):
            return Conditional(
                value.condition,
                None if value.then is None else self._element(key, value.then),
                None if value.otherwise is None else self._element(key, value.otherwise),
            )
        if isinstance(value, bool | int | float):
            value = text_of(value)
        return {self.key: key, self.value: value, **dict(self.constants)}

    def _read(self, value: Value) -> Value:
        if not isinstance(value, list):
            raise Untransformable("the list of tags is not spelled out")
        items = [self._item(element) for element in value if element is not None]
        if all(isinstance(key, str) for key, _ in items):
            return {str(key): item for key, item in items}
        return ObjectConstructor(tuple(items))

    def _item(self, element: Value) -> tuple[Value, Value]:
        if isinstance(element, Conditional):
            sides = [e for e in (element.then, element.otherwise) if e is not None]
            pairs = [self._item(side) for side in sides]
            if len({str(key) for key, _ in pairs}) != 1:
                raise Untransformable("a tag whose key depends on a condition")
            then = self._item(element.then)[1] if element.then is not None else None
            otherwise = self._item(element.otherwise)[1] if element.otherwise is not None else None
            return pairs[0][0], conditional(element.condition, then, otherwise)
        if not isinstance(element, dict) or self.key not in element:
            raise Untransformable("an element that is no tag")
        for name, wanted in self.constants:
            found = element.get(name, wanted)
            if found not in (wanted, text_of(wanted) if isinstance(wanted, bool) else wanted):
                raise Untransformable(f"a tag whose {name} is {found!r}")
        key = element[self.key]
        return (text_of(key) if isinstance(key, bool | int | float) else key), element.get(
            self.value
        )


NOT_NUMBERED = "its elements have to be spelled out, since each gets a name"


@dataclass(frozen=True, slots=True)
class Objects(Transform):
    """A list of plain values in the model, of objects with one member in the format
    (`[{"id": ...}]`), each with fixed members. `member` may be inside another one
    (`properties.zoneId`). `numbered`: a member that the format wants and the model does not have,
    and its text before and behind the number of the element; any text is understood."""

    member: str
    constants: tuple[tuple[str, Value], ...] = ()
    numbered: tuple[str, str, str] | None = None

    def _write(self, value: Value) -> Value:
        if isinstance(value, list):
            elements = [element for element in value if element is not None]
            return [self._object(element, n) for n, element in enumerate(elements, 1)]
        if self.numbered is not None:
            raise Untransformable(NOT_NUMBERED)
        if isinstance(value, ForList) and value == self._all(value.collection):
            return value.collection
        if isinstance(value, Expression):
            return self._all(value)
        raise Untransformable(f"{value!r} is no list")

    def _all(self, collection: Value) -> ForList:
        return ForList(None, "each", collection, self._object(Symbol(("each",)), 0))

    def _object(self, element: Value, number: int) -> Value:
        if isinstance(element, Conditional) and None in (element.then, element.otherwise):
            return Conditional(
                element.condition,
                None if element.then is None else self._object(element.then, number),
                None if element.otherwise is None else self._object(element.otherwise, number),
            )
        for key in reversed(self.member.split(".")):
            element = {key: element}
        assert isinstance(element, dict)
        if self.numbered is not None:
            key, before, after = self.numbered
            element[key] = f"{before}{number}{after}"
        return {**element, **dict(self.constants)}

    def _read(self, value: Value) -> Value:
        if isinstance(value, list):
            return [self._member(element) for element in value if element is not None]
        if isinstance(value, ForList) and value == self._all(value.collection):
            return value.collection
        if isinstance(value, Expression):
            return Splat(value, tuple(self.member.split(".")))
        raise Untransformable(f"{value!r} is no list")

    def _member(self, element: Value) -> Value:
        if isinstance(element, Conditional):
            return conditional(
                element.condition,
                None if element.then is None else self._member(element.then),
                None if element.otherwise is None else self._member(element.otherwise),
            )
        if isinstance(element, Unknown):
            return element
        found: Value = element
        fixed = {**dict(self.constants)}
        free = () if self.numbered is None else (self.numbered[0],)
        for key in self.member.split("."):
            if not isinstance(found, dict) or key not in found:
                raise Untransformable(f"an element without {self.member}")
            others = {k for k, v in found.items() if k != key and k not in free and v is not None}
            odd = sorted(k for k in others if found[k] != fixed.get(k))
            if odd:
                raise Untransformable(f"an element with {odd[0]}")
            found, fixed, free = found[key], {}, ()
        return found


@dataclass(frozen=True, slots=True)
class Keys(Transform):
    """A set of texts in the model, the keys of a map of empty objects in the format. Keys that are
    there only under a condition are merged in; those of an expression are a `for` over it."""

    def _write(self, value: Value) -> Value:
        if isinstance(value, list):
            elements = [v for v in value if v is not None]
            if any(_perhaps_absent(element) for element in elements):
                return Call("merge", tuple(self._object(element) for element in elements))
            return _keyed(elements)
        if isinstance(value, ForMap) and value == self._all(value.collection):
            return value.collection
        if isinstance(value, Expression):
            return self._all(value)
        raise Untransformable(f"{value!r} is no list")

    def _all(self, collection: Value) -> ForMap:
        return ForMap(None, "each", collection, Symbol(("each",)), {})

    def _object(self, element: Value) -> Value:
        if element is None:
            return {}
        if isinstance(element, Conditional) and _perhaps_absent(element):
            return Conditional(
                element.condition, self._object(element.then), self._object(element.otherwise)
            )
        return _keyed([element])

    def _read(self, value: Value) -> Value:
        if isinstance(value, dict):
            return list[Value](value)
        if isinstance(value, ObjectConstructor):
            return [key for key, _ in value.items]
        if isinstance(value, Call) and value.name == "merge":
            return [key for argument in value.arguments for key in self._merged(argument)]
        if isinstance(value, ForMap) and value == self._all(value.collection):
            return value.collection
        if isinstance(value, Expression):
            return Call("keys", (value,))
        raise Untransformable(f"{value!r} is no map")

    def _merged(self, value: Value) -> list[Value]:
        if not isinstance(value, Conditional):
            found = self._read(value)
            return found if isinstance(found, list) else [found]
        then, otherwise = self._merged(value.then), self._merged(value.otherwise)
        if len(then) > 1 or len(otherwise) > 1:
            raise Untransformable("several keys under one condition")
        return [
            Conditional(
                value.condition, then[0] if then else None, otherwise[0] if otherwise else None
            )
        ]


def _perhaps_absent(value: Value) -> bool:
    if not isinstance(value, Conditional):
        return False
    return any(v is None or _perhaps_absent(v) for v in (value.then, value.otherwise))


def _keyed(keys: Sequence[Value]) -> Value:
    if all(isinstance(key, str) for key in keys):
        return {str(key): {} for key in keys}
    return ObjectConstructor(tuple((key, {}) for key in keys))


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


def _is_name(text: str) -> bool:
    return text != "" and "/" not in text


@dataclass(frozen=True, slots=True)
class Alone(Transform):
    """A list of one element in the model; in the format that element, in whose place it has no
    room for another."""

    def _write(self, value: Value) -> Value:
        if isinstance(value, list) and len(value) == 1:
            return value[0]
        raise Untransformable(f"{value!r} is no list of one")

    def _read(self, value: Value) -> Value:
        return [value]


@dataclass(frozen=True, slots=True)
class Named(Transform):
    """An id in the model; in the format the name of the same resource, as older arguments want it
    (`storage_account_name`). The name alone is no id: only a reference says whose it is."""

    def _write(self, value: Value) -> Value:
        if isinstance(value, ResourceRef) and value.path == ("id",):
            return replace(value, path=("name",))
        raise Untransformable("an id of which the name is not known")

    def _read(self, value: Value) -> Value:
        if isinstance(value, ResourceRef) and value.path == ("name",):
            return replace(value, path=("id",))
        raise Untransformable("a name of which the id is not known: refer to the resource")


@dataclass(frozen=True, slots=True)
class OwnPart(Transform):
    """A name in the model; in ARM the id of what is called so in a collection of the same
    resource, or of its parent if it stands in that, which the template's reader and writer
    spell."""

    collection: str

    def _write(self, value: Value) -> Value:
        return Call(OWN_PART, (self.collection, value))

    def _read(self, value: Value) -> Value:
        if isinstance(value, Call) and value.name == OWN_PART and len(value.arguments) == 2:
            collection, name = value.arguments
            if isinstance(collection, str) and collection.lower() == self.collection.lower():
                return name
        raise Untransformable(f"the id of none of the resource's own {self.collection}")


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


def _enum(argument: Any) -> Transform:
    pairs: list[tuple[Value, Value]] = []
    further: list[tuple[Value, Value]] = []
    for key, native in argument:
        if key is None:
            further.extend((None, n) for n in (native if isinstance(native, list) else [native]))
        elif isinstance(native, list):
            pairs.append((key, native[0]))
            further.extend((key, n) for n in native[1:])
        else:
            pairs.append((key, native))
    natives = [repr(n) for _, n in (*pairs, *further)]
    if len(set(natives)) != len(natives):
        raise Misconfigured("an enum must not give two values the same native literal")
    return Enum(tuple(pairs), tuple(further))


def _tag_list(argument: Any) -> Transform:
    said = dict(argument or {})
    return TagList(
        said.get("key", "Key"),
        said.get("value", "Value"),
        tuple(dict(said.get("constants", {})).items()),
    )


def _objects(argument: Any) -> Transform:
    if isinstance(argument, str):
        return Objects(argument)
    constants = tuple(dict(argument.get("constants", {})).items())
    numbered = None
    for member, said in dict(argument.get("numbered", {})).items():
        before, _, after = str(said).partition("${number}")
        numbered = member, before, after
    return Objects(argument["member"], constants, numbered)


def _around(argument: Any) -> Around:
    before, mark, after = str(argument).partition("${value}")
    if not mark:
        raise Misconfigured("a template transform needs ${value}")
    return Around(before, after)


def _one_of(argument: Any) -> Transform:
    around = _around(argument)
    return OneOf(around.before, around.after)


_TRANSFORMS: dict[str, Callable[[Any], Transform]] = {
    "same": lambda _: SAME,
    "enum": _enum,
    "not": lambda _: Not(),
    "text": lambda _: Text(),
    "scale": lambda factor: Scale(int(factor)),
    "divided": lambda factor: Divided(int(factor)),
    "join": lambda separator: Join(str(separator)),
    "split": lambda separator: Split(str(separator)),
    "tag_list": _tag_list,
    "base64": lambda _: Base64(),
    "json_text": lambda names: JsonText(tuple(dict(names or {}).items())),
    "template": _around,
    "within": lambda folder: Within(str(folder)),
    "own_part": lambda collection: OwnPart(str(collection)),
    "alone": lambda _: Alone(),
    "named": lambda _: Named(),
    "one_of": _one_of,
    "objects": _objects,
    "keys": lambda _: Keys(),
}


def transform_named(name: str, argument: Any = None) -> Transform:
    """The transform that a kind file names. An unknown name is a mistake in the file."""
    if name not in _TRANSFORMS:
        raise Misconfigured(f"no transform is called {name!r}; there are {sorted(_TRANSFORMS)}")
    return _TRANSFORMS[name](argument)
