"""Which resource needs which: edges, an order to create them in, and cycles by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from dharma.model.addresses import instance_address
from dharma.model.blueprint import Resource, ResourceInstance
from dharma.model.expressions.nodes import Expression, ResourceRef, Value, references


@dataclass(frozen=True, slots=True)
class Graph:
    """`edges` gives for every address what it depends on, both in the order of declaration."""

    edges: Mapping[str, tuple[str, ...]]

    def order(self) -> list[str]:
        """Every address behind all that it depends on; among several that could come next the one
        declared first. Members of a cycle come last, in the order of declaration."""
        position = {address: n for n, address in enumerate(self.edges)}
        addresses = list(self.edges)
        waiting = {a: sum(d != a for d in needs) for a, needs in self.edges.items()}
        dependents = self.dependents()
        ready = [position[a] for a, count in waiting.items() if count == 0]
        heapify(ready)
        ordered: list[str] = []
        while ready:
            address = addresses[heappop(ready)]
            ordered.append(address)
            for other in dependents[address]:
                if other != address:
                    waiting[other] -= 1
                    if waiting[other] == 0:
                        heappush(ready, position[other])
        if len(ordered) < len(addresses):
            done = set(ordered)
            ordered.extend(a for a in addresses if a not in done)
        return ordered

    def dependents(self) -> dict[str, list[str]]:
        """The edges turned round: for every address what depends on it."""
        turned: dict[str, list[str]] = {address: [] for address in self.edges}
        for address, needs in self.edges.items():
            for need in needs:
                turned[need].append(address)
        return turned

    def components(self) -> list[list[str]]:
        """The strongly connected components that are cycles, members in order of declaration.

        Tarjan's algorithm with an explicit stack, so that long chains do not recurse.
        """
        index: dict[str, int] = {}
        low: dict[str, int] = {}
        on_stack: set[str] = set()
        stack: list[str] = []
        found: list[list[str]] = []
        position = {address: n for n, address in enumerate(self.edges)}
        for root in self.edges:
            if root in index:
                continue
            work: list[tuple[str, Iterator[str]]] = [(root, iter(self.edges[root]))]
            index[root] = low[root] = len(index)
            stack.append(root)
            on_stack.add(root)
            while work:
                address, needs = work[-1]
                for need in needs:
                    if need not in index:
                        index[need] = low[need] = len(index)
                        stack.append(need)
                        on_stack.add(need)
                        work.append((need, iter(self.edges[need])))
                        break
                    if need in on_stack:
                        low[address] = min(low[address], index[need])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[address])
                    if low[address] == index[address]:
                        members = []
                        while True:
                            member = stack.pop()
                            on_stack.discard(member)
                            members.append(member)
                            if member == address:
                                break
                        if len(members) > 1 or address in self.edges[address]:
                            found.append(sorted(members, key=position.__getitem__))
        return sorted(found, key=lambda members: position[members[0]])

    def cycles(self) -> list[list[str]]:
        """One shortest way round for each cyclic component, from its first member back to it:
        `[a, b, a]`."""
        return [self._way_round(members) for members in self.components()]

    def _way_round(self, members: list[str]) -> list[str]:
        inside = set(members)
        start = members[0]
        came: dict[str, str] = {}
        queue = [start]
        for address in queue:
            for need in self.edges[address]:
                if need == start:
                    way = [start]
                    step = address
                    while step != start:
                        way.append(step)
                        step = came[step]
                    way.append(start)
                    return way[::-1]
                if need in inside and need not in came:
                    came[need] = address
                    queue.append(need)
        return members


def dependency_graph(resources: Iterable[Resource | ResourceInstance]) -> Graph:
    """The graph of resources, or of the instances of a resolved blueprint. References to what is
    not among them are left out."""
    known: dict[str, list[str]] = {}
    listed = list(resources)
    for resource in listed:
        known.setdefault(f"{resource.type}.{resource.name}", []).append(resource.address)
    addresses = {resource.address for resource in listed}
    position = {resource.address: n for n, resource in enumerate(listed)}
    edges: dict[str, tuple[str, ...]] = {}
    for resource in listed:
        targets: set[str] = set()
        for ref in resource_references(resource):
            targets.update(_targets(ref, known, addresses))
        for name in resource.depends_on:
            targets.update([name] if name in addresses else known.get(name, ()))
        needed = (*edges.get(resource.address, ()), *targets)
        edges[resource.address] = tuple(sorted(set(needed), key=position.__getitem__))
    return Graph(edges)


def resource_references(resource: Resource | ResourceInstance) -> Iterator[ResourceRef]:
    """All references in a resource, those of its loop and condition included."""
    values: list[Value] = list(resource.properties.values())
    values.extend(v for extra in resource.native.values() for v in extra.values())
    if isinstance(resource, Resource):
        values += [resource.count, resource.for_each, resource.condition]
    for value in values:
        if isinstance(value, list | dict | Expression):
            yield from references(value)


def _targets(ref: ResourceRef, known: dict[str, list[str]], addresses: set[str]) -> list[str]:
    if isinstance(ref.instance, int | str) and not isinstance(ref.instance, bool):
        exact = instance_address(ref.address, ref.instance)
        if exact in addresses:
            return [exact]
    return known.get(ref.address, [])
