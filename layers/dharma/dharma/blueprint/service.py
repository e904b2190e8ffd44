"""The library of blueprints: drafts that change, published versions that never do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from dharma.blueprint.box import read_blueprint
from dharma.blueprint.records import BlueprintRecord, VersionRecord
from dharma.blueprint.repository import BlueprintRepository
from dharma.blueprint.source import dump_blueprint, load_blueprint
from dharma.blueprint.versions import compare, parse_version
from dharma.catalog.catalog import Catalog
from dharma.catalog.document import Note
from dharma.core.audit.acting import about
from dharma.core.clock import Clock, isoformat
from dharma.core.encryption import Sealer
from dharma.core.errors import (
    AlreadyPublished,
    Fault,
    InvalidBlueprint,
    InvalidInput,
    InvalidVariables,
    VersionConflict,
    VersionTooLow,
)
from dharma.core.events import Event, happened
from dharma.core.ids import is_id, new_id
from dharma.core.listing import Listed, listed
from dharma.core.observability import correlation_id
from dharma.core.principal import Principal
from dharma.core.store import ItemStore
from dharma.model.blueprint import Blueprint

if TYPE_CHECKING:
    from dharma.blueprint.proposal import Proposal

SOURCE = "dharma.blueprint"
# Stands for the proposed version where one is asked for.
NEXT = "next"
TextFormat = Literal["yaml", "json"]


@dataclass(frozen=True)
class StoredBlueprint:
    """A draft as it is stored. `text` is its document as JSON; most readers need no more, so it
    becomes a model only when `blueprint` is asked for."""

    record: BlueprintRecord
    text: str

    @cached_property
    def blueprint(self) -> Blueprint:
        return load_blueprint(self.text)

    @property
    def document(self) -> dict[str, Any]:
        """The document as plain data."""
        document: dict[str, Any] = json.loads(self.text)
        return document


@dataclass(frozen=True)
class PublishedBlueprint(StoredBlueprint):
    """A published version; `record` is the draft's as it is now."""

    version: VersionRecord


class Blueprints:
    """One instance serves all tenants; the principal's tenant bounds what a call sees."""

    def __init__(self, store: ItemStore, sealer: Sealer, catalog: Catalog, clock: Clock) -> None:
        self._repository = BlueprintRepository(store, sealer)
        self._catalog = catalog
        self._clock = clock

    def create(self, principal: Principal, text: str) -> StoredBlueprint:
        """Store a new draft. `InvalidBlueprint` with all faults, `Conflict` when the name is
        taken; nothing is stored then."""
        return self.add(principal, self._valid(read_blueprint(text)))

    def add(self, principal: Principal, blueprint: Blueprint) -> StoredBlueprint:
        """Store a blueprint that was read already (from whatever format) as a new draft."""
        now = isoformat(self._clock.now())
        record = _described(
            BlueprintRecord(
                id=new_id(self._clock),
                name="",
                version="",
                provider="",
                description=None,
                tags=(),
                resource_count=0,
                created_by=principal.subject,
                created_at=now,
                updated_by=principal.subject,
                updated_at=now,
                revision=1,
            ),
            blueprint,
        )
        event = self._event("BlueprintCreated", principal, record)
        stored = StoredBlueprint(record, _text(blueprint))
        self._repository.create(principal.tenant, record, stored.text, event)
        return stored

    def import_text(
        self, principal: Principal, text: str, filename: str | None
    ) -> tuple[StoredBlueprint, Sequence[Note]]:
        """Read a blueprint, CloudFormation template or Terraform plan and store it as a new draft;
        the notes say what was not carried over."""
        from dharma.blueprint.readers.boxed import read_text

        result = read_text(text, filename)
        blueprint = replace(result.blueprint, metadata=_authors_metadata(result.blueprint))
        if result.source_format == "blueprint":
            self._valid(blueprint)
        # A foreign source is taken as it is: what was not understood there is a note, and no fault
        # of its author. Publishing it asks for a valid one.
        return self.add(principal, blueprint), result.notes

    def read(self, principal: Principal, blueprint_id: str) -> StoredBlueprint:
        record = self.record(principal, blueprint_id)
        return StoredBlueprint(record, self._repository.text(principal.tenant, record.id))

    def record(self, principal: Principal, blueprint_id: str) -> BlueprintRecord:
        """By id, or by name."""
        if not is_id(blueprint_id):
            named = self._repository.find_name(principal.tenant, _key(blueprint_id))
            blueprint_id = named or blueprint_id
        return self._repository.find(principal.tenant, _key(blueprint_id))

    def update(
        self, principal: Principal, blueprint_id: str, text: str, *, revision: int | None = None
    ) -> StoredBlueprint:
        """Replace the draft. With `revision`, `VersionConflict` when somebody else wrote since."""
        blueprint = self._valid(read_blueprint(text))
        before = self.record(principal, blueprint_id)
        _require_revision(before, revision)
        after = _described(
            replace(
                before,
                updated_by=principal.subject,
                updated_at=isoformat(self._clock.now()),
                revision=before.revision + 1,
            ),
            blueprint,
        )
        event = self._event("BlueprintUpdated", principal, after)
        stored = StoredBlueprint(after, _text(blueprint))
        self._repository.update(principal.tenant, before, after, stored.text, event)
        return stored

    def delete(
        self, principal: Principal, blueprint_id: str, *, revision: int | None = None
    ) -> None:
        """Remove a blueprint that has no published version. What was deployed from it stays.

        `AlreadyPublished` otherwise: under a name that was free again, another text could be
        published as a version that somebody relies on.
        """
        record = self.record(principal, blueprint_id)
        _require_revision(record, revision)
        published, _ = self._repository.version_page(
            principal.tenant, record.id, limit=1, cursor=None
        )
        if published:
            raise AlreadyPublished(
                f"{record.name} has published versions, which never change or disappear;"
                " only a draft can be deleted"
            )
        event = self._event("BlueprintDeleted", principal, record)
        self._repository.delete(principal.tenant, record, event)

    def list(
        self,
        principal: Principal,
        *,
        provider: str | None = None,
        name: str | None = None,
        tag: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
        offset: int = 0,
    ) -> Listed[BlueprintRecord]:
        """Records by name; filters must all hold."""
        if name is not None:
            return self._named(principal, name, provider, tag)

        def keep(record: BlueprintRecord) -> bool:
            return _matches(record, provider, tag)

        return listed(
            lambda n, c: self._repository.page(principal.tenant, limit=n, cursor=c),
            keep if provider or tag else None,
            limit=limit,
            cursor=cursor,
            offset=offset,
        )

    def next_version(self, principal: Principal, blueprint_id: str) -> Proposal:
        """What the draft should be called, from what changed since the highest release."""
        from dharma.blueprint.proposal import propose

        stored = self.read(principal, blueprint_id)
        release = self._release(principal.tenant, stored.record.id)
        return propose(release, stored.blueprint, self._catalog)

    def publish(
        self,
        principal: Principal,
        blueprint_id: str,
        version: str | None = None,
        *,
        allow_lower: bool = False,
    ) -> VersionRecord:
        """Freeze the draft as a version: the one that it states, another, or the proposed one
        (`NEXT`). `AlreadyPublished` when there is such a version (what follows `+` does not count),
        or nothing changed for a next one; `VersionTooLow` (unless that is allowed) when the changes
        since the release before it ask for more."""
        stored = self.read(principal, blueprint_id)
        wanted = version or stored.blueprint.version
        if wanted == NEXT:
            wanted = self._proposed(principal, stored.record.id)
        parse_version(wanted)
        blueprint = self._valid(replace(stored.blueprint, version=wanted))
        if not allow_lower:
            self._require_suffices(principal.tenant, stored.record.id, blueprint)
        text = _text(blueprint)
        record = VersionRecord(
            blueprint_id=stored.record.id,
            version=wanted,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            resource_count=len(blueprint.resources),
            published_by=principal.subject,
            published_at=isoformat(self._clock.now()),
        )
        event = self._event("BlueprintPublished", principal, stored.record, version=wanted)
        self._repository.publish(principal.tenant, record, text, event)
        return record

    def versions(
        self,
        principal: Principal,
        blueprint_id: str,
        *,
        limit: int = 50,
        cursor: str | None = None,
        offset: int = 0,
    ) -> Listed[VersionRecord]:
        """Published versions, the highest first."""
        found = self.record(principal, blueprint_id).id
        return listed(
            lambda n, c: self._repository.version_page(principal.tenant, found, limit=n, cursor=c),
            limit=limit,
            cursor=cursor,
            offset=offset,
        )

    def version(self, principal: Principal, blueprint_id: str, version: str) -> PublishedBlueprint:
        """One published version."""
        tenant, record = principal.tenant, self.record(principal, blueprint_id)
        found = self._repository.find_version(tenant, record.id, _key(version))
        text = self._repository.version_text(tenant, record.id, found.version)
        return PublishedBlueprint(record, text, found)

    def validate(
        self, principal: Principal, blueprint_id: str, values: Mapping[str, Any] | None = None
    ) -> Sequence[Fault]:
        """The faults of a draft as the catalog is now, and of values for its variables."""
        from dharma.blueprint.variables import check_values

        blueprint = self.read(principal, blueprint_id).blueprint
        faults = self._faults(blueprint)
        if values is None:
            return faults
        try:
            check_values(blueprint, values)
        except InvalidVariables as error:
            return [*faults, *error.faults]
        return faults

    def export(
        self,
        principal: Principal,
        blueprint_id: str,
        format: TextFormat = "yaml",
        version: str | None = None,
    ) -> str:
        """The text of a draft or of a published version; importing it gives the same blueprint."""
        if version is None:
            stored = self.read(principal, blueprint_id)
        else:
            stored = self.version(principal, blueprint_id, version)
        return stored.text if format == "json" else dump_blueprint(stored.blueprint, format)

    def _proposed(self, principal: Principal, blueprint_id: str) -> str:
        proposal = self.next_version(principal, blueprint_id)
        if proposal.version == proposal.previous:
            raise AlreadyPublished(f"nothing has changed since {proposal.previous}")
        return proposal.version

    def _require_suffices(self, tenant: str, blueprint_id: str, blueprint: Blueprint) -> None:
        from dharma.blueprint.proposal import propose

        release = self._release(tenant, blueprint_id, below=blueprint.version)
        proposal = propose(release, blueprint, self._catalog)
        if proposal.suffices(blueprint.version):
            return
        heavy = [reason for reason in proposal.reasons if reason.step == proposal.step]
        raise VersionTooLow(
            f"what changed since {proposal.previous} is {proposal.step}: publish it as"
            f" {proposal.version}, not {blueprint.version}",
            [
                Fault(reason.message, ".".join(p for p in (reason.subject, reason.path) if p))
                for reason in heavy
            ],
        )

    def _release(
        self, tenant: str, blueprint_id: str, *, below: str | None = None
    ) -> Blueprint | None:
        """The highest published version that is no pre-release, below another one if given."""

        cursor: str | None = None
        while True:
            records, page = self._repository.version_page(
                tenant, blueprint_id, limit=100, cursor=cursor
            )
            for record in records:
                if record.version == below:
                    # It is published; the store will say so, whatever has changed.
                    return None
                lower = below is None or compare(record.version, below) < 0
                if lower and not parse_version(record.version).prerelease:
                    text = self._repository.version_text(tenant, blueprint_id, record.version)
                    return load_blueprint(text)
            cursor = page.next_cursor
            if cursor is None:
                return None

    def _named(
        self, principal: Principal, name: str, provider: str | None, tag: str | None
    ) -> Listed[BlueprintRecord]:
        found = self._repository.find_name(principal.tenant, _key(name))
        if found is None:
            return Listed([])
        record = self._repository.find(principal.tenant, found)
        return Listed([record] if _matches(record, provider, tag) else [])

    def _valid(self, blueprint: Blueprint) -> Blueprint:
        faults = self._faults(blueprint)
        if faults:
            first = str(faults[0])
            said = first if len(faults) == 1 else f"{len(faults)} faults, first: {first}"
            raise InvalidBlueprint(said, list(faults))
        return blueprint

    def _faults(self, blueprint: Blueprint) -> Sequence[Fault]:
        from dharma.blueprint.validation import validate

        return validate(blueprint, self._catalog)

    def _event(
        self, type: str, principal: Principal, record: BlueprintRecord, **more: Any
    ) -> Event:
        about(made=f"blueprint/{record.id}", **{"name": record.name, **more})
        return happened(
            self._clock,
            type,
            source=SOURCE,
            subject=record.id,
            data={
                "tenant": principal.tenant,
                "blueprintId": record.id,
                "name": record.name,
                "by": principal.subject,
                **more,
            },
            correlation_id=correlation_id(),
        )


def _described(record: BlueprintRecord, blueprint: Blueprint) -> BlueprintRecord:
    return replace(
        record,
        name=blueprint.name,
        version=blueprint.version,
        provider=blueprint.provider,
        description=blueprint.description,
        tags=tuple(str(tag) for tag in blueprint.metadata.get("tags") or ()),
        resource_count=len(blueprint.resources),
    )


def _authors_metadata(blueprint: Blueprint) -> dict[str, Any]:
    # What another installation's server wrote there is not this one's.
    return {k: v for k, v in blueprint.metadata.items() if k == "tags"}


def _text(blueprint: Blueprint) -> str:
    return dump_blueprint(blueprint, "json")


def _matches(record: BlueprintRecord, provider: str | None, tag: str | None) -> bool:
    return (provider is None or record.provider == provider) and (tag is None or tag in record.tags)


def _key(text: str) -> str:
    """A caller's text as part of a key."""
    if not text or len(text) > 200 or "\0" in text:
        raise InvalidInput("an id or name has 1 to 200 characters")
    return text


def _require_revision(record: BlueprintRecord, revision: int | None) -> None:
    if revision is not None and revision != record.revision:
        raise VersionConflict(
            f"{record.name} is at revision {record.revision}, not {revision}: "
            f"{record.updated_by} changed it at {record.updated_at}"
        )
