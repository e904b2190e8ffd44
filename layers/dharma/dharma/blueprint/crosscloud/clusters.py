"""Resources of the source, grouped as the table of equivalents sees them.

A cluster is a main resource with those that are parts of it: a machine of Azure and its network
interface, a bucket's account and its container.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dharma.blueprint.crosscloud.equivalents import (
    MAIN,
    Concept,
    Equivalents,
    PartSpec,
    Side,
)
from dharma.blueprint.crosscloud.paths import get_at
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.nodes import ResourceRef, Value, references


@dataclass(slots=True)
class Cluster:
    """`members` are the resources by part (`MAIN` is the one that others name); `more` are further
    main resources that say the same thing (firewall rules for the same machines). `address` and
    `made` are those of the counterpart, once there is one."""

    concept: Concept
    side: Side
    members: dict[str, Resource]
    more: list[Resource] = field(default_factory=list)
    target: Side | None = None
    made: dict[str, Resource] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    tag: str = ""

    @property
    def main(self) -> Resource:
        return self.members[MAIN]

    def resources(self) -> list[Resource]:
        return [*self.members.values(), *self.more]


def clusters_of(blueprint: Blueprint, table: Equivalents) -> tuple[list[Cluster], list[Resource]]:
    """The clusters, in the order of their main resources, and the resources of no concept."""
    taken: set[str] = set()
    found: list[Cluster] = []
    by_kind: dict[str, list[Resource]] = {}
    for resource in blueprint.resources:
        by_kind.setdefault(resource.type, []).append(resource)
    users = _users(blueprint)
    # Sides with parts first: a topic that is part of a queue is no topic of its own.
    for with_parts in (True, False):
        for resource in blueprint.resources:
            for concept, side in table.concepts_of(resource.type):
                if bool(side.parts) != with_parts or resource.address in taken:
                    continue
                if not _holds(side, resource):
                    continue
                cluster = Cluster(concept, side, {MAIN: resource})
                taken.add(resource.address)
                for part in side.parts:
                    member = _member(part, resource, by_kind, users, taken)
                    if member is not None:
                        cluster.members[part.alias] = member
                        taken.add(member.address)
                found.append(cluster)
                break
    order = {resource.address: n for n, resource in enumerate(blueprint.resources)}
    found.sort(key=lambda cluster: order[cluster.main.address])
    rest = [resource for resource in blueprint.resources if resource.address not in taken]
    return found, rest


def _holds(side: Side, resource: Resource) -> bool:
    return all(
        str(resource.properties.get(name, "")).startswith(wanted)
        for name, wanted in side.when.items()
    )


def _users(blueprint: Blueprint) -> dict[str, set[str]]:
    """By address, who refers to it."""
    users: dict[str, set[str]] = {}
    for resource in blueprint.resources:
        for node in references(dict(resource.properties)):
            users.setdefault(node.address, set()).add(resource.address)
    return users


def _member(
    part: PartSpec,
    main: Resource,
    by_kind: Mapping[str, list[Resource]],
    users: Mapping[str, set[str]],
    taken: set[str],
) -> Resource | None:
    for candidate in by_kind.get(part.kind, ()):
        if candidate.address in taken:
            continue
        if part.owner is not None:
            named = _named(get_at(candidate.properties, part.owner.steps))
            belongs = named == main.address and not users.get(candidate.address)
        else:
            assert part.member is not None
            named = _named(get_at(main.properties, part.member.steps))
            belongs = named == candidate.address
            if part.mains:
                others = users.get(candidate.address, set()) - {main.address}
                belongs = belongs and candidate.name == main.name and not others
        if belongs:
            return candidate
    return None


def _named(value: Value) -> str | None:
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return value.address if isinstance(value, ResourceRef) else None
