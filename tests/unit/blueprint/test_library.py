"""The library of blueprints: drafts, versions, lists, tenants."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from dharma.adapters.local.keys import FileKeys
from dharma.adapters.local.memory_store import MemoryStore
from dharma.blueprint.service import Blueprints
from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.core.clock import FixedClock
from dharma.core.encryption import Cipher
from dharma.core.errors import (
    AlreadyPublished,
    Conflict,
    InvalidBlueprint,
    InvalidInput,
    InvalidTemplate,
    LimitExceeded,
    NotFound,
    VersionConflict,
)
from dharma.core.observability import bound
from dharma.core.principal import Principal
from dharma.core.store import all_items

ADA = Principal("ada", "acme", frozenset({"editor"}))
BOB = Principal("bob", "acme", frozenset({"editor"}))
EVE = Principal("eve", "other", frozenset({"editor"}))


def text(
    name: str = "assets", version: str = "1.0.0", tags: str = "[storage]", bucket: str = "my-bucket"
) -> str:
    return f"""\
apiVersion: dharma/v1
kind: Blueprint
name: {name}
version: {version}
provider: aws
description: A bucket
variables:
  - name: password
    type: string
    sensitive: true
    default: hunter2-hunter2
resources:
  - name: assets
    type: aws_s3_bucket
    properties:
      bucket: {bucket}-${{var.password}}
outputs:
  - name: arn
    value: ${{aws_s3_bucket.assets.arn}}
metadata: {{tags: {tags}}}
"""


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def store(clock: FixedClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def library(store: MemoryStore, clock: FixedClock, tmp_path: Path) -> Blueprints:
    return Blueprints(store, Cipher(FileKeys(tmp_path / "k.json")), load_catalog(), clock)


# --- drafts


def test_what_was_stored_is_read_back_by_id_and_by_name(library: Blueprints) -> None:
    created = library.create(ADA, text())
    for key in (created.record.id, "assets"):
        read = library.read(ADA, key)
        assert read.record == created.record
        assert read.blueprint == load_blueprint(text())
    record = created.record
    assert (record.name, record.version, record.provider) == ("assets", "1.0.0", "aws")
    assert (record.tags, record.resource_count, record.revision) == (("storage",), 1, 1)
    assert (record.created_by, record.created_at) == ("ada", "2026-01-01T00:00:00.000Z")


def test_export_and_import_are_the_identity(library: Blueprints) -> None:
    created = library.create(ADA, text())
    for format in ("yaml", "json"):
        exported = library.export(ADA, "assets", format)  # type: ignore[arg-type]  # both literals
        assert load_blueprint(exported) == created.blueprint
        library.delete(ADA, created.record.id)
        created, notes = library.import_text(ADA, exported, f"assets.{format}")
        assert list(notes) == []
    assert library.export(ADA, "assets", "json") == exported


def test_nothing_of_a_text_is_stored_in_the_clear(library: Blueprints, store: MemoryStore) -> None:
    stored = library.create(ADA, text())
    library.publish(ADA, stored.record.id)
    raw = list(all_items(store, f"T#acme#BLUEPRINT#{stored.record.id}"))
    assert len(raw) == 4
    assert "hunter2" not in str(raw)
    assert "hunter2" not in str([e.to_dict() for e in store.pending()])


def test_a_blueprint_with_faults_is_refused_with_all_of_them(
    library: Blueprints, store: MemoryStore
) -> None:
    broken = text().replace("aws_s3_bucket\n", "aws_s3_buckett\n").replace("hunter2-hunter2", "[1]")
    with pytest.raises(InvalidBlueprint) as caught:
        library.create(ADA, broken)
    assert len(caught.value.faults) >= 2
    assert all(fault.line for fault in caught.value.faults)
    assert library.list(ADA).items == []
    assert store.pending() == []


@pytest.mark.parametrize("broken", ["", "{", "a: b", "[]", "\0", "apiVersion: dharma/v2", "💥"])
def test_what_is_no_blueprint_is_refused(library: Blueprints, broken: str) -> None:
    with pytest.raises((InvalidBlueprint, LimitExceeded)):
        library.create(ADA, broken)


def test_a_very_large_text_is_refused_before_it_is_stored(library: Blueprints) -> None:
    with pytest.raises(LimitExceeded):
        library.create(ADA, text() + "#" * 11_000_000)
    assert library.list(ADA).items == []


def test_an_update_replaces_the_draft_and_keeps_who_made_it(
    library: Blueprints, clock: FixedClock
) -> None:
    created = library.create(ADA, text())
    clock.advance(timedelta(days=1))
    updated = library.update(BOB, created.record.id, text(version="1.1.0", tags="[a, b]"))
    record = updated.record
    assert (record.version, record.tags, record.revision) == ("1.1.0", ("a", "b"), 2)
    assert (record.created_by, record.updated_by) == ("ada", "bob")
    assert (record.created_at, record.updated_at) == (
        "2026-01-01T00:00:00.000Z",
        "2026-01-02T00:00:00.000Z",
    )
    assert library.read(ADA, record.id) == updated


def test_somebody_who_wrote_in_between_is_not_overwritten(library: Blueprints) -> None:
    created = library.create(ADA, text())
    library.update(BOB, "assets", text(version="1.1.0"), revision=created.record.revision)
    with pytest.raises(VersionConflict, match="bob changed it"):
        library.update(ADA, "assets", text(version="1.2.0"), revision=created.record.revision)
    with pytest.raises(VersionConflict):
        library.delete(ADA, "assets", revision=created.record.revision)
    assert library.read(ADA, "assets").record.version == "1.1.0"


def test_a_name_is_taken_once_per_tenant(library: Blueprints) -> None:
    library.create(ADA, text())
    with pytest.raises(Conflict, match="assets"):
        library.create(BOB, text())
    library.create(EVE, text())
    other = library.create(ADA, text(name="other"))
    with pytest.raises(Conflict, match="assets"):
        library.update(ADA, other.record.id, text(name="assets"))
    assert library.read(ADA, other.record.id).record.name == "other"


def test_a_renamed_blueprint_frees_its_name(library: Blueprints) -> None:
    created = library.create(ADA, text())
    library.update(ADA, created.record.id, text(name="renamed"))
    assert library.read(ADA, "renamed").record.id == created.record.id
    with pytest.raises(NotFound):
        library.read(ADA, "assets")
    library.create(ADA, text())


def test_deleting_removes_everything_and_frees_the_name(
    library: Blueprints, store: MemoryStore
) -> None:
    created = library.create(ADA, text())
    library.delete(ADA, "assets")
    with pytest.raises(NotFound):
        library.read(ADA, created.record.id)
    assert list(all_items(store, f"T#acme#BLUEPRINT#{created.record.id}")) == []
    library.create(ADA, text())


def test_a_blueprint_with_published_versions_cannot_be_deleted_and_published_anew(
    library: Blueprints,
) -> None:
    created = library.create(ADA, text())
    library.publish(ADA, "assets", "1.0.0")
    with pytest.raises(AlreadyPublished, match="never change or disappear"):
        library.delete(ADA, "assets")
    assert library.version(ADA, created.record.id, "1.0.0").blueprint == created.blueprint


def test_tenants_do_not_see_one_another(library: Blueprints) -> None:
    created = library.create(ADA, text())
    library.publish(ADA, "assets")
    key = created.record.id
    for attempt in (
        lambda: library.read(EVE, key),
        lambda: library.read(EVE, "assets"),
        lambda: library.update(EVE, key, text()),
        lambda: library.delete(EVE, key),
        lambda: library.publish(EVE, key, "2.0.0"),
        lambda: library.versions(EVE, key),
        lambda: library.version(EVE, key, "1.0.0"),
        lambda: library.validate(EVE, key),
        lambda: library.export(EVE, key),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert library.list(EVE).items == []
    assert library.list(EVE, name="assets").items == []


@pytest.mark.parametrize("key", ["", "\0", "x" * 300])
def test_an_impossible_id_is_refused(library: Blueprints, key: str) -> None:
    with pytest.raises((InvalidInput, NotFound)):
        library.read(ADA, key)


# --- lists


def test_lists_are_sorted_filtered_and_paged(library: Blueprints) -> None:
    for name in ("delta", "alpha", "charlie", "bravo"):
        library.create(ADA, text(name=name, tags="[even]" if name in ("bravo", "delta") else "[]"))

    def names(**filters: object) -> list[str]:
        return [r.name for r in library.list(ADA, **filters).items]  # type: ignore[arg-type]  # spread

    assert names() == ["alpha", "bravo", "charlie", "delta"]
    assert names(tag="even") == ["bravo", "delta"]
    assert names(tag="odd") == []
    assert names(provider="aws", tag="even") == ["bravo", "delta"]
    assert names(provider="gcp") == []
    assert names(name="charlie") == ["charlie"]
    assert names(name="charlie", tag="even") == []
    assert names(name="nobody") == []
    assert names(offset=1, limit=2) == ["bravo", "charlie"]
    first = library.list(ADA, limit=3)
    assert [r.name for r in library.list(ADA, cursor=first.next_cursor).items] == ["delta"]


# --- versions


def test_a_published_version_never_changes(library: Blueprints) -> None:
    created = library.create(ADA, text())
    record = library.publish(ADA, "assets")
    assert (record.version, record.published_by, record.resource_count) == ("1.0.0", "ada", 1)
    library.update(ADA, "assets", text(bucket="changed"))
    with pytest.raises(AlreadyPublished, match=r"1\.0\.0"):
        library.publish(BOB, "assets")
    found = library.version(ADA, "assets", "1.0.0")
    assert (found.version, found.text) == (record, created.text)
    assert library.export(ADA, "assets", "yaml", "1.0.0") != library.export(ADA, "assets")


def test_what_differs_behind_the_plus_only_is_the_same_version(library: Blueprints) -> None:
    # semver.org, 10: build metadata is ignored when precedence is determined
    library.create(ADA, text())
    library.publish(ADA, "assets", "1.0.0+build.7")
    with pytest.raises(AlreadyPublished, match=r"1\.0\.0\+build\.7, the same as 1\.0\.0 is"):
        library.publish(ADA, "assets")
    assert library.version(ADA, "assets", "1.0.0+build.7").version.version == "1.0.0+build.7"
    with pytest.raises(NotFound, match=r"version 1\.0\.0 of"):
        library.version(ADA, "assets", "1.0.0")


def test_a_draft_can_be_published_under_another_version(library: Blueprints) -> None:
    library.create(ADA, text())
    assert library.publish(ADA, "assets", "2.0.0-rc.1").version == "2.0.0-rc.1"
    assert library.version(ADA, "assets", "2.0.0-rc.1").blueprint.version == "2.0.0-rc.1"
    assert library.read(ADA, "assets").record.version == "1.0.0"


@pytest.mark.parametrize(
    "version", ["1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0#x", "1.0.0\n", "ü"]
)
def test_what_is_no_semantic_version_is_not_published(library: Blueprints, version: str) -> None:
    library.create(ADA, text())
    with pytest.raises(InvalidInput):
        library.publish(ADA, "assets", version)
    assert library.versions(ADA, "assets").items == []


def test_an_unpublished_version_is_not_found(library: Blueprints) -> None:
    library.create(ADA, text())
    for version in ("1.0.0", "9.9.9", "x"):
        with pytest.raises((NotFound, InvalidInput)):
            library.version(ADA, "assets", version)


def test_versions_are_listed_with_the_highest_first(library: Blueprints) -> None:
    library.create(ADA, text())
    for version in ("1.2.0", "1.10.0", "1.2.0-rc.1", "2.0.0-alpha", "0.9.0"):
        library.publish(ADA, "assets", version)
    first = library.versions(ADA, "assets", limit=3)
    rest = library.versions(ADA, "assets", limit=3, cursor=first.next_cursor)
    assert [v.version for v in first.items] == ["2.0.0-alpha", "1.10.0", "1.2.0"]
    assert [v.version for v in rest.items] == ["1.2.0-rc.1", "0.9.0"]


# --- validating


def test_a_draft_is_checked_with_values(library: Blueprints) -> None:
    library.create(ADA, text())
    assert list(library.validate(ADA, "assets")) == []
    assert list(library.validate(ADA, "assets", {"password": "other"})) == []
    faults = library.validate(ADA, "assets", {"password": [1], "unknown": 1})
    assert {fault.path.split(".")[-1] for fault in faults} >= {"password", "unknown"}


# --- importing


def test_a_cloudformation_template_becomes_a_blueprint(library: Blueprints) -> None:
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {"Assets": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "b-1"}}},
    }
    stored, _ = library.import_text(ADA, json.dumps(template), "web.json")
    [resource] = library.read(ADA, stored.record.id).blueprint.resources
    assert (resource.type, resource.properties["bucket"]) == ("aws_s3_bucket", "b-1")


def test_the_metadata_of_another_server_is_left_behind(library: Blueprints) -> None:
    foreign = text().replace("metadata: {", "metadata: {createdBy: mallory, id: x, ")
    stored, _ = library.import_text(ADA, foreign, None)
    assert stored.blueprint.metadata == {"tags": ["storage"]}
    assert stored.record.created_by == "ada"


def test_what_no_reader_knows_is_refused(library: Blueprints) -> None:
    with pytest.raises((InvalidTemplate, InvalidBlueprint)):
        library.import_text(ADA, "apiVersion: v1\nkind: Pod\n", "pod.yaml")


# --- events


def test_every_change_is_told_in_the_same_breath(library: Blueprints, store: MemoryStore) -> None:
    with bound(correlation_id="c-1"):
        key = library.create(ADA, text()).record.id
        library.update(ADA, key, text(version="1.1.0"))
        library.publish(BOB, key)
        draft = library.create(ADA, text(name="draft")).record.id
        library.delete(ADA, draft)
    events = store.pending()
    assert [e.type for e in events] == [
        "BlueprintCreated",
        "BlueprintUpdated",
        "BlueprintPublished",
        "BlueprintCreated",
        "BlueprintDeleted",
    ]
    assert {(e.source, e.subject, e.correlation_id) for e in events} == {
        ("dharma.blueprint", key, "c-1"),
        ("dharma.blueprint", draft, "c-1"),
    }
    assert events[2].data["version"] == "1.1.0"
    assert events[2].data["by"] == "bob"
