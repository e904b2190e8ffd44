"""Whether what a rule writes fits where it is written: types, literals, tags, objects."""

from __future__ import annotations

from collections.abc import Mapping

from dharma.catalog.formats import Format
from dharma.catalog.kinds import FormatMapping, Rule
from dharma.catalog.transforms import (
    Alone,
    Around,
    Base64,
    Divided,
    Document,
    Enum,
    Join,
    JsonText,
    Keys,
    Not,
    Objects,
    Scale,
    Split,
    TagList,
    Text,
)
from dharma.model.expressions.nodes import Value
from scripts.catalog_check.foreign import Shape
from scripts.catalog_check.names import near


class Contradiction(Exception):
    """The message of a finding, raised where it is noticed."""


_SCALARS = {"string", "number", "bool"}
_STRUCTURED = {"any", "object"}


def fit(rule: Rule, native: Shape, mapping: FormatMapping) -> None:
    """Whether the values of a rule can stand in a shape; a Contradiction says why not."""
    declared, transform = rule.declared, rule.transform
    wanted = declared.type
    if rule.partner is not None:
        _type_fits("string", native, mapping.format)
        return
    if isinstance(transform, Enum):
        for _, literal in transform.pairs:
            literal_fits(literal, native)
        said, known = {k for k, _ in transform.pairs}, set(declared.enum)
        if known and (not said <= known if rule.only == "read" else said != known):
            raise Contradiction("the table of literals is not the property's `enum`")
        return
    if isinstance(transform, TagList):
        _tag_list_fits(transform, native)
        return
    if isinstance(transform, Objects):
        _objects_fit(transform, wanted, native)
        return
    if isinstance(transform, Keys):
        if native.kind != "map":
            raise Contradiction(f"is a {native.kind}, no map")
        return
    if isinstance(transform, Alone):
        wanted = wanted.partition("(")[2][:-1]
    elif isinstance(transform, Split):
        wanted = "list(string)"
    elif isinstance(transform, Text | Join | Base64 | Around):
        wanted = "string"
    elif isinstance(transform, JsonText):
        if native.kind not in ("string", "any") and not native.json:
            raise Contradiction(f"is a {native.kind}, no JSON text")
        return
    elif isinstance(transform, Divided | Not | Scale):
        pass
    elif isinstance(transform, Document):
        inner = native.item.kind if native.item is not None else ""
        if not native.json and native.kind not in ("any", "map") and inner not in _STRUCTURED:
            raise Contradiction(f"is a {native.kind}, no document")
        return
    _type_fits(wanted, native, mapping.format)
    _enum_fits(rule, native, mapping.format, mapping.impossible_literals)


def _type_fits(wanted: str, native: Shape, format: Format) -> None:
    if native.kind == "any":
        return
    outer, _, inner = wanted.partition("(")
    if not inner:
        if wanted != native.kind:
            raise Contradiction(f"is a {native.kind}, the property a {wanted}")
        return
    if outer == "map":
        if native.kind != "map":
            raise Contradiction(f"is a {native.kind}, the property a map")
        return
    if native.kind not in ("list", "set") or native.item is None:
        raise Contradiction(f"is a {native.kind}, the property a {outer}")
    if format == "terraform" and native.kind == "set" and outer == "list":
        raise Contradiction("is a set, the property a list: its order would not survive")
    if native.single and inner == "object)":
        raise Contradiction("is a single block, the property a list of objects")
    if native.item.kind not in (inner[:-1], "any"):
        raise Contradiction(f"has elements of {native.item.kind}, the property of {inner[:-1]}")


def _enum_fits(
    rule: Rule, native: Shape, format: Format, impossible: Mapping[str, Mapping[Value, str]]
) -> None:
    if not native.enum or native.kind not in _SCALARS:
        return
    refused = impossible.get(".".join(rule.model), {})
    never_written = rule.declared.default if rule.absent is None and not rule.always else None
    allowed = {str(v) for v in native.enum}
    for literal in rule.declared.enum:
        if str(literal) not in allowed and literal not in (never_written, *refused):
            raise Contradiction(f"does not allow {literal!r}{near(str(literal), allowed)}")
    # Google's documents list placeholders that nobody sets, and literals ahead of any Terraform.
    complete = format == "cloudformation" and not rule.declared.partial
    if rule.declared.enum and complete:
        own = {str(v) for v in (*rule.declared.enum, *rule.declared.aliases)}
        missing = [v for v in native.enum if str(v) not in own]
        if missing:
            raise Contradiction(
                f"allows {missing} too, the property's `enum` does not: say `partial`"
            )


def literal_fits(literal: Value, native: Shape) -> None:
    kinds: dict[type, str] = {str: "string", bool: "bool", int: "number", float: "number"}
    kind = kinds.get(type(literal))
    if kind is None or native.kind == "any":
        return
    if native.kind != kind:
        raise Contradiction(f"is a {native.kind}, {literal!r} is not")
    if native.enum and literal not in native.enum:
        allowed = [str(v) for v in native.enum]
        raise Contradiction(f"does not allow {literal!r}{near(str(literal), allowed)}")


def _tag_list_fits(transform: TagList, native: Shape) -> None:
    if native.kind not in ("list", "set") or native.item is None:
        raise Contradiction(f"is a {native.kind}, no list of tags")
    members = native.item.fields
    constants = dict(transform.constants)
    for name in (transform.key, transform.value, *constants):
        if name not in members:
            raise Contradiction(f"its elements have no {name}{near(name, members)}")
    for name, literal in constants.items():
        literal_fits(literal, members[name])
    missing = native.item.required - {transform.key, transform.value, *constants}
    if missing:
        raise Contradiction(f"its elements require {', '.join(sorted(missing))}")


def _objects_fit(transform: Objects, wanted: str, native: Shape) -> None:
    if native.kind not in ("list", "set") or native.item is None:
        raise Contradiction(f"is a {native.kind}, no list of objects")
    first, *inner = transform.member.split(".")
    fixed = dict(transform.constants)
    if transform.numbered is not None:
        fixed[transform.numbered[0]] = "1"
    members = native.item.fields
    if transform.first is not None:
        outer, flag = transform.first
        if outer not in members or flag not in members[outer].fields:
            raise Contradiction(f"its elements have no {outer}.{flag}")
    for name in (first, *fixed, *transform.ignore):
        if name not in members:
            raise Contradiction(f"its elements have no {name}{near(name, members)}")
    for name, literal in fixed.items():
        literal_fits(literal, members[name])
    missing = native.item.required - {first, *fixed}
    if missing:
        raise Contradiction(f"its elements require {', '.join(sorted(missing))}")
    held = members[first]
    for name in inner:
        if name not in held.fields:
            raise Contradiction(f"its elements have no {transform.member}")
        held = held.fields[name]
    element = wanted.partition("(")[2][:-1]
    if held.kind not in (element, "any"):
        raise Contradiction(f"its elements hold a {held.kind}, no {element}")
