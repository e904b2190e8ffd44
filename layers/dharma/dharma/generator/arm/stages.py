"""The deployments of a template of the subscription: one for each resource group.

Where two groups need each other, a group is deployed in stages: what another group waits for comes
first, what waits for another group later. Levels along the longest chain of references decide, so
that no two deployments wait for each other as long as no two resources do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from dharma.catalog.document import Part
from dharma.catalog.placement import cyclic_components
from dharma.core.errors import NotExpressible
from dharma.generator.arm.places import SUBSCRIPTION, Place, Places
from dharma.model.expressions.nodes import references

Graph = dict[str, set[str]]


@dataclass(slots=True)
class Stage:
    """The parts of one deployment. `before` is the stage of the same group that comes before."""

    place: Place
    level: int
    parts: list[Part] = field(default_factory=list)
    before: Stage | None = None


def staged(
    parts: Sequence[Part], places: Places, homes: Mapping[str, str] | None = None
) -> list[Stage]:
    """The deployments into groups. Raises `NotExpressible` for a part of which nothing says where
    it is, and for parts that need each other across groups."""
    where = _Where(places)
    units = {part.address: where.unit(part) for part in parts}
    needs = {part.address: _needs(part, units, homes or {}) for part in parts}
    levels = _levels(needs, units)
    found: dict[tuple[str, int], Stage] = {}
    for part in parts:
        place = where.of(part)
        if place != SUBSCRIPTION:
            level = levels.get(part.address, 0)
            key = (place.key, level)
            found.setdefault(key, Stage(place, level)).parts.append(part)
    for stage in found.values():
        place, level = stage.place, stage.level
        earlier = [s for s in found.values() if s.place == place and s.level < level]
        stage.before = max(earlier, key=lambda s: s.level, default=None)
    return sorted(found.values(), key=lambda stage: stage.level)


class _Where:
    """The place of every part; of one that does not say it, the blueprint's only group, or the only
    one that anything is in."""

    def __init__(self, places: Places) -> None:
        self.places = places
        found = map(places.of, places.parts)
        targets = {p.key: p for p in found if p is not None and p != SUBSCRIPTION}
        groups = [Place(group.address) for group in places.groups()]
        choice = groups if len(groups) == 1 else list(targets.values())
        self.only = choice[0] if len(choice) == 1 else None

    def of(self, part: Part) -> Place:
        where = part.owner or part.address
        place = self.places.of(part.address) or self.only
        if place is None:
            raise NotExpressible(f"{where}: nothing says which resource group it is in")
        if place.instance is not None and not isinstance(place.instance, int):
            raise NotExpressible(
                f"{where}.resource_group_name: a loop over resource groups has one deployment for "
                "each group; write the resources of each group out"
            )
        return place

    def unit(self, part: Part) -> str:
        """What is deployed as a whole: a group, or a resource of the subscription by itself."""
        place = self.of(part)
        return part.address if place == SUBSCRIPTION else place.key


def _needs(part: Part, units: Mapping[str, str], homes: Mapping[str, str]) -> set[str]:
    values = [dict(part.arguments), part.condition, part.count, dict(part.native)]
    named = {ref.address for ref in references(values)} | set(part.awaited)
    named = {homes.get(address, address) for address in named}
    return {address for address in named if address in units and address != part.address}


def _levels(needs: Graph, units: Mapping[str, str]) -> dict[str, int]:
    """The stages of parts in groups that need each other; others have one."""
    graph: Graph = {unit: set() for unit in units.values()}
    for address, targets in needs.items():
        graph[units[address]] |= {units[t] for t in targets} - {units[address]}
    levels: dict[str, int] = {}
    for members in cyclic_components(graph):
        inside = {address for address, unit in units.items() if unit in members}
        for address in _ordered({a: needs[a] & inside for a in inside}):
            behind = (
                levels[t] + (units[t] != units[address]) for t in needs[address] if t in inside
            )
            levels[address] = max(behind, default=0)
    return levels


def _ordered(graph: Graph) -> Iterable[str]:
    try:
        sorter = TopologicalSorter({a: sorted(targets) for a, targets in sorted(graph.items())})
        return list(sorter.static_order())
    except CycleError as error:
        circle = list(dict.fromkeys(error.args[1]))
        raise NotExpressible(f"{circle[0]}: these need each other: {', '.join(circle)}") from None
