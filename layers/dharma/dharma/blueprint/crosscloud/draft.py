"""The counterpart of one cluster while it is made."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.crosscloud.clusters import Cluster
from dharma.blueprint.crosscloud.equivalents import MAIN, Place, Side
from dharma.blueprint.crosscloud.journey import Journey
from dharma.blueprint.crosscloud.paths import get_at, set_at
from dharma.blueprint.crosscloud.report import ResourceReview
from dharma.catalog.kinds import Kind, Property
from dharma.model.blueprint import Steps
from dharma.model.expressions.nodes import Value


class Draft:
    """`properties` are those of the counterpart by part; `consumed` are the places of the source
    that have been dealt with."""

    def __init__(self, journey: Journey, cluster: Cluster, review: ResourceReview) -> None:
        assert cluster.target is not None
        self.journey = journey
        self.cluster = cluster
        self.source: Side = cluster.side
        self.target: Side = cluster.target
        self.review = review
        self.consumed: set[Place] = set()
        self.properties: dict[str, dict[str, Any]] = {MAIN: {}}
        self.properties |= {p.alias: {} for p in self.target.parts if not p.optional}

    def at(self, place: Place) -> Any:
        """The value of the source at a place."""
        member = self.cluster.members.get(place.part)
        return None if member is None else get_at(member.properties, place.steps)

    def made(self, place: Place) -> Any:
        """The value of the counterpart at a place, so far."""
        return get_at(self.properties.get(place.part, {}), place.steps)

    def put(self, place: Place, value: Value) -> None:
        set_at(self.properties.setdefault(place.part, {}), place.steps, value)

    def declared(self, at: Place) -> Property | None:
        type_ = self.cluster.addresses[at.part].partition(".")[0]
        return self.property(self.journey.catalog.kind(type_), at.steps)

    def property(self, kind: Kind | None, steps: Steps) -> Property | None:
        names = tuple(step for step in steps if isinstance(step, str))
        return None if kind is None else kind.property_at(names)

    def is_list(self, at: Place) -> bool:
        declared = self.declared(at)
        return declared is not None and declared.type.startswith(("list(", "set("))

    def drop(self, at: Place, why: str) -> None:
        """Review a value of the source as lost, once for all that the table drops together."""
        prefix = next(
            (
                Place(at.part, at.steps[:n])
                for n in range(1, len(at.steps) + 1)
                if Place(at.part, at.steps[:n]) in self.source.drops
            ),
            at,
        )
        if (str(prefix), why) not in self.review.dropped:
            self.review.dropped.append((str(prefix), why))
