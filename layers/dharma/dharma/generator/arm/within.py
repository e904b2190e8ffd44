"""Children that stand among the properties of their parent.

For a rule of a load balancer Azure has no request: it is an element of the balancer's own list.
What such an element refers to must then stand there as well, if it belongs to the same parent,
since a child of its own would come after what refers to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dharma.catalog.document import Part
from dharma.catalog.formats import PERHAPS_WITHIN_PARENT, WITHIN_PARENT, azure_type
from dharma.core.errors import NotExpressible
from dharma.model.expressions.nodes import (
    COUNT_INDEX,
    Conditional,
    ResourceRef,
    Value,
    references,
)

_ELEMENT = ("name", "properties", "zones")


@dataclass(frozen=True, slots=True)
class Within:
    """The parts that are written, and for those that stand in another one its address; `names`: by
    address of a parent what its elements are called in the blueprint, by their place. `loops`: what
    resources of the blueprint go over by their elements."""

    parts: list[Part]
    homes: dict[str, str] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    loops: Mapping[str, Value] = field(default_factory=dict)


def moved_in(parts: Sequence[Part]) -> Within:
    """Every child that cannot stand alone, in its parent. Raises `NotExpressible` for one whose
    parent is not in the document, and for a loop of them."""
    by_address = {part.address: part for part in parts}
    homes = {p.address: _home(p, by_address) for p in parts if p.type in WITHIN_PARENT}
    referred = [ref.address for a in homes for ref in references(dict(by_address[a].arguments))]
    parents = set(homes.values())
    for address in referred:
        part = by_address.get(address)
        if part is not None and part.type in PERHAPS_WITHIN_PARENT:
            parent = part.arguments.get("parent")
            if isinstance(parent, ResourceRef) and parent.address in parents:
                homes[address] = _home(part, by_address)
    if not homes:
        return Within(list(parts))
    names: dict[str, dict[str, str]] = {}
    inner: dict[str, list[Part]] = {}
    for part in parts:
        if part.address in homes:
            inner.setdefault(homes[part.address], []).append(part)
    written = [
        _with(part, inner[part.address], homes, names) if part.address in inner else part
        for part in parts
        if part.address not in homes
    ]
    return Within(written, homes, names)


def _home(part: Part, parts: dict[str, Part]) -> str:
    where = part.owner or part.address
    parent = part.arguments.get("parent")
    if not isinstance(parent, ResourceRef) or parent.address not in parts:
        raise NotExpressible(
            f"{where}: Azure has no request for {azure_type(part.type)}: it stands in its parent, "
            "which has to be a resource of the blueprint"
        )
    owner = parts[parent.address]
    # One in each instance of its parent is one element there.
    together = part.count == owner.count and parent.instance == COUNT_INDEX
    if (part.count is not None or owner.count is not None) and not together:
        raise NotExpressible(
            f"{where}.count: it stands among the properties of its parent, where ARM's loops make "
            "no resources; write it out"
        )
    return parent.address


def _with(
    part: Part, inner: Sequence[Part], homes: dict[str, str], names: dict[str, dict[str, str]]
) -> Part:
    properties = part.arguments.get("properties")
    whole: dict[str, Value] = dict(properties) if isinstance(properties, dict) else {}
    awaited = list(part.depends_on)
    for child in inner:
        collection = child.type.rpartition("/")[2]
        listed = whole.get(collection)
        elements = list(listed) if isinstance(listed, list) else []
        place = f"{collection}[{len(elements)}]"
        names.setdefault(part.address, {})[place] = (child.owner or child.address).split(".")[-1]
        element: Value = {k: v for k, v in child.arguments.items() if k in _ELEMENT}
        if child.condition is not None:
            element = Conditional(child.condition, element, None)
        whole[collection] = [*elements, element]
        awaited += [a for a in child.awaited if homes.get(a, a) != part.address]
    arguments = {**part.arguments, "properties": whole}
    return replace(part, arguments=arguments, depends_on=tuple(dict.fromkeys(awaited)))
