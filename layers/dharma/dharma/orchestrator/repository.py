"""Deployments and their histories in the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dharma.core.clock import Clock, isoformat
from dharma.core.errors import NotFound, VersionConflict
from dharma.core.events import Event
from dharma.core.ids import new_id
from dharma.core.store import Emit, Item, ItemStore, Operation, Page, Put, all_items
from dharma.orchestrator import keys
from dharma.orchestrator.history import fold, from_record, to_record
from dharma.orchestrator.models import Deployment, ProgressEvent

SOURCE = "dharma.orchestrator"
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Appended:
    """What a decision adds to a history: entries (type, data), further writes of the same
    transaction, and events for the bus (type, data)."""

    entries: Sequence[tuple[str, dict[str, Any]]]
    operations: Sequence[Operation] = ()
    emitted: Sequence[tuple[str, dict[str, Any]]] = field(default_factory=tuple)


class Deployments:
    """Every write appends to a history; the folded record beside it is written along."""

    def __init__(self, store: ItemStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def create(self, deployment: Deployment, operations: Sequence[Operation]) -> Deployment:
        """Store a new deployment with its first entry; `VersionConflict` when one of the other
        writes does not fit."""
        first = ProgressEvent(
            1, "DeploymentRequested", deployment.requested_at, {"deployment": to_record(deployment)}
        )
        stored = fold([first])
        pointer = Item(
            pk=keys.environment(stored.tenant, stored.environment),
            sk=keys.deployment_of_environment(stored.id),
            type="deployment-pointer",
            data={"deploymentId": stored.id},
        )
        self._store.transact(
            [
                *operations,
                Put(_record(stored), expect_version=0),
                Put(_entry(stored, first), expect_version=0),
                Put(pointer, expect_version=0),
                Put(_begun(stored), expect_version=0),
                Emit(_event(stored, "DeploymentRequested", {}, first.time)),
            ]
        )
        return stored

    def find(self, tenant: str, deployment_id: str) -> Deployment:
        item = self._store.get(keys.deployment(tenant, deployment_id), keys.RECORD)
        if item is None:
            raise NotFound(f"there is no deployment {deployment_id}")
        return from_record(dict(item.data))

    def append(
        self,
        tenant: str,
        deployment_id: str,
        decide: Callable[[Deployment], Appended | None],
    ) -> Deployment:
        """Decide on the present deployment what happens, and store that; decide anew when somebody
        else wrote in between. `decide` may raise, or return None when there is nothing to add."""
        for attempt in range(_ATTEMPTS):
            present = self.find(tenant, deployment_id)
            decision = decide(present)
            if decision is None:
                return present
            try:
                return self._store_decision(present, decision)
            except VersionConflict:
                if attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _store_decision(self, present: Deployment, decision: Appended) -> Deployment:
        now = self._clock.now()
        entries = [
            ProgressEvent(present.sequence + number, type, now, data)
            for number, (type, data) in enumerate(decision.entries, start=1)
        ]
        new = fold(entries, present)
        self._store.transact(
            [
                *decision.operations,
                Put(_record(new)),
                *(Put(_entry(new, entry), expect_version=0) for entry in entries),
                *(Emit(_event(new, type, data, now)) for type, data in decision.emitted),
            ]
        )
        return new

    def refold(self, tenant: str, deployment_id: str) -> tuple[Deployment, bool]:
        """Fold the whole history again; write the record if it says something else, and tell so."""
        pk = keys.deployment(tenant, deployment_id)
        stored = self._store.get(pk, keys.RECORD)
        entries = all_items(self._store, pk, keys.EVENT_PREFIX)
        folded = fold(ProgressEvent.from_record(dict(item.data)) for item in entries)
        if stored is not None and stored.data == to_record(folded):
            return folded, False
        try:
            expected = 0 if stored is None else stored.version
            self._store.put(_record(folded), expect_version=expected)
        except VersionConflict:
            # It has just gone on; that this was all the difference is likely, and told next time.
            return folded, False
        return folded, True

    def history(self, tenant: str, deployment_id: str, *, after: int = 0) -> list[ProgressEvent]:
        """All entries after a sequence number, oldest first."""
        items = all_items(self._store, keys.deployment(tenant, deployment_id), keys.EVENT_PREFIX)
        return [
            ProgressEvent.from_record(dict(item.data))
            for item in items
            if item.sk > keys.event(after)
        ]

    def list(
        self,
        tenant: str,
        *,
        environment: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[list[Deployment], Page]:
        """A page of deployments, newest first."""
        if environment is None:
            page = self._store.query(
                keys.all_deployments(tenant),
                limit=limit,
                cursor=cursor,
                reverse=True,
                index="gsi1",
            )
            return [from_record(dict(item.data)) for item in page.items], page
        page = self._store.query(
            keys.environment(tenant, environment),
            keys.deployment_of_environment(),
            limit=limit,
            cursor=cursor,
            reverse=True,
        )
        return [self.find(tenant, item.data["deploymentId"]) for item in page.items], page


def _event(deployment: Deployment, type: str, data: dict[str, Any], at: datetime) -> Event:
    """Of the same moment as the entry of the history; `at` says it exactly, where the bus's own
    time is in seconds."""
    return Event(
        type,
        SOURCE,
        deployment.id,
        {
            "deploymentId": deployment.id,
            "tenant": deployment.tenant,
            "environment": deployment.environment,
            "operation": deployment.operation,
            **data,
            "at": isoformat(at),
        },
        new_id(),
        at,
        deployment.correlation_id or deployment.id,
    )


def _record(deployment: Deployment) -> Item:
    return Item(
        pk=keys.deployment(deployment.tenant, deployment.id),
        sk=keys.RECORD,
        type="deployment",
        data=to_record(deployment),
        gsi1pk=keys.all_deployments(deployment.tenant),
        gsi1sk=deployment.id,
    )


def _begun(deployment: Deployment) -> Item:
    return Item(
        pk=keys.histories(deployment.tenant),
        sk=deployment.id,
        type="deployment-history",
        data={},
    )


def _entry(deployment: Deployment, event: ProgressEvent) -> Item:
    return Item(
        pk=keys.deployment(deployment.tenant, deployment.id),
        sk=keys.event(event.sequence),
        type="deployment-event",
        data=event.to_record(),
    )
