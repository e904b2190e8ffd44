"""One deployment at a time in an environment.

The lock is a record that is never removed: `held_by` empties, the fencing token only grows. Whoever
takes the lock gets the next token; a holder whose lease ran out and was overtaken has a smaller one
and is refused wherever it matters, before the cloud is changed and when state is written.
Source: Kleppmann, "How to do distributed locking", 2016 (fencing tokens).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dharma.core.clock import Clock, isoformat, parse_time
from dharma.core.errors import EnvironmentLocked, VersionConflict
from dharma.core.store import Item, ItemStore, Put
from dharma.orchestrator import keys

LEASE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Lock:
    """`version` is the store's, 0 while the record does not exist."""

    tenant: str
    environment: str
    token: int = 0
    held_by: str = ""
    requested_by: str = ""
    acquired_at: datetime | None = None
    lease_until: datetime | None = None
    version: int = 0

    def is_held(self, now: datetime) -> bool:
        return bool(self.held_by) and self.lease_until is not None and now < self.lease_until


class EnvironmentLocks:
    """Reads and writes locks; every write is conditional on the version that was read."""

    def __init__(self, store: ItemStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def read(self, tenant: str, environment: str) -> Lock:
        item = self._store.get(keys.environment(tenant, environment), keys.LOCK)
        if item is None:
            return Lock(tenant, environment)
        data = item.data
        return Lock(
            tenant,
            environment,
            token=data["token"],
            held_by=data["heldBy"],
            requested_by=data["requestedBy"],
            acquired_at=parse_time(data["acquiredAt"]) if data["acquiredAt"] else None,
            lease_until=parse_time(data["leaseUntil"]) if data["leaseUntil"] else None,
            version=item.version,
        )

    def take(
        self, tenant: str, environment: str, deployment_id: str, requested_by: str
    ) -> tuple[int, Put]:
        """The next fencing token and the write that takes the lock; `EnvironmentLocked` if held.

        The write goes into the transaction that stores the deployment, so that there is never a
        lock without its deployment nor the other way round.
        """
        lock = self.read(tenant, environment)
        now = self._clock.now()
        if lock.is_held(now):
            raise locked(lock)
        taken = replace(
            lock,
            token=lock.token + 1,
            held_by=deployment_id,
            requested_by=requested_by,
            acquired_at=now,
            lease_until=now + LEASE,
        )
        return taken.token, _write(taken)

    def renew(
        self,
        tenant: str,
        environment: str,
        deployment_id: str,
        token: int,
        lease: timedelta = LEASE,
    ) -> None:
        """Prolong a lease, also one that ran out while nobody else took the lock.

        Raises `EnvironmentLocked` when somebody else has it: this holder must stop.
        """
        for _ in range(5):
            lock = self.assert_held(tenant, environment, deployment_id, token)
            until = self._clock.now() + lease
            try:
                self._store.transact([_write(replace(lock, lease_until=until))])
            except VersionConflict:
                continue
            return
        raise VersionConflict(f"the lock of {environment} is being written by many at once")

    def assert_held(self, tenant: str, environment: str, deployment_id: str, token: int) -> Lock:
        """The lock, if this deployment still holds it with this very token."""
        lock = self.read(tenant, environment)
        if lock.held_by != deployment_id or lock.token != token:
            raise overtaken(lock, deployment_id)
        return lock

    def release(self, tenant: str, environment: str, deployment_id: str, token: int) -> Put | None:
        """The write that frees the lock; None when this deployment does not hold it any more. In a
        transaction it is the fence too: the rest commits only if the lock is still this one's."""
        lock = self.read(tenant, environment)
        if lock.held_by != deployment_id or lock.token != token:
            return None
        return _write(
            replace(lock, held_by="", requested_by="", acquired_at=None, lease_until=None)
        )


def locked(lock: Lock) -> EnvironmentLocked:
    until = "" if lock.lease_until is None else f" (its lease ends {isoformat(lock.lease_until)})"
    return EnvironmentLocked(
        f"environment {lock.environment} is held by deployment {lock.held_by} "
        f"of {lock.requested_by}{until}"
    )


def overtaken(lock: Lock, deployment_id: str) -> EnvironmentLocked:
    holder = f"deployment {lock.held_by} of {lock.requested_by}" if lock.held_by else "nobody"
    return EnvironmentLocked(
        f"deployment {deployment_id} lost the lock of environment {lock.environment}; "
        f"it is held by {holder}"
    )


def _write(lock: Lock) -> Put:
    item = Item(
        pk=keys.environment(lock.tenant, lock.environment),
        sk=keys.LOCK,
        type="lock",
        data={
            "token": lock.token,
            "heldBy": lock.held_by,
            "requestedBy": lock.requested_by,
            "acquiredAt": "" if lock.acquired_at is None else isoformat(lock.acquired_at),
            "leaseUntil": "" if lock.lease_until is None else isoformat(lock.lease_until),
        },
    )
    return Put(item, expect_version=lock.version)
