"""When two sets of resources are the same: the form in which they then are equal.

Absent and default values, empty objects and bags, the order of sets, other spellings of a literal,
conditions around an object instead of its members, several names of one attribute
(`same_references`), an order that references say already: none of these tells resources apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from dharma.catalog.bags import Atom, atoms_of, both
from dharma.catalog.catalog import Catalog
from dharma.catalog.coercion import coerce
from dharma.catalog.elements import beside_condition
from dharma.catalog.kinds import Bag, Kind, Property, Table
from dharma.catalog.literals import simplified
from dharma.catalog.members import meaningful, member, or_else
from dharma.catalog.paths import conditional
from dharma.catalog.same_expressions import opposite, same_expression
from dharma.catalog.same_references import SameReferences
from dharma.model.blueprint import Resource
from dharma.model.expressions.negation import negated
from dharma.model.expressions.nodes import (
    Conditional,
    Expression,
    ForList,
    Unknown,
    Value,
    rewrite,
)


def canonical(resources: Iterable[Resource], catalog: Catalog) -> dict[str, object]:
    """By address, everything about each resource that has a meaning, as comparable plain data
    (expressions as their nodes)."""
    found = list(resources)
    same = SameReferences(found, catalog)
    return {
        resource.address: _resource(same.settled(resource), catalog)
        for resource in sorted(found, key=lambda r: r.address)
    }


def _resource(resource: Resource, catalog: Catalog) -> dict[str, object]:
    kind = catalog.kind(resource.type)
    properties = (
        {k: v for k, v in resource.properties.items() if v is not None}
        if kind is None
        else canonical_properties(resource.properties, kind)
    )
    loops = {
        name: getattr(resource, name)
        for name in ("count", "for_each", "condition")
        if getattr(resource, name) is not None
    }
    said: dict[str, object] = {"properties": properties, **loops}
    if resource.depends_on:
        said["depends_on"] = sorted(resource.depends_on)
    return said


def canonical_properties(properties: Mapping[str, Value], kind: Kind) -> dict[str, Value]:
    """The properties of a resource of this kind in the form that decides equality."""
    properties = _without_sentinels(properties, kind)
    bags = {bag.declared.name: bag for m in kind.mappings.values() for bag in m.bags}
    of_elements = {
        name: {bag.declared.name: bag for bag in found}
        for m in kind.mappings.values()
        for name, found in m.element_bags.items()
    }
    found: dict[str, Value] = {}
    for name, value in properties.items():
        declared = kind.properties.get(name)
        settled = (
            value
            if declared is None
            else _property(value, declared, bags.get(name), of_elements.get(name, {}))
        )
        if settled is not None:
            found[name] = rewrite(settled, same_expression)
    return found


def _without_sentinels(properties: Mapping[str, Value], kind: Kind) -> Mapping[str, Value]:
    """A literal that a format writes where there is no value is no value."""
    for mapping in kind.mappings.values():
        for table in (mapping.table, *(a.table for a in mapping.attachments)):
            for path, sentinel in _sentinels(table):
                settled = _without(dict(properties), path, sentinel)
                assert isinstance(settled, dict)
                properties = settled
    return properties


_Path = tuple[str, ...]
_Bags = Mapping[str, Bag]


def _sentinels(table: Table, prefix: _Path = ()) -> Iterator[tuple[_Path, Value]]:
    for rule in table.all_rules():
        path = (*prefix, *rule.model)
        if rule.none is not None:
            yield path, rule.none
        if rule.each is not None:
            yield from _sentinels(rule.each, path)


def _without(value: Value, path: _Path, sentinel: Value) -> Value:
    """The value with absence in place of the sentinel at a path, in every element of lists."""
    if isinstance(value, Conditional):
        return conditional(
            value.condition,
            _without(value.then, path, sentinel),
            _without(value.otherwise, path, sentinel),
        )
    if not path:
        return None if value == sentinel and type(value) is type(sentinel) else value
    if isinstance(value, list):
        return [_without(element, path, sentinel) for element in value]
    if isinstance(value, dict) and path[0] in value:
        return {**value, path[0]: _without(value[path[0]], path[1:], sentinel)}
    return value


def _property(
    value: Value, declared: Property, bag: Bag | None, of_elements: _Bags = MappingProxyType({})
) -> Value:
    if value is None:
        return None
    if isinstance(value, Unknown):
        return Unknown("")
    if bag is not None:
        atoms = atoms_of(value, declared.name, peers=bag.peers)
        if atoms is None:
            return Unknown("")
        atoms = [single for atom in atoms for single in _by_peer(atom, bag.peers)]
        return _as_set([_element(atom.as_value(), declared) for atom in atoms]) or None
    if declared.type == "object":
        return _object(value, declared)
    if declared.holds_objects:
        return _list(value, declared, of_elements)
    value = _spread(value)
    if isinstance(value, Conditional) and declared.default is not None:
        value = or_else(value, declared.default)
    value = coerce(value, declared)
    if isinstance(value, Conditional):
        value = simplified(
            Conditional(
                value.condition, _branch(value.then, declared), _branch(value.otherwise, declared)
            ),
            declared.type,
        )
    if value is None or (value == declared.default and type(value) is type(declared.default)):
        return None
    if declared.type.startswith("set(") and isinstance(value, list):
        return _as_set([_forgotten(v) for v in value])
    return _forgotten(value)


def _branch(value: Value, declared: Property) -> Value:
    """One outcome of a conditional value; the default stays, because absence became it."""
    return _property(value, replace(declared, default=None), None)


def _by_peer(atom: Atom, peers: tuple[str, ...]) -> Iterator[Atom]:
    """An atom whose peer depends on a condition as one atom for each outcome."""
    value = atom.value
    for name in peers:
        peer = value.get(name) if isinstance(value, dict) else None
        if isinstance(peer, Conditional):
            peer = simplified(peer, "string")
        if isinstance(peer, Conditional) and isinstance(value, dict):
            for condition, outcome in (
                (peer.condition, peer.then),
                (negated(peer.condition), peer.otherwise),
            ):
                if outcome is not None:
                    single = Atom({**value, name: outcome}, both(atom.condition, condition))
                    yield from _by_peer(single, peers)
            return
    yield atom


def _forgotten(value: Value) -> Value:
    """Unknown is unknown, whatever the reason, and equal outcomes need no condition."""
    if isinstance(value, Unknown):
        return Unknown("")
    if isinstance(value, Conditional):
        sides = Conditional(value.condition, _forgotten(value.then), _forgotten(value.otherwise))
        return simplified(sides, "")
    if isinstance(value, dict):
        return {k: _forgotten(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_forgotten(v) for v in value]
    return value


def _spread(value: Value) -> Value:
    """Conditional maps as maps of conditionals, absent members left out."""
    if isinstance(value, Conditional):
        sides = (_spread(value.then), _spread(value.otherwise))
        if any(isinstance(side, dict) for side in sides) and all(
            side is None or isinstance(side, dict) for side in sides
        ):
            keys = [k for side in sides if isinstance(side, dict) for k in side]
            return {
                key: conditional(
                    value.condition, member(sides[0], (key,)), member(sides[1], (key,))
                )
                for key in dict.fromkeys(keys)
            }
    return value


def _object(value: Value, declared: Property, bags: _Bags = MappingProxyType({})) -> Value:
    if isinstance(value, Expression) and not isinstance(value, Conditional):
        return value
    found: dict[str, Value] = {}
    for name, inner in declared.properties.items():
        settled = _property(member(value, (name,)), inner, bags.get(name))
        if settled is not None:
            found[name] = settled
    if isinstance(value, dict):
        found.update({k: v for k, v in value.items() if k not in declared.properties})
    return found or None


def _list(value: Value, declared: Property, bags: _Bags) -> Value:
    """A list under a condition is the list of its elements, each under that condition."""
    elements = _elements(value, None)
    if elements is None and isinstance(value, Conditional):
        return conditional(
            value.condition,
            _list(value.then, declared, bags),
            _list(value.otherwise, declared, bags),
        )
    if elements is None:
        return _forgotten(value)
    found: list[Value] = []
    for condition, element in elements:
        settled = _element(_of_its_own(element, condition, bags), declared, bags)
        if condition is None:
            found.append(settled)
        elif (said := opposite(condition)) is None:
            found.append(Conditional(condition, settled, None))
        else:
            found.append(Conditional(said, None, settled))
    return (_as_set(found) if declared.is_set else found) or None


def _of_its_own(element: Value, condition: Value, bags: _Bags) -> Value:
    """An element whose bags say nothing that holds anyway where the element is there."""
    if not isinstance(element, dict):
        return element
    settled = dict(element)
    for name, bag in bags.items():
        atoms = atoms_of(element.get(name), name, peers=bag.peers)
        if atoms:
            settled[name] = [atom.as_value() for atom in beside_condition(atoms, condition)]
    return settled


def _elements(value: Value, condition: Value) -> list[tuple[Value, Value]] | None:
    """Every element with what has to hold for it (None: nothing); None for a list that is not
    spelled out. An element that is one thing or another is two elements."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [(condition, value)]
    if isinstance(value, list):
        found: list[tuple[Value, Value]] = []
        for element in value:
            inner = _elements(element, condition) if isinstance(element, Conditional) else None
            if inner is not None:
                found += inner
            elif element is not None:
                found.append((condition, element))
        return found
    if isinstance(value, Conditional):
        sides = [
            _elements(value.then, both(condition, value.condition)),
            _elements(value.otherwise, both(condition, negated(value.condition))),
        ]
        return None if None in sides else [pair for side in sides for pair in side or ()]
    return None


def _element(value: Value, declared: Property, bags: _Bags = MappingProxyType({})) -> Value:
    if isinstance(value, Conditional):
        return conditional(
            value.condition,
            _element(value.then, declared, bags),
            _element(value.otherwise, declared, bags),
        )
    if isinstance(value, ForList):
        return value
    if not declared.properties:
        return _property(value, Property(declared.name, declared.type[4:-1]), None)
    if not isinstance(value, dict):
        return _forgotten(value)
    settled = _object(value, declared, bags)
    return meaningful(settled, declared) if isinstance(settled, dict) else {}


def _as_set(elements: list[Value]) -> list[Value]:
    """Equal elements once, in an order that depends on the elements alone."""
    said = [rewrite(e, same_expression) for e in elements if e is not None]
    keyed = {json.dumps(e, sort_keys=True, default=repr): e for e in said}
    return [keyed[key] for key in sorted(keyed)]
