"""Read models of deployments: what is projected from their histories, and how it is made anew.

    read model              kept up by                                  made anew from
    the deployment itself   the transaction that adds to its history    its history, by `fold`
    statistics              events of the bus (`take`)                  what all histories say

    partition                          sort key
    T#<tenant>#DEPLOYMENT-STATISTICS   GENERATION              which generation is read, which is
                                                               being built
    T#<tenant>#...-STATISTICS#<n>      KNOWN#<deployment>      what is known of one deployment
                                       COUNTS#<environment>    the counters

Making anew builds the next generation beside the present one, which goes on serving; events that
arrive meanwhile go into both. An event that came before the building began lies in its history,
where the builder finds it; since facts may come twice, it does not matter who is first.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dharma.core.clock import Clock, parse_time
from dharma.core.errors import Unavailable, VersionConflict
from dharma.core.store import Check, Delete, Item, ItemStore, Put, all_items
from dharma.orchestrator import keys
from dharma.orchestrator.milestones import Counts, Known, Milestone
from dharma.orchestrator.models import ProgressEvent
from dharma.orchestrator.repository import Deployments

_ATTEMPTS = 40
_PAGE = 50
_PER_TRANSACTION = 100


@dataclass(frozen=True, slots=True)
class Generations:
    """`present` is read, `building` is being made (None: nothing is), `old` is to be removed."""

    present: int = 0
    building: int | None = None
    old: int | None = None
    version: int = 0

    @property
    def live(self) -> tuple[int, ...]:
        return (self.present,) if self.building is None else (self.present, self.building)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How far it came: histories read, deployments whose record differed from its history."""

    finished: bool
    deployments: int
    repaired: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "finished": self.finished,
            "deployments": self.deployments,
            "repaired": self.repaired,
        }


class Projections:
    """One instance serves all tenants."""

    def __init__(self, store: ItemStore, clock: Clock) -> None:
        self._store = store
        self._deployments = Deployments(store, clock)

    def take(self, type: str, detail: dict[str, Any]) -> None:
        """An event of the bus, however often and in whatever order it comes."""
        at = parse_time(detail["at"])
        said = Milestone.of(type, detail["environment"], at, detail)
        if said is None:
            return
        tenant = detail["tenant"]
        for generation in self._generations(tenant).live:
            self._count(tenant, generation, detail["deploymentId"], [said])

    def statistics(self, tenant: str) -> dict[str, Counts]:
        """Counters by environment."""
        partition = keys.statistics(tenant, self._generations(tenant).present)
        return {
            item.sk.removeprefix(keys.COUNTS_PREFIX): Counts.from_data(item.data)
            for item in all_items(self._store, partition, keys.COUNTS_PREFIX)
        }

    def rebuild(self, tenant: str, enough: Callable[[], bool] = lambda: False) -> Rebuilt:
        """Make all read models of a tenant anew. Stops when it is `enough`; the next call goes on
        where this one stopped."""
        generations = self._begin(tenant)
        building = generations.building
        progress = self._progress(tenant)
        while building is not None:
            page = self._store.query(
                keys.histories(tenant), limit=_PAGE, cursor=progress.get("cursor")
            )
            for item in page.items:
                self._project(tenant, building, item.sk, progress)
            progress["cursor"] = page.next_cursor
            if page.next_cursor is None:
                break
            self._store.put(_progress_item(tenant, progress))
            if enough():
                return Rebuilt(False, progress["deployments"], progress["repaired"])
        self._finish(tenant, generations)
        return Rebuilt(True, progress["deployments"], progress["repaired"])

    def _project(
        self, tenant: str, generation: int, deployment_id: str, progress: dict[str, Any]
    ) -> None:
        deployment, repaired = self._deployments.refold(tenant, deployment_id)
        said = [
            milestone
            for item in all_items(
                self._store, keys.deployment(tenant, deployment_id), keys.EVENT_PREFIX
            )
            if (entry := ProgressEvent.from_record(dict(item.data)))
            and (milestone := _milestone(entry, deployment.environment))
        ]
        self._count(tenant, generation, deployment_id, said)
        progress["deployments"] += 1
        progress["repaired"] += int(repaired)

    def _count(
        self, tenant: str, generation: int, deployment_id: str, said: Sequence[Milestone]
    ) -> None:
        """Add facts about a deployment: what is known, and the counters by the difference."""
        partition = keys.statistics(tenant, generation)
        row = keys.KNOWN_PREFIX + deployment_id
        for attempt in range(_ATTEMPTS):
            generations = self._generations(tenant)
            if generation not in generations.live:
                return
            stored = self._store.get(partition, row)
            before = None if stored is None else Known.from_data(stored.data)
            after = (before or Known(said[0].environment)).with_(said)
            if after == before:
                return
            counter = keys.COUNTS_PREFIX + after.environment
            counted = self._store.get(partition, counter)
            counts = Counts() if counted is None else Counts.from_data(counted.data)
            if before is not None:
                counts = counts.plus(before.counted(), -1)
            counts = counts.plus(after.counted())
            try:
                self._store.transact(
                    [
                        Check(*_generation_key(tenant), expect_version=generations.version),
                        Put(
                            Item(partition, row, after.to_data(), type="known-deployment"),
                            expect_version=0 if stored is None else stored.version,
                        ),
                        Put(
                            Item(partition, counter, counts.to_data(), type="deployment-counts"),
                            expect_version=0 if counted is None else counted.version,
                        ),
                    ]
                )
            except VersionConflict:
                time.sleep(random.uniform(0, min(0.05, 0.001 * 2**attempt)))
                continue
            return
        raise Unavailable("the statistics are being written by many at once")

    def _generations(self, tenant: str) -> Generations:
        item = self._store.get(*_generation_key(tenant))
        return Generations() if item is None else Generations(**item.data, version=item.version)

    def _progress(self, tenant: str) -> dict[str, Any]:
        item = self._store.get(keys.statistics(tenant), keys.PROGRESS)
        return _NO_PROGRESS.copy() if item is None else dict(item.data)

    def _begin(self, tenant: str) -> Generations:
        """Say that a next generation is being built; take up a building that was begun."""
        generations = self._generations(tenant)
        if generations.building is not None:
            return generations
        self._remove(tenant, generations.old)
        begun = replace(generations, building=generations.present + 1, old=None)
        self._store.transact(
            [_generation_put(tenant, begun), Put(_progress_item(tenant, _NO_PROGRESS))]
        )
        return replace(begun, version=generations.version + 1)

    def _finish(self, tenant: str, generations: Generations) -> None:
        assert generations.building is not None
        new = Generations(generations.building, None, generations.present, generations.version)
        try:
            self._store.transact([_generation_put(tenant, new)])
        except VersionConflict:
            # Another builder of the same generation was first with it.
            return
        self._remove(tenant, new.old)

    def _remove(self, tenant: str, generation: int | None) -> None:
        if generation is None:
            return
        partition = keys.statistics(tenant, generation)
        items = [Delete(partition, item.sk) for item in all_items(self._store, partition)]
        for start in range(0, len(items), _PER_TRANSACTION):
            self._store.transact(items[start : start + _PER_TRANSACTION])


_NO_PROGRESS: dict[str, Any] = {"cursor": None, "deployments": 0, "repaired": 0}


def _milestone(entry: ProgressEvent, environment: str) -> Milestone | None:
    return Milestone.of(entry.type, environment, entry.time, entry.data)


def _generation_key(tenant: str) -> tuple[str, str]:
    return keys.statistics(tenant), keys.GENERATION


def _generation_put(tenant: str, generations: Generations) -> Put:
    data = {
        "present": generations.present,
        "building": generations.building,
        "old": generations.old,
    }
    item = Item(*_generation_key(tenant), data, type="statistics-generation")
    return Put(item, expect_version=generations.version)


def _progress_item(tenant: str, progress: dict[str, Any]) -> Item:
    return Item(keys.statistics(tenant), keys.PROGRESS, progress, type="statistics-progress")
