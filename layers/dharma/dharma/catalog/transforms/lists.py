"""Lists and maps that are of another shape in the format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dharma.catalog.literals import text_of
from dharma.catalog.paths import conditional
from dharma.catalog.transforms.base import Transform, Untransformable
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    Expression,
    ForList,
    ForMap,
    ObjectConstructor,
    ResourceRef,
    Splat,
    Symbol,
    Unknown,
    Value,
)

NOT_NUMBERED = "its elements have to be spelled out, since each gets a name"


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


@dataclass(frozen=True, slots=True)
class Objects(Transform):
    """A list of plain values in the model, of objects with one member in the format
    (`[{"id": ...}]`), each with fixed members. `member` may be inside another one
    (`properties.zoneId`). `numbered`: a member that the format wants and the model does not have,
    and its text before and behind the number of the element; any text is understood. `first`: a
    flag inside of an element that tells which one the model has first; a single one needs none.
    `ignore`: members of an element that mean nothing in the model."""

    member: str
    constants: tuple[tuple[str, Value], ...] = ()
    numbered: tuple[str, str, str] | None = None
    first: tuple[str, str] | None = None
    ignore: tuple[str, ...] = ()

    def _write(self, value: Value) -> Value:
        if isinstance(value, list):
            elements = [element for element in value if element is not None]
            return self._flagged([self._object(e, n) for n, e in enumerate(elements, 1)])
        if self.numbered is not None:
            raise Untransformable(NOT_NUMBERED)
        if isinstance(value, ForList) and value == self._all(value.collection):
            return value.collection
        if isinstance(value, Splat) and value == self._members(value.collection):
            return value.collection
        if isinstance(value, Expression):
            return self._all(value)
        raise Untransformable(f"{value!r} is no list")

    def _flagged(self, objects: list[Value]) -> list[Value]:
        """Which one is the first; nothing where that depends on conditions."""
        if self.first is None or len(objects) < 2:
            return objects
        outer, inner = self.first
        return [
            {**one, outer: {inner: position == 0}} if isinstance(one, dict) else one
            for position, one in enumerate(objects)
        ]

    def _in_order(self, elements: list[Value]) -> list[Value]:
        """The elements without the flag, the one that has it before the others."""
        if self.first is None:
            return elements
        outer, inner = self.first
        flags: list[Value] = []
        bare: list[Value] = []
        for element in elements:
            held = element.get(outer) if isinstance(element, dict) else None
            if isinstance(element, dict) and isinstance(held, dict):
                flags.append(held.get(inner))
                left = {key: value for key, value in held.items() if key != inner}
                bare.append({**element, outer: left or None})
            else:
                flags.append(None)
                bare.append(element)
        if len(bare) > 1 and any(flag not in (None, True, False) for flag in flags):
            raise Untransformable(f"{inner} is computed")
        places = [place for place, flag in enumerate(flags) if flag is True]
        if len(places) > 1 and len(bare) > 1:
            raise Untransformable(f"{inner} is said of several elements")
        for place in places:
            bare.insert(0, bare.pop(place))
        return bare

    def _members(self, collection: Value) -> Value:
        """What is read of a list that is not spelled out; None where that does not tell it: its
        elements have fixed members, or are resources."""
        resources = isinstance(collection, ResourceRef) and not collection.path
        if resources or self.constants:
            return None
        return Splat(collection, tuple(self.member.split(".")))

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
            found = self._in_order([element for element in value if element is not None])
            return [self._member(element) for element in found]
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
        free = self.ignore if self.numbered is None else (*self.ignore, self.numbered[0])
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


def _perhaps_absent(value: Value) -> bool:
    if not isinstance(value, Conditional):
        return False
    return any(v is None or _perhaps_absent(v) for v in (value.then, value.otherwise))


def _keyed(keys: Sequence[Value]) -> Value:
    if all(isinstance(key, str) for key in keys):
        return {str(key): {} for key in keys}
    return ObjectConstructor(tuple((key, {}) for key in keys))
