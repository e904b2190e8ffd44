"""Elements of a list that have bags of their own: an address of a network interface has pools.

Where the atoms of such a bag are resources apart, each says which element it belongs to by what the
element is called. Two elements may be called the same if they are never there at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from dharma.catalog.bags import Atom, both, with_atoms
from dharma.catalog.coercion import coerce
from dharma.catalog.document import Part
from dharma.catalog.kinds import Bag, ElementName, Property
from dharma.catalog.paths import get
from dharma.core.errors import NotExpressible
from dharma.model.expressions.negation import negated
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    ForList,
    ResourceRef,
    Unknown,
    Value,
    walk,
)

_UNKNOWN = "it is not known, and by it the element is named by what belongs to it"
_SHARED = "another element may have the same, and by it the element is named by what belongs to it"
REFUSED_NAMES = (_UNKNOWN, _SHARED)


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a list, or what stands for several of them, and the condition under which it
    is there (None: always)."""

    value: Value
    condition: Value = None


def elements_of(value: Value, condition: Value = None) -> Iterator[Element]:
    """The elements of a list of objects, as far as they are spelled out."""
    if isinstance(value, Conditional):
        yield from elements_of(value.then, both(condition, value.condition))
        yield from elements_of(value.otherwise, both(condition, negated(value.condition)))
    elif isinstance(value, list):
        for element in value:
            yield from elements_of(element, condition)
    elif isinstance(value, Call) and value.name == "concat":
        for argument in value.arguments:
            yield from elements_of(argument, condition)
    elif value is not None:
        yield Element(value, condition)


def beyond(condition: Value, given: Value) -> Value:
    """What a condition says beyond another one that holds: None for nothing, False for what cannot
    be."""
    known = _conjuncts(given)
    if any(negated(part) in known for part in _conjuncts(condition)):
        return False
    rest: Value = None
    for part in _conjuncts(condition):
        if part not in known:
            rest = both(rest, part)
    return rest


def _conjuncts(condition: Value) -> list[Value]:
    if condition is None:
        return []
    if isinstance(condition, Binary) and condition.operator == "&&":
        return [*_conjuncts(condition.left), *_conjuncts(condition.right)]
    return [condition]


# ---- writing


def elements_with(
    bag: Bag, member: Property, value: Value, where: str
) -> Iterator[tuple[Element, str]]:
    """The elements of a list that have something in this bag, each with its place. `member` tells
    what an element is called.

    Raises `NotExpressible` where nothing could be said to belong to one of them.
    """
    elements = list(elements_of(value))
    names = [_name(element, member) for element in elements]
    for position, element in enumerate(elements):
        if isinstance(element.value, ForList):
            result = element.value.result
            if isinstance(result, dict) and result.get(bag.declared.name) is None:
                continue
            raise NotExpressible(f"{where}: {bag.declared.name} of a loop must be expanded first")
        if not isinstance(element.value, dict) or not element.value.get(bag.declared.name):
            continue
        here = f"{where}[{position}]"
        if not _is_known(names[position]):
            raise NotExpressible(f"{here}.{member.name}: {_UNKNOWN}")
        for other, name in zip(elements, names, strict=True):
            if (
                other is not element
                and name == names[position]
                and beyond(other.condition, element.condition) is not False
            ):
                raise NotExpressible(f"{here}.{member.name}: {_SHARED}")
        yield element, here


def _name(element: Element, member: Property) -> Value:
    return (
        coerce(element.value.get(member.name), member) if isinstance(element.value, dict) else None
    )


def _is_known(name: Value) -> bool:
    return name is not None and not any(isinstance(node, Unknown) for node in walk(name))


# ---- reading


def element_name(form: ElementName, piece: Part, owner: Part, reference: Value) -> Value:
    """What the element is called that a piece belongs to, in the owner's words; None where the
    owner has none of which that is known. `reference` is by what the piece names its owner: it may
    name the element by a reference to the same."""
    said = get(piece.arguments, form.said)
    elements = get(owner.arguments, form.elements)
    if not isinstance(elements, list):
        return None
    if isinstance(said, ResourceRef) and isinstance(reference, ResourceRef):
        list_, member = ([step.key for step in path] for path in (form.elements, form.native))
        for position, element in enumerate(elements):
            if said == replace(reference, path=(*list_, position, *member)):
                said = get(element, form.native)
                break
    names = [get(element.value, form.native) for element in elements_of(elements)]
    return said if said in names and _is_known(said) else None


Change = Callable[[dict[str, Value], Value], dict[str, Value]]
"""What becomes of an object that is there under a condition (None: always)."""


def changed_elements(value: Value, change: Change, given: Value = None) -> Value:
    """A list of objects after a change of every one that is spelled out."""
    if isinstance(value, list):
        return [changed_elements(element, change, given) for element in value]
    if isinstance(value, Conditional):
        return Conditional(
            value.condition,
            changed_elements(value.then, change, both(given, value.condition)),
            changed_elements(value.otherwise, change, both(given, negated(value.condition))),
        )
    return change(value, given) if isinstance(value, dict) else value


def adding(bag: Bag, member: str, name: Value, atoms: list[Atom]) -> Change:
    """The change that puts atoms into the bag of each element of this name."""

    def add(element: dict[str, Value], given: Value) -> dict[str, Value]:
        if element.get(member) != name:
            return element
        return with_atoms(element, bag, beside_condition(atoms, given))

    return add


def beside_condition(atoms: Iterable[Atom], given: Value) -> list[Atom]:
    """The atoms that can be where a condition holds, each with what it asks for beyond that."""
    rest = [Atom(atom.value, beyond(atom.condition, given)) for atom in atoms]
    return [atom for atom in rest if atom.condition is not False]
