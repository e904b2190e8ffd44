"""Terraform's type constraints: `list(string)`, `object({name = string, size = optional(number)})`.

Converting follows Terraform: a number is taken where a string is wanted and the other way round
where the text is a number, a list becomes a set and a set a list, `null` fits everywhere. It is
stricter in one thing: an attribute that the object type does not name is a fault, not dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from dharma.model.expressions.conversion import (
    as_bool,
    as_number,
    as_text,
    kind_of,
    unify,
)
from dharma.model.expressions.errors import EvaluationError, ExpressionError
from dharma.model.expressions.nodes import Expression, Value, is_known
from dharma.model.expressions.parser import ExpressionParser
from dharma.model.expressions.printer import print_expression, print_string
from dharma.model.expressions.sets import as_set

PRIMITIVES = ("string", "number", "bool")
COLLECTIONS = ("list", "set", "map")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of an object type; an optional one that is absent has the default."""

    type: Type
    optional: bool = False
    default: Value = None


@dataclass(frozen=True, slots=True)
class Type:
    """`name` is a primitive, `any`, `list`, `set`, `map` (with `element`), `object` (with
    `attributes`) or `tuple` (with `members`)."""

    name: str
    element: Type | None = None
    attributes: dict[str, Attribute] = field(default_factory=dict)
    members: tuple[Type, ...] = ()

    def __str__(self) -> str:
        return print_type(self)


ANY = Type("any")
STRING = Type("string")
NUMBER = Type("number")
BOOL = Type("bool")


@lru_cache(maxsize=512)
def parse_type(text: str) -> Type:
    """Raises ExpressionError with the offset of what is no type."""
    parser = _TypeParser(text)
    parser.advance()
    found = parser.type()
    if parser.kind != "end":
        raise parser.unexpected("the end of the type")
    return found


def print_type(type: Type) -> str:
    """The text of a type on one line; `parse_type` gives the type back."""
    if type.element is not None:
        return f"{type.name}({print_type(type.element)})"
    if type.name == "object":
        entries = ", ".join(f"{_key(k)} = {_attribute(a)}" for k, a in type.attributes.items())
        return f"object({{ {entries} }})" if entries else "object({})"
    if type.name == "tuple":
        return f"tuple([{', '.join(map(print_type, type.members))}])"
    return type.name


def _key(name: str) -> str:
    return name if name.isidentifier() and name != "for" else print_string(name)


def _attribute(attribute: Attribute) -> str:
    if not attribute.optional:
        return print_type(attribute.type)
    if attribute.default is None:
        return f"optional({print_type(attribute.type)})"
    return f"optional({print_type(attribute.type)}, {print_expression(attribute.default)})"


class _TypeParser(ExpressionParser):
    """Types are spelled with the tokens of expressions."""

    def type(self) -> Type:
        self.depth += 1
        if self.depth > 20:
            raise ExpressionError("a type is nested deeper than 20 levels", self.start)
        start = self.start
        name = self.identifier("a type")
        if name in (*PRIMITIVES, "any"):
            found = Type(name)
        elif name in COLLECTIONS:
            self.expect("(", f" of {name}(...)")
            found = Type(name, self.type())
            self.expect(")", f" to close {name}(")
        elif name == "object":
            found = self.object_type()
        elif name == "tuple":
            found = self.tuple_type()
        else:
            raise ExpressionError(
                f"{name!r} is no type",
                start,
                "string, number, bool, any, list(T), set(T), map(T), object({...}) or tuple([...])",
            )
        self.depth -= 1
        return found

    def object_type(self) -> Type:
        self.expect("(", " of object({...})")
        self.expect("{", " of object({...})")
        attributes: dict[str, Attribute] = {}
        while not self.at("}"):
            start = self.start
            key = self.quoted() if self.at('"') else self.identifier("the name of an attribute")
            if not isinstance(key, str) or key in attributes:
                raise ExpressionError("the name of an attribute is plain and given once", start)
            if not self.take(":"):
                self.expect("=", " after the name of an attribute")
            attributes[key] = self.attribute()
            if not self.take(",") and not self.at("}") and not self.on_new_line:
                raise self.unexpected("',' or '}'")
        self.expect("}", " to close the object")
        self.expect(")", " to close object(")
        return Type("object", attributes=attributes)

    def attribute(self) -> Attribute:
        if not (self.kind == "ident" and self.text == "optional"):
            return Attribute(self.type())
        self.advance()
        self.expect("(", " of optional(...)")
        start = self.start
        inner = self.type()
        default: Value = self.expression() if self.take(",") else None
        if not is_known(default):
            raise ExpressionError("the default of an attribute is a plain value", start)
        self.expect(")", " to close optional(")
        return Attribute(inner, True, default)

    def tuple_type(self) -> Type:
        self.expect("(", " of tuple([...])")
        self.expect("[", " of tuple([...])")
        members: list[Type] = []
        while not self.at("]"):
            members.append(self.type())
            if not self.take(","):
                break
        self.expect("]", " to close the tuple")
        self.expect(")", " to close tuple(")
        return Type("tuple", members=tuple(members))


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A part of a value that does not fit: its path below the value, and why."""

    path: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        place = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in self.path)
        return f"{place.lstrip('.')}: {self.message}" if place else self.message


def convert(value: Value, type: Type) -> tuple[Value, list[Mismatch]]:
    """The value in the type, and everything that does not fit (left as it is). Expressions inside
    are left alone: what they will be is not known."""
    mismatches: list[Mismatch] = []
    return _converted(value, type, (), mismatches), mismatches


def _converted(
    value: Value, type: Type, path: tuple[str | int, ...], mismatches: list[Mismatch]
) -> Value:
    if value is None or isinstance(value, Expression) or type.name == "any":
        return value
    if type.name in PRIMITIVES:
        return _primitive(value, type.name, path, mismatches)
    if type.name in ("list", "set", "tuple"):
        return _sequence(value, type, path, mismatches)
    if not isinstance(value, dict):
        mismatches.append(Mismatch(path, _wanted(type, value)))
        return value
    if type.name == "map":
        assert type.element is not None
        return {k: _converted(v, type.element, (*path, k), mismatches) for k, v in value.items()}
    return _object(value, type, path, mismatches)


def _primitive(
    value: Value, name: str, path: tuple[str | int, ...], mismatches: list[Mismatch]
) -> Value:
    try:
        if name == "string":
            return as_text(value)
        return as_number(value) if name == "number" else as_bool(value)
    except EvaluationError as error:
        mismatches.append(Mismatch(path, error.message))
        return value


def _sequence(
    value: Value, type: Type, path: tuple[str | int, ...], mismatches: list[Mismatch]
) -> Value:
    if not isinstance(value, list):
        mismatches.append(Mismatch(path, _wanted(type, value)))
        return value
    if type.name == "tuple":
        if len(value) != len(type.members):
            message = f"{len(type.members)} items are needed, not {len(value)}"
            mismatches.append(Mismatch(path, message))
            return value
        pairs = enumerate(zip(value, type.members, strict=True))
        return [_converted(v, t, (*path, n), mismatches) for n, (v, t) in pairs]
    assert type.element is not None
    items = [_converted(v, type.element, (*path, n), mismatches) for n, v in enumerate(value)]
    if type.element.name == "any":
        items = unify(items)
    return as_set(items) if type.name == "set" and is_known(items) else items


def _object(
    value: dict[str, Value], type: Type, path: tuple[str | int, ...], mismatches: list[Mismatch]
) -> Value:
    result: dict[str, Value] = {}
    for name, given in value.items():
        attribute = type.attributes.get(name)
        if attribute is None:
            known = ", ".join(type.attributes) or "none"
            mismatches.append(Mismatch((*path, name), f"no such attribute; there is: {known}"))
            result[name] = given
        else:
            result[name] = _converted(given, attribute.type, (*path, name), mismatches)
    for name, attribute in type.attributes.items():
        if result.get(name) is None and attribute.optional:
            # The default of an object has defaults of its own.
            result[name] = _converted(attribute.default, attribute.type, (*path, name), mismatches)
        elif name not in value:
            mismatches.append(Mismatch((*path, name), "this attribute is missing"))
    return result


def _wanted(type: Type, value: Value) -> str:
    article = "an" if type.name == "object" else "a"
    return f"{article} {type.name} is needed, not {_article(kind_of(value))}"


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def accepts(wanted: Type, given: Type) -> bool:
    """Whether a value of type `given` may be convertible to `wanted`. Doubt counts as yes: texts
    may be numbers, objects may be maps of one type."""
    if "any" in (wanted.name, given.name):
        return True
    if wanted.name in PRIMITIVES:
        return given.name in PRIMITIVES and {wanted.name, given.name} != {"number", "bool"}
    if wanted.name in ("list", "set", "tuple"):
        if given.name not in ("list", "set", "tuple"):
            return False
        return all(accepts(w, g) for w in _elements(wanted) for g in _elements(given))
    if given.name not in ("map", "object"):
        return False
    if wanted.name == "object" and given.name == "object":
        return all(
            accepts(a.type, given.attributes[n].type)
            for n, a in wanted.attributes.items()
            if n in given.attributes
        )
    return True


def _elements(type: Type) -> Iterator[Type]:
    if type.element is not None:
        yield type.element
    elif type.name == "tuple":
        yield from set_of(type.members)


def set_of(types: tuple[Type, ...]) -> list[Type]:
    """Distinct types, in order (types hold dicts and cannot be members of a set)."""
    distinct: list[Type] = []
    for type in types:
        if type not in distinct:
            distinct.append(type)
    return distinct
