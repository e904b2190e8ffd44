"""Small mechanical breaks of a kind file's data, one at a time.

Each is what a slip of the author would leave behind: a line forgotten, two paths exchanged, a flag
or a literal wrong. A mutation is a place in the file, what was done there, and the whole data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from dharma.catalog.formats import FORMATS

Place = tuple[str | int, ...]
_FLAGS = ("required", "immutable", "sensitive", "stateful", "reference", "default", "description")
_OPTIONS = ("absent", "always", "none", "as", "only", "each")
_OTHER_TYPES = {
    "string": "number",
    "number": "string",
    "bool": "string",
    "list(string)": "set(string)",
    "set(string)": "list(string)",
    "map(string)": "string",
    "map(bool)": "map(string)",
    "list(object)": "set(object)",
    "set(object)": "list(object)",
}


@dataclass(frozen=True, slots=True)
class Mutation:
    """`operator` names the way of breaking, `place` where in the file."""

    operator: str
    place: Place
    data: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.operator} {'.'.join(str(step) for step in self.place)}"


def mutations(data: Mapping[str, Any]) -> Iterator[Mutation]:
    """All mutations of one kind file's data."""
    yield from _properties(data, ("properties",))
    yield from _dropped(data, ("attributes",), "drop declared attribute")
    for format in FORMATS:
        if format in data:
            yield from _section(data, (format,))


def _section(data: Mapping[str, Any], place: Place) -> Iterator[Mutation]:
    section = _at(data, place)
    yield from _table(data, place)
    yield from _dropped(data, (*place, "attributes"), "drop attribute")
    yield from _exchanged(data, (*place, "attributes"), "swap attributes")
    for word in ("impossible", "no_counterpart", "impossible_attributes"):
        yield from _dropped(data, (*place, word), f"drop {word}")
    for word in ("ignore", "bridges", "also", "attachments"):
        yield from _dropped(data, (*place, word), f"drop {word}")
    for number, _ in enumerate(section.get("attachments") or ()):
        yield from _piece(data, (*place, "attachments", number))
    for name, bag in (section.get("bags") or {}).items():
        here = (*place, "bags", name)
        for word in ("place", "mixed", "absent", "empty"):
            if word in bag:
                yield _without(data, (*here, word), f"drop {word}")
        yield from _dropped(data, (*here, "separate"), "drop separate form")
        for number, _ in enumerate(bag.get("separate") or ()):
            yield from _piece(data, (*here, "separate", number))
        if "inline" in bag:
            yield _without(data, (*here, "inline"), "drop inline form")
            yield from _piece(data, (*here, "inline"))


def _piece(data: Mapping[str, Any], place: Place) -> Iterator[Mutation]:
    piece = _at(data, place)
    yield from _table(data, place)
    for word in ("owner_attribute", "awaited", "only", "label", "self"):
        if word in piece:
            yield _without(data, (*place, word), f"drop {word}")
    for word in ("when", "explode"):
        yield from _dropped(data, (*place, word), f"drop {word}")
    yield from _exchanged(data, (*place, "explode"), "swap exploded lists")


def _table(data: Mapping[str, Any], place: Place) -> Iterator[Mutation]:
    table = _at(data, place)
    yield from _dropped(data, (*place, "map"), "drop rule")
    yield from _exchanged(data, (*place, "map"), "swap rules")
    for name, rule in (table.get("map") or {}).items():
        here = (*place, "map", name)
        if isinstance(rule, list):
            yield from _dropped(data, here, "drop spelling")
            for number, single in enumerate(rule):
                yield from _rule(data, (*here, number), single)
        else:
            yield from _rule(data, here, rule)
    yield from _dropped(data, (*place, "constants"), "drop constant")
    for path, literal in (table.get("constants") or {}).items():
        yield _with(data, (*place, "constants", path), _other(literal), "change constant")
    yield from _dropped(data, (*place, "fill"), "drop fill")
    yield from _dropped(data, (*place, "variants"), "drop variant")
    for number, variant in enumerate(table.get("variants") or ()):
        here = (*place, "variants", number)
        yield from _table(data, here)
        for name, wanted in variant["when"].items():
            if isinstance(wanted, list) and len(wanted) > 1:
                yield _with(data, (*here, "when", name), wanted[1:], "narrow variant")


def _rule(data: Mapping[str, Any], place: Place, rule: Any) -> Iterator[Mutation]:
    if not isinstance(rule, dict):
        return
    for word in _OPTIONS:
        if word in rule:
            yield _without(data, (*place, word), f"drop {word}")
    if "absent" in rule:
        yield _with(data, (*place, "absent"), _other(rule["absent"]), "change absent")
    if isinstance(rule.get("each"), dict):
        yield from _table(data, (*place, "each"))
    transform = rule.get("as")
    if isinstance(transform, dict) and "enum" in transform:
        pairs = transform["enum"]
        enum = (*place, "as", "enum")
        for number, (key, native) in enumerate(pairs):
            yield _without(data, (*enum, number), "drop enum literal")
            if not isinstance(native, list):
                yield _with(data, (*enum, number), [key, _other(native)], "change enum literal")
        if len(pairs) > 1:
            exchanged = [[pairs[0][0], pairs[1][1]], [pairs[1][0], pairs[0][1]], *pairs[2:]]
            yield _with(data, enum, exchanged, "swap enum literals")


def _properties(data: Mapping[str, Any], place: Place) -> Iterator[Mutation]:
    yield from _dropped(data, place, "drop property")
    for name, said in (_at(data, place) or {}).items():
        here = (*place, name)
        kind = said if isinstance(said, str) else said["type"]
        if kind in _OTHER_TYPES:
            changed = _OTHER_TYPES[kind]
            other = changed if isinstance(said, str) else {**said, "type": changed}
            yield _with(data, here, other, "change type")
        if isinstance(said, str):
            continue
        for word in (*_FLAGS[:-1], "enum", "aliases", "meaningless"):
            if word in said:
                yield _without(data, (*here, word), f"drop {word}")
        if isinstance(said.get("default"), bool):
            yield _with(data, (*here, "default"), not said["default"], "flip default")
        for number, _ in enumerate(said.get("enum") or ()):
            yield _without(data, (*here, "enum", number), "drop allowed literal")
        if "properties" in said:
            yield from _properties(data, (*here, "properties"))


def _dropped(data: Mapping[str, Any], place: Place, operator: str) -> Iterator[Mutation]:
    """Each entry of a mapping or list, left out."""
    entries = _at(data, place)
    keys: Iterable[str | int] = entries or ()
    if isinstance(entries, list):
        keys = range(len(entries))
    for key in keys:
        yield _without(data, (*place, key), operator)


def _exchanged(data: Mapping[str, Any], place: Place, operator: str) -> Iterator[Mutation]:
    """Neighbours in a mapping with each other's values."""
    entries = _at(data, place)
    names = list(entries or ())
    for first, second in pairwise(names):
        if entries[first] == entries[second]:
            continue
        changed = _copy(data)
        here = _at(changed, place)
        here[first], here[second] = here[second], here[first]
        yield Mutation(operator, (*place, f"{first}/{second}"), changed)


def _other(literal: Any) -> Any:
    """Another literal of the same type."""
    if isinstance(literal, bool):
        return not literal
    return literal + 1 if isinstance(literal, int) else f"{literal}x"


def _without(data: Mapping[str, Any], place: Place, operator: str) -> Mutation:
    changed = _copy(data)
    del _at(changed, place[:-1])[place[-1]]
    return Mutation(operator, place, changed)


def _with(data: Mapping[str, Any], place: Place, value: Any, operator: str) -> Mutation:
    changed = _copy(data)
    _at(changed, place[:-1])[place[-1]] = value
    return Mutation(operator, place, changed)


def _copy(data: Mapping[str, Any]) -> dict[str, Any]:
    copied = deepcopy(data)
    assert isinstance(copied, dict)
    return copied


def _at(data: Mapping[str, Any], place: Place) -> Any:
    here: Any = data
    for step in place:
        if isinstance(here, dict):
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int):
            here = here[step]
        else:
            return None
    return here
