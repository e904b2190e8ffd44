"""Bags: sets whose elements may stand inline, as separate resources, or both.

The model holds *atoms*: one peer per rule, one route, one policy. An atom is an object (or a plain
value), may be conditional (`c ? atom : null`), and may stand for one atom per element of a list
that is not spelled out, by the splat `list[*]`. Equality of the sets decides, never order. An empty
text in an atom is absence: that is how Terraform's plan spells it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from dharma.catalog.coercion import coerce
from dharma.catalog.kinds import Atoms, Bag, Property
from dharma.catalog.members import meaningful
from dharma.catalog.paths import conditional
from dharma.catalog.table_reading import Report, read_element, read_table
from dharma.catalog.table_writing import write_element
from dharma.core.errors import NotExpressible
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    Expression,
    ForList,
    ResourceRef,
    Splat,
    Symbol,
    Unary,
    Unknown,
    Value,
    children,
)


@dataclass(frozen=True, slots=True)
class Atom:
    """One element of a bag and the condition under which it is there (None: always)."""

    value: Value
    condition: Value = None

    def as_value(self) -> Value:
        if self.condition is None:
            return self.value
        if isinstance(self.condition, Unary) and self.condition.operator == "!":
            return Conditional(self.condition.operand, None, self.value)
        return Conditional(self.condition, self.value, None)


def both(first: Value, second: Value) -> Value:
    """The conjunction of two conditions; None stands for no condition."""
    if first is None:
        return second
    return first if second is None else Binary("&&", first, second)


def atoms_of(value: Value, where: str, *, peers: tuple[str, ...] = ()) -> list[Atom] | None:
    """The atoms that a property's value holds, or None when their number is not known.

    `peers` are members of which an atom has at most one: an element with several is several atoms.
    """
    if value is None:
        return []
    if isinstance(value, Unknown):
        return None
    if isinstance(value, Conditional):
        then = atoms_of(value.then, where, peers=peers)
        otherwise = atoms_of(value.otherwise, where, peers=peers)
        if then is None or otherwise is None:
            return None
        return [
            *(Atom(a.value, both(value.condition, a.condition)) for a in then),
            *(Atom(a.value, both(Unary("!", value.condition), a.condition)) for a in otherwise),
        ]
    if isinstance(value, list):
        return [atom for element in value for atom in _element(element, where, peers)]
    if isinstance(value, Call) and value.name == "concat":
        groups = [atoms_of(argument, where, peers=peers) for argument in value.arguments]
        return None if None in groups else [a for group in groups if group for a in group]
    if isinstance(value, Call) and value.name == "toset" and len(value.arguments) == 1:
        return atoms_of(value.arguments[0], where, peers=peers)
    if isinstance(value, dict):
        return _element(value, where, peers)
    if isinstance(value, Expression):
        return [Atom(value if isinstance(value, ForList) or _is_each(value) else Splat(value))]
    return _element(value, where, peers)  # One value without a list around it.


def _element(element: Value, where: str, peers: tuple[str, ...]) -> list[Atom]:
    element = without_empty(element)
    if element is None:
        return []
    if isinstance(element, Conditional):
        return [
            *(
                Atom(a.value, both(element.condition, a.condition))
                for a in _element(element.then, where, peers)
            ),
            *(
                Atom(a.value, both(Unary("!", element.condition), a.condition))
                for a in _element(element.otherwise, where, peers)
            ),
        ]
    if isinstance(element, dict):
        present = [p for p in peers if element.get(p) is not None]
        if len(present) > 1:
            common = {k: v for k, v in element.items() if k not in present}
            return [Atom({**common, p: element[p]}) for p in present]
    return [Atom(element)]


def without_empty(value: Value) -> Value:
    """An atom, or a member of one, with absence in place of empty text."""
    if isinstance(value, Conditional):
        return conditional(
            value.condition, without_empty(value.then), without_empty(value.otherwise)
        )
    if isinstance(value, dict):
        return {k: v if isinstance(v, dict) else without_empty(v) for k, v in value.items()}
    return None if value == "" else value


def as_property(atoms: list[Atom]) -> list[Value]:
    """Atoms as the value of a property, equal ones once."""
    found: list[Value] = []
    for atom in atoms:
        value = atom.as_value()
        if value not in found:
            found.append(value)
    return found


# ---- inline


def write_inline(form: Atoms, bag: Bag, atoms: list[Atom], owner: str, where: str) -> list[Value]:
    """The atoms as the list inside the owner; with exploded lists, those of one base together."""
    if not bag.declared.holds_objects:
        return [atom.as_value() for atom in atoms]
    written: list[Value] = []
    bases: dict[str, dict[str, Value]] = {}
    lists = {name: native for native, name in form.explode}
    for atom in atoms:
        value = atom.value
        if isinstance(value, ForList):
            written.append(_write_loop(form, value, where))
            continue
        if not isinstance(value, dict):
            raise NotExpressible(f"{where}: an element must be spelled out")
        value = meaningful(value, bag.declared)
        base: dict[str, Value] = {
            k: v for k, v in value.items() if k not in lists and v is not None
        }
        for name, inner in base.items():
            if isinstance(inner, Splat) and not inner.path:
                raise NotExpressible(f"{where}.{name}: one per element needs a loop")
        refers_to_itself = form.self_reference is not None and is_self(
            value.get(form.self_reference[1]), owner
        )
        key = f"{atom.condition!r} {base!r}"
        block = bases.get(key)
        if block is None:
            made = write_element(form.table, base, where)
            assert isinstance(made, dict)
            block = bases[key] = made
            written.append(Atom(block, atom.condition).as_value())
        for name, native in lists.items():
            peer = value.get(name)
            if peer is None:
                continue
            if refers_to_itself and form.self_reference and name == form.self_reference[1]:
                block[form.self_reference[0]] = True
            else:
                block[native] = with_member(block.get(native), peer)
    return written


def _write_loop(form: Atoms, value: ForList, where: str) -> Value:
    if form.explode:
        raise NotExpressible(f"{where}: a loop over rules must be expanded first")
    return ForList(
        value.key,
        value.value,
        value.collection,
        write_element(form.table, value.result, where),
        value.condition,
    )


def _is_each(value: Value) -> bool:
    """Whether a value stands for one atom per element of a list."""
    return isinstance(value, Splat) and not value.path


def all_of(member: Value) -> Value:
    """The list of which a plain atom stands for every element; None for a single one."""
    if isinstance(member, Splat) and not member.path:
        return member.collection
    if isinstance(member, Splat | ForList):
        return member
    if isinstance(member, Conditional):
        sides = (member.then, member.otherwise)
        lists = [all_of(side) for side in sides]
        if any(list_ is not None for list_ in lists):
            alone: list[Value] = [[] if side is None else [side] for side in sides]
            then, otherwise = (
                one if list_ is None else list_ for list_, one in zip(lists, alone, strict=True)
            )
            return Conditional(member.condition, then, otherwise)
    return None


def with_member(so_far: Value, member: Value) -> Value:
    """A list with one more element; the splat of a list adds all of it."""
    whole = all_of(member)
    if so_far is None:
        return [member] if whole is None else whole
    if isinstance(so_far, list) and whole is None:
        return [*so_far, member]
    parts = so_far.arguments if isinstance(so_far, Call) and so_far.name == "concat" else (so_far,)
    return Call("concat", (*parts, [member] if whole is None else whole))


def is_self(value: Value, owner: str) -> bool:
    """Whether a value refers to the owner itself (in a loop: to the same instance)."""
    return (
        isinstance(value, ResourceRef)
        and value.address == owner
        and value.path == ("id",)
        and (value.instance is None or isinstance(value.instance, Symbol))
    )


def read_inline(
    form: Atoms, bag: Bag, value: Value, owner: str, report: Report, *, partly: bool = False
) -> Value:
    """The property that an inline list says: a list of atoms, or unknown when their number is.
    `partly`: atoms that are known stay beside an unknown one that stands for the others."""
    if isinstance(value, Unknown):
        return value
    path = str(form.path[-1]) if form.path else bag.declared.name
    atoms = atoms_of(value, path)
    if atoms is None:
        return Unknown(f"{path}: how many elements there are is not known")
    found: list[Atom] = []
    for position, atom in enumerate(atoms):
        if not bag.declared.holds_objects:
            found.append(Atom(_plain(atom.value, bag.declared), atom.condition))
            continue
        repeated = isinstance(atom.value, ForList) and not form.explode
        if isinstance(atom.value, Expression) and not repeated:
            others = atom.value
            if not isinstance(others, Unknown):
                report(path, "is not spelled out")
                others = Unknown(f"{path}: its elements are not spelled out")
            if not partly or len(atoms) == 1:
                return others
            found.append(Atom(others))
            continue
        where = f"{path}[{position}]"
        found.extend(
            Atom(inner.value, both(atom.condition, inner.condition))
            for inner in read_atoms(form, bag, atom.value, owner, where=where, report=report)
        )
    return as_property(found)


def _plain(value: Value, declared: Property) -> Value:
    return coerce(value, Property(declared.name, declared.type[4:-1]))


def read_atoms(
    form: Atoms, bag: Bag, raw: Value, owner: str, *, where: str, report: Report
) -> list[Atom]:
    """The atoms that one native rule stands for: one per peer."""
    if isinstance(raw, ForList) and not form.explode:
        result = read_element(form.table, raw.result, bag.declared, where, report)
        return [Atom(ForList(raw.key, raw.value, raw.collection, result, raw.condition))]
    if not isinstance(raw, dict):
        report(where, "is not spelled out")
        return []
    extra = {native for native, _ in form.explode}
    if form.self_reference is not None:
        extra.add(form.self_reference[0])
    for path in form.known.unread(raw):
        report(f"{where}.{path}" if where else path, "is not understood")
    rest = without_empty({k: v for k, v in raw.items() if k not in extra})

    def inner(path: str, message: str, *, lost: bool = False) -> None:
        report(f"{where}.{path}" if where else path, message, lost=lost)

    base = meaningful(read_table(form.table, rest, inner), bag.declared)
    peers = [
        Atom({**base, name: peer.value}, peer.condition)
        for native, name in form.explode
        for peer in _peers(raw.get(native), f"{where}.{native}")
    ]
    if form.self_reference is not None:
        native, name = form.self_reference
        itself = raw.get(native)
        if itself not in (None, False, "false"):
            condition = None if itself in (True, "true") else itself
            peers.append(Atom({**base, name: ResourceRef(owner, ("id",))}, condition))
    return peers or [Atom(base)]


def _peers(value: Value, where: str) -> Iterator[Atom]:
    if isinstance(value, Unknown):
        yield Atom(Unknown(f"{where}: {value.reason}"))
        return
    if isinstance(value, list):
        for element in value:
            if isinstance(element, Conditional) and None not in (element.then, element.otherwise):
                yield Atom(element)
            else:
                yield from atoms_of([element], where) or ()
        return
    yield from atoms_of(value, where) or ()


def with_atoms(properties: dict[str, Value], bag: Bag, atoms: list[Atom]) -> dict[str, Value]:
    """The properties with further atoms in a bag; equal ones once. Lists that are not spelled out
    are put together by `concat`."""
    name = bag.declared.name
    here = properties.get(name)
    if isinstance(here, Unknown):
        return properties
    if bag.declared.holds_objects:
        so_far = here if isinstance(here, list) else []
        added = [value for value in as_property(atoms) if value not in so_far]
        return {**properties, name: [*so_far, *added]}
    for atom in atoms:
        value = atom.value.get("value") if isinstance(atom.value, dict) else atom.value
        value = Atom(value, atom.condition).as_value()
        if not isinstance(here, list) or value not in here:
            here = with_member(here, value)
    return {**properties, name: [] if here is None else here}


# ---- equality


def same_atoms(first: list[Value], second: list[Value]) -> bool:
    """Whether two bags hold the same atoms."""
    return sorted(map(_key, first)) == sorted(map(_key, second))


def _key(value: Value) -> str:
    if isinstance(value, dict):
        value = {k: v for k, v in value.items() if v is not None}
    return json.dumps(value, sort_keys=True, default=repr)


def refers(value: Value) -> Iterator[str]:
    """The addresses that a value refers to."""
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, ResourceRef):
            yield node.address
            if node.instance is not None:
                stack.append(node.instance)
        elif isinstance(node, dict | list | Expression):
            stack.extend(children(node))
