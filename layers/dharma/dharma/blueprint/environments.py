"""Environments: the places that blueprints are deployed into, as records.

    partition                  sort key
    T#<tenant>#ENVIRONMENTS    <name>

Values of sensitive variables and the webhook's secret are stored encrypted, bound to tenant,
environment and name, and are never shown again; they come back only to what deploys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from dharma.blueprint.environment_checks import environment_faults, is_environment_name
from dharma.blueprint.environment_record import (
    EnvironmentChange,
    EnvironmentRecord,
    EnvironmentVariable,
    VariableChange,
)
from dharma.core.audit.acting import about
from dharma.core.clock import Clock, isoformat
from dharma.core.encryption import Sealer
from dharma.core.errors import Conflict, Fault, InvalidInput, NotFound, VersionConflict
from dharma.core.listing import Listed, listed
from dharma.core.principal import Principal
from dharma.core.store import Delete, Item, ItemStore, Page
from dharma.model.regions import DEFAULT_REGION


class Environments:
    """`occupied(tenant, name)` says what still lives in an environment, or None."""

    def __init__(
        self,
        store: ItemStore,
        sealer: Sealer,
        clock: Clock,
        occupied: Callable[[str, str], str | None] = lambda _tenant, _name: None,
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._occupied = occupied

    def create(
        self, principal: Principal, name: str, change: EnvironmentChange
    ) -> EnvironmentRecord:
        """`InvalidInput` with all faults; `Conflict` when there is one of this name."""
        now = isoformat(self._clock.now())
        about(made=f"environment/{name}")
        blank = EnvironmentRecord(name, created_by=principal.subject, created_at=now)
        record = self._changed(blank, change, principal)
        try:
            return self._write(principal.tenant, record, expect=0)
        except VersionConflict as error:
            raise Conflict(f"there is an environment {name} already") from error

    def update(
        self,
        principal: Principal,
        name: str,
        change: EnvironmentChange,
        *,
        revision: int | None = None,
    ) -> EnvironmentRecord:
        """Change what is stated. With `variables` these are all that remain. With `revision`,
        `VersionConflict` when somebody else wrote since."""
        before = self.read(principal.tenant, name)
        if revision is not None and revision != before.revision:
            raise VersionConflict(
                f"the environment {name} is at revision {before.revision}, not {revision}"
            )
        return self._write(
            principal.tenant, self._changed(before, change, principal), expect=before.revision
        )

    def read(self, tenant: str, name: str) -> EnvironmentRecord:
        """Raise `NotFound`."""
        item = self._store.get(_partition(tenant), name) if is_environment_name(name) else None
        if item is None:
            raise NotFound(
                f"there is no environment {name[:64]}; `iac-dharma env create` makes one"
            )
        return self._opened(tenant, item)

    def list(
        self, tenant: str, *, limit: int = 50, cursor: str | None = None, offset: int = 0
    ) -> Listed[EnvironmentRecord]:
        """Environments by name."""

        def fetch(number: int, place: str | None) -> tuple[list[EnvironmentRecord], Page]:
            page = self._store.query(_partition(tenant), limit=number, cursor=place)
            return [self._opened(tenant, item) for item in page.items], page

        return listed(fetch, limit=limit, cursor=cursor, offset=offset)

    def delete(self, principal: Principal, name: str, *, revision: int | None = None) -> None:
        """`Conflict` while something is deployed in it."""
        record = self.read(principal.tenant, name)
        if revision is not None and revision != record.revision:
            raise VersionConflict(
                f"the environment {name} is at revision {record.revision}, not {revision}"
            )
        if (occupant := self._occupied(principal.tenant, name)) is not None:
            raise Conflict(f"{occupant} is in the environment {name}; destroy it first")
        self._store.transact(
            [Delete(_partition(principal.tenant), name, expect_version=record.revision)]
        )

    def _changed(
        self, before: EnvironmentRecord, change: EnvironmentChange, principal: Principal
    ) -> EnvironmentRecord:
        stated = {
            name: value
            for name in ("provider", "account", "region", "credentials", "policy_mode")
            if (value := getattr(change, name)) is not None
        }
        if change.provider not in (None, before.provider):
            usual = DEFAULT_REGION.get(change.provider or "", before.region)
            stated.setdefault("region", usual)
        if change.approvers is not None:
            stated["approvers"] = tuple(change.approvers)
        if change.webhook_url is not None:
            # An empty one takes the webhook away.
            stated["webhook_url"] = change.webhook_url or None
            stated["webhook_secret"] = before.webhook_secret if change.webhook_url else None
        if change.webhook_secret is not None:
            stated["webhook_secret"] = change.webhook_secret or None
        if change.artifact_bucket is not None:
            stated["artifact_bucket"] = change.artifact_bucket or None
        faults: list[Fault] = []
        if change.variables is not None:
            stated["entries"] = _merged(before.entries, change.variables, faults)
        after = replace(
            before,
            **stated,
            updated_by=principal.subject,
            updated_at=isoformat(self._clock.now()),
        )
        faults += environment_faults(after)
        if faults:
            raise InvalidInput("; ".join(str(fault) for fault in faults[:5]), faults)
        about(changed=_differing(before, after))
        return after

    def _write(self, tenant: str, record: EnvironmentRecord, expect: int) -> EnvironmentRecord:
        data: dict[str, Any] = {
            "provider": record.provider,
            "account": record.account,
            "region": record.region,
            "credentials": record.credentials,
            "policy_mode": record.policy_mode,
            "approvers": list(record.approvers),
            "entries": {
                name: {"sealed": self._seal(tenant, record.name, name, entry.value)}
                if entry.sensitive
                else {"value": entry.value}
                for name, entry in record.entries.items()
            },
            "webhook_url": record.webhook_url,
            "webhook_secret": None
            if record.webhook_secret is None
            else self._seal(tenant, record.name, "#webhook", record.webhook_secret),
            "artifact_bucket": record.artifact_bucket,
            "created_by": record.created_by,
            "created_at": record.created_at,
            "updated_by": record.updated_by,
            "updated_at": record.updated_at,
        }
        item = Item(_partition(tenant), record.name, data, type="environment")
        return replace(record, revision=self._store.put(item, expect_version=expect).version)

    def _opened(self, tenant: str, item: Item) -> EnvironmentRecord:
        data = dict(item.data)
        entries = {
            name: EnvironmentVariable(
                self._open(tenant, item.sk, name, entry["sealed"]), sensitive=True
            )
            if "sealed" in entry
            else EnvironmentVariable(entry["value"])
            for name, entry in data.pop("entries").items()
        }
        secret = data.pop("webhook_secret")
        return EnvironmentRecord(
            name=item.sk,
            entries=entries,
            approvers=tuple(data.pop("approvers")),
            webhook_secret=None
            if secret is None
            else self._open(tenant, item.sk, "#webhook", secret),
            revision=item.version,
            **data,
        )

    def _seal(self, tenant: str, environment: str, name: str, value: Any) -> str:
        return self._sealer.seal(json.dumps(value).encode(), _context(tenant, environment, name))

    def _open(self, tenant: str, environment: str, name: str, sealed: str) -> Any:
        return json.loads(self._sealer.open(sealed, _context(tenant, environment, name)))


def _differing(before: EnvironmentRecord, after: EnvironmentRecord) -> list[str]:
    """Names of what a change changes, without any value."""
    silent = {"entries", "revision", "created_by", "created_at", "updated_by", "updated_at"}
    names = [f.name for f in fields(after) if f.name not in silent]
    differing = [name for name in names if getattr(before, name) != getattr(after, name)]
    variables = sorted(before.entries.keys() | after.entries.keys())
    return differing + [
        f"variables.{name}"
        for name in variables
        if before.entries.get(name) != after.entries.get(name)
    ]


def _merged(
    before: Mapping[str, EnvironmentVariable],
    changes: Mapping[str, VariableChange],
    faults: list[Fault],
) -> dict[str, EnvironmentVariable]:
    after: dict[str, EnvironmentVariable] = {}
    for name, change in changes.items():
        if change.stated:
            after[name] = EnvironmentVariable(change.value, change.sensitive)
        elif name in before and before[name].sensitive and change.sensitive:
            after[name] = before[name]
        else:
            faults.append(Fault("has no value", path=f"variables.{name}.value"))
    return after


def _partition(tenant: str) -> str:
    return f"T#{tenant}#ENVIRONMENTS"


def _context(tenant: str, environment: str, name: str) -> str:
    return f"{tenant}/environments/{environment}/{name}"
