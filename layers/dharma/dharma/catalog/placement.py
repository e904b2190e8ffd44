"""What must stand apart from its owner, decided once from the graph of main parts.

Nodes are the main parts of resources: an attachment is never referred to, so it is never part of a
cycle, and a bucket policy that names its own bucket is none. The atoms of a bag that can stand
inline count as inline at first; those that refer into their owner's strongly connected component
are then written apart. What is a cycle even so cannot be written at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from dharma.catalog.bags import Atom, atoms_of, is_self, refers
from dharma.catalog.catalog import Catalog
from dharma.catalog.elements import changed_elements
from dharma.catalog.formats import Format
from dharma.catalog.kinds import Bag, FormatMapping
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Value

Graph = dict[str, set[str]]


class Placement:
    """The cyclic components among main parts of one set of resources in one format."""

    def __init__(self, resources: Sequence[Resource], format: Format, catalog: Catalog) -> None:
        self._resources = {resource.address: resource for resource in resources}
        self._mappings = {
            resource.address: kind.mapping(format)
            if (kind := catalog.kind(resource.type))
            else None
            for resource in resources
        }
        # A call of a module is no single thing: one of its outputs may need what another of its
        # inputs is made of, which Terraform takes apart.
        calls = {r.address for r in resources if format == "terraform" and r.type == "module"}
        graph = {
            address: set(self._edges(address)) - calls
            for address in self._resources
            if address not in calls
        }
        self.component: dict[str, int] = {}
        for number, members in enumerate(cyclic_components(graph)):
            self.component.update(dict.fromkeys(members, number))
        self._refuse_cycles()

    def apart(self, address: str, bag: Bag, atoms: Iterable[Atom]) -> list[bool]:
        """For each atom whether it must be a resource of its own."""
        if bag.inline_form is None or (bag.place == "separate" and bag.separate_form is not None):
            return [True for _ in atoms]
        if bag.separate_form is None:
            return [False for _ in atoms]
        marks = [self._closes_cycle(address, bag, atom.value) for atom in atoms]
        return [True] * len(marks) if any(marks) and not bag.mixed else marks

    def _closes_cycle(self, address: str, bag: Bag, value: Value) -> bool:
        form = bag.inline_form
        component = self.component.get(address)
        if component is None or form is None:
            return False
        if form.self_reference is not None and isinstance(value, dict):
            name = form.self_reference[1]
            if is_self(value.get(name), address):
                value = {k: v for k, v in value.items() if k != name}
        return any(self.component.get(target) == component for target in refers(value))

    def _edges(self, address: str) -> Iterator[str]:
        """What the main part refers to, with everything inline that can be."""
        resource = self._resources[address]
        mapping = self._mappings[address]
        for value in _of_main_part(resource, mapping).values():
            yield from (t for t in refers(value) if t in self._resources)
        yield from (t for t in resource.depends_on if t in self._resources)

    def _refuse_cycles(self) -> None:
        if not self.component:
            return
        graph = {address: set(self._fixed_edges(address)) for address in self.component}
        for members in cyclic_components(graph):
            path = _round(graph, members)
            raise NotExpressible(
                f"a cycle of references that the format cannot hold: {' -> '.join(path)}"
            )

    def _fixed_edges(self, address: str) -> Iterator[str]:
        """The edges that remain when every atom that can be is written apart."""
        resource = self._resources[address]
        mapping = self._mappings[address]
        bags = {} if mapping is None else {b.declared.name: b for b in mapping.bags}
        for name, value in _of_main_part(resource, mapping).items():
            for target in self._fixed_targets(address, bags.get(name), value):
                if target in self.component:
                    yield target
        yield from (t for t in resource.depends_on if t in self.component)

    def _fixed_targets(self, address: str, bag: Bag | None, value: Value) -> Iterator[str]:
        if bag is None or bag.separate_form is None:
            yield from refers(value)
            return
        atoms = atoms_of(value, f"{address}.{bag.declared.name}") or []
        for atom, is_apart in zip(atoms, self.apart(address, bag, atoms), strict=True):
            if not is_apart:
                yield from (t for t in refers(atom.value) if t != address)


def _of_main_part(resource: Resource, mapping: FormatMapping | None) -> Mapping[str, Value]:
    """The properties that the main part holds, without those bags of elements that never stand
    there."""
    if mapping is None:
        return resource.properties
    found = {k: v for k, v in resource.properties.items() if k in mapping.main_properties}
    for name, bags in mapping.element_bags.items():
        apart = {bag.declared.name for bag in bags}
        found[name] = changed_elements(found.get(name), partial(_without, apart))
    return found


def _without(names: set[str], element: dict[str, Value], _: Value) -> dict[str, Value]:
    return {key: value for key, value in element.items() if key not in names}


def cyclic_components(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The strongly connected components that hold a cycle, by Tarjan's algorithm without recursion;
    members sorted, components in the order of the graph."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in graph:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(sorted(graph[root])))]
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in graph:
                    continue
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(sorted(graph[target]))))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    members: list[str] = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        members.append(member)
                        if member == node:
                            break
                    if len(members) > 1 or node in graph[node]:
                        found.append(sorted(members))
    return found


def _round(graph: Graph, members: list[str]) -> list[str]:
    """One way round a cyclic component, from its first member back to it."""
    inside = set(members)
    start = members[0]
    came: dict[str, str] = {}
    queue = [start]
    for node in queue:
        for target in sorted(graph[node] & inside):
            if target == start:
                path = [start]
                here = node
                while here != start:
                    path.append(here)
                    here = came[here]
                return [start, *reversed(path)] if len(path) > 1 else [start, start]
            if target not in came:
                came[target] = node
                queue.append(target)
    return members


def detachable(mapping: FormatMapping) -> frozenset[str]:
    """The properties that this format can keep out of the main part: a reference in them never
    closes a cycle."""
    apart = {
        rule.model[0] for a in mapping.attachments if a.only != "read" for rule in a.table.rules
    }
    apart |= {bag.declared.name for bag in mapping.bags if bag.separate_form is not None}
    mapped = {rule.model[0] for rule in mapping.table.all_rules() if rule.only != "read"}
    return frozenset(apart - mapped)
