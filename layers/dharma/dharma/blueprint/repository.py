"""Blueprints in the store.

    partition                      sort key              index (gsi1)
    T#<tenant>#BLUEPRINT#<id>      RECORD                T#<tenant>#BLUEPRINTS, <name>
                                   TEXT                  the draft's text
                                   VERSION#<key>         one per published version
                                   VERSION-TEXT#<key>    its text
    T#<tenant>#BLUEPRINT-NAMES     <name>                whose name it is

Texts are compressed and encrypted as a whole (a sensitive default may be anywhere in them), bound
to tenant, blueprint and version. `<key>` sorts as semantic versions do.
"""

from __future__ import annotations

import zlib

from dharma.blueprint.records import BlueprintRecord, VersionRecord
from dharma.blueprint.versions import sort_key
from dharma.core.encryption import Sealer
from dharma.core.errors import AlreadyPublished, Conflict, NotFound, VersionConflict
from dharma.core.events import Event
from dharma.core.store import Check, Delete, Emit, Item, ItemStore, Operation, Page, Put, all_items

_DRAFT = "draft"
_PER_TRANSACTION = 100


class BlueprintRepository:
    """Every method is bounded by the tenant that it is given."""

    def __init__(self, store: ItemStore, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    def create(self, tenant: str, record: BlueprintRecord, text: str, event: Event) -> None:
        """`Conflict` when the tenant has a blueprint of this name."""
        try:
            self._store.transact(
                [
                    Put(_name_item(tenant, record), expect_version=0),
                    Put(_record_item(tenant, record), expect_version=0),
                    Put(self._text_item(tenant, record.id, _DRAFT, "TEXT", text)),
                    Emit(event),
                ]
            )
        except VersionConflict as error:
            raise _name_taken(record.name) from error

    def update(
        self, tenant: str, before: BlueprintRecord, after: BlueprintRecord, text: str, event: Event
    ) -> None:
        """`VersionConflict` when the record is no longer at `before.revision`."""
        operations: list[Operation] = [
            Put(_record_item(tenant, after), expect_version=before.revision),
            Put(self._text_item(tenant, after.id, _DRAFT, "TEXT", text)),
            Emit(event),
        ]
        if after.name != before.name:
            if self.find_name(tenant, after.name) is not None:
                raise _name_taken(after.name)
            operations += [
                Put(_name_item(tenant, after), expect_version=0),
                Delete(_names(tenant), before.name),
            ]
        self._store.transact(operations)

    def publish(self, tenant: str, record: VersionRecord, text: str, event: Event) -> None:
        """`AlreadyPublished` when there is such a version, or one that differs from it behind `+`
        only; `NotFound` without the blueprint."""
        pk = _blueprint(tenant, record.blueprint_id)
        key = sort_key(record.version)
        version = Item(pk, f"VERSION#{key}", record.to_data(), type="blueprint-version")
        sealed = self._text_item(
            tenant, record.blueprint_id, record.version, f"VERSION-TEXT#{key}", text
        )
        try:
            self._store.transact(
                [Check(pk, "RECORD"), Put(version, expect_version=0), Put(sealed, 0), Emit(event)]
            )
        except VersionConflict as error:
            self.find(tenant, record.blueprint_id)
            present = self._published(tenant, record.blueprint_id, record.version)
            if present is None:
                raise
            same = "" if present.version == record.version else f", the same as {record.version}"
            raise AlreadyPublished(
                f"version {present.version}{same} is published; it never changes"
            ) from error

    def delete(self, tenant: str, record: BlueprintRecord, event: Event) -> None:
        """Remove a blueprint and its versions; the draft goes first, so that a half-done deletion
        is not seen."""
        pk = _blueprint(tenant, record.id)
        self._store.transact(
            [
                Delete(pk, "RECORD", expect_version=record.revision),
                Delete(_names(tenant), record.name),
                Emit(event),
            ]
        )
        rest = [Delete(pk, item.sk) for item in all_items(self._store, pk)]
        for start in range(0, len(rest), _PER_TRANSACTION):
            self._store.transact(rest[start : start + _PER_TRANSACTION])

    def find(self, tenant: str, blueprint_id: str) -> BlueprintRecord:
        item = self._store.get(_blueprint(tenant, blueprint_id), "RECORD")
        if item is None:
            raise NotFound(f"there is no blueprint {blueprint_id}")
        return _record(item)

    def find_name(self, tenant: str, name: str) -> str | None:
        """The id of the blueprint that has a name."""
        item = self._store.get(_names(tenant), name)
        return None if item is None else str(item.data["id"])

    def text(self, tenant: str, blueprint_id: str) -> str:
        """The draft's text."""
        return self._open(tenant, blueprint_id, _DRAFT, "TEXT")

    def version_text(self, tenant: str, blueprint_id: str, version: str) -> str:
        key = f"VERSION-TEXT#{sort_key(version)}"
        return self._open(tenant, blueprint_id, version, key)

    def find_version(self, tenant: str, blueprint_id: str, version: str) -> VersionRecord:
        found = self._published(tenant, blueprint_id, version)
        if found is None or found.version != version:
            raise NotFound(f"version {version} of blueprint {blueprint_id} is not published")
        return found

    def _published(self, tenant: str, blueprint_id: str, version: str) -> VersionRecord | None:
        """The published version of the same precedence: what follows `+` does not count."""
        item = self._store.get(_blueprint(tenant, blueprint_id), f"VERSION#{sort_key(version)}")
        return None if item is None else VersionRecord.from_data(item.data)

    def page(
        self, tenant: str, *, limit: int, cursor: str | None
    ) -> tuple[list[BlueprintRecord], Page]:
        """Records by name."""
        page = self._store.query(_all(tenant), limit=limit, cursor=cursor, index="gsi1")
        return [_record(item) for item in page.items], page

    def version_page(
        self, tenant: str, blueprint_id: str, *, limit: int, cursor: str | None
    ) -> tuple[list[VersionRecord], Page]:
        """Published versions, the highest first."""
        pk = _blueprint(tenant, blueprint_id)
        page = self._store.query(pk, "VERSION#", limit=limit, cursor=cursor, reverse=True)
        return [VersionRecord.from_data(item.data) for item in page.items], page

    def _text_item(self, tenant: str, blueprint_id: str, version: str, sk: str, text: str) -> Item:
        packed = zlib.compress(text.encode(), 6)
        sealed = self._sealer.seal(packed, _context(tenant, blueprint_id, version))
        return Item(_blueprint(tenant, blueprint_id), sk, {"sealed": sealed}, type="blueprint-text")

    def _open(self, tenant: str, blueprint_id: str, version: str, sk: str) -> str:
        item = self._store.get(_blueprint(tenant, blueprint_id), sk)
        if item is None:
            raise NotFound(f"there is no blueprint {blueprint_id} {version}")
        context = _context(tenant, blueprint_id, version)
        return zlib.decompress(self._sealer.open(item.data["sealed"], context)).decode()


def _record(item: Item) -> BlueprintRecord:
    return BlueprintRecord.from_data(item.data, item.version)


def _record_item(tenant: str, record: BlueprintRecord) -> Item:
    return Item(
        _blueprint(tenant, record.id),
        "RECORD",
        record.to_data(),
        type="blueprint",
        gsi1pk=_all(tenant),
        gsi1sk=record.name,
    )


def _name_item(tenant: str, record: BlueprintRecord) -> Item:
    return Item(_names(tenant), record.name, {"id": record.id}, type="blueprint-name")


def _name_taken(name: str) -> Conflict:
    return Conflict(f"there is a blueprint {name} already")


def _blueprint(tenant: str, blueprint_id: str) -> str:
    return f"T#{tenant}#BLUEPRINT#{blueprint_id}"


def _all(tenant: str) -> str:
    return f"T#{tenant}#BLUEPRINTS"


def _names(tenant: str) -> str:
    return f"T#{tenant}#BLUEPRINT-NAMES"


def _context(tenant: str, blueprint_id: str, version: str) -> str:
    return f"{tenant}/blueprints/{blueprint_id}/{version}"
