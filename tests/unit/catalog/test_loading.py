"""Kind files, compiled once; their mistakes named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dharma.catalog.catalog import Catalog, load_catalog
from dharma.catalog.kind_files import parse_kind
from dharma.catalog.loading import load_kind_data
from dharma.core.errors import Misconfigured

KIND = """
kind: aws_thing
title: Thing
provider: aws
category: storage
properties: {name: string, on: bool}
attributes: {id: string}
terraform:
  type: aws_thing
  attributes: {id: id}
  map: {name: name, "on": {path: status, as: {enum: {true: Yes it is, false: No}}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kinds = tmp_path / "kinds"
    (kinds / "aws").mkdir(parents=True)
    (kinds / "aws" / "aws_thing.yaml").write_text(KIND)
    return kinds


def test_the_compiled_form_says_what_the_files_say(folder: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "compiled" / "kinds.json"
    fresh = load_kind_data(folder, compiled)
    assert compiled.exists()
    assert load_kind_data(folder, compiled) == fresh
    assert fresh["aws_thing"]["terraform"]["map"]["on"]["as"]["enum"][0] == [True, "Yes it is"]


def test_a_changed_file_is_compiled_again(folder: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "kinds.json"
    load_kind_data(folder, compiled)
    (folder / "aws" / "aws_thing.yaml").write_text(KIND.replace("Thing", "Other thing"))
    assert load_kind_data(folder, compiled)["aws_thing"]["title"] == "Other thing"
    (folder / "aws" / "aws_more.yaml").write_text(KIND.replace("aws_thing", "aws_more"))
    assert sorted(load_kind_data(folder, compiled)) == ["aws_more", "aws_thing"]


def test_a_copy_with_other_times_needs_no_yaml(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = tmp_path / "kinds.json"
    load_kind_data(folder, compiled)
    os.utime(folder / "aws" / "aws_thing.yaml", (1, 1))
    monkeypatch.setattr("dharma.catalog.loading._parsed", None)
    assert load_kind_data(folder, compiled)["aws_thing"]["title"] == "Thing"


def test_a_broken_compiled_form_is_made_again(folder: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "kinds.json"
    compiled.write_text("{half")
    assert "aws_thing" in load_kind_data(folder, compiled)
    assert compiled.read_text().endswith("}")


def test_a_folder_that_cannot_be_written_is_no_obstacle(folder: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert "aws_thing" in load_kind_data(folder, blocked / "kinds.json")


def test_a_file_must_be_named_after_its_kind(folder: Path) -> None:
    (folder / "aws" / "aws_other.yaml").write_text(KIND)
    with pytest.raises(Misconfigured, match=r"aws_other\.yaml"):
        load_kind_data(folder, None)


def test_yaml_that_is_none_is_a_named_mistake(folder: Path) -> None:
    (folder / "aws" / "aws_thing.yaml").write_text("kind: [")
    with pytest.raises(Misconfigured, match=r"aws_thing\.yaml"):
        load_kind_data(folder, None)


def kind(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "kind": "aws_thing",
        "title": "Thing",
        "provider": "aws",
        "category": "storage",
        "properties": {
            "name": "string",
            "rules": {"type": "set(object)", "properties": {"port": "number"}},
            "box": {"type": "object", "properties": {"size": "number"}},
        },
        "terraform": {"type": "aws_thing", "map": {"name": "name"}},
    }
    return {**base, **changes}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red"}, "colour"),
        ({"properties": {"name": "text"}}, "'text' is no type"),
        ({"properties": {"name": {"type": "object"}}}, "objects, and only they"),
        ({"terraform": {"type": "t", "map": {"nmae": "x"}}}, "nmae is mapped but not declared"),
        ({"terraform": {"type": "t", "map": {"name.x": "x"}}}, "name is no object"),
        ({"terraform": {"type": "t", "map": {"name": "a..b"}}}, "not a path"),
        ({"terraform": {"type": "t", "map": {"name": {"to": "x"}}}}, "unknown keys"),
        ({"terraform": {"type": "t", "map": {"rules": "x"}}}, "needs each"),
        ({"terraform": {"type": "t", "map": {"box": "x"}}}, "one by one"),
        ({"terraform": {"type": "t", "map": {"name": ["a", "b"]}}}, "only the first"),
        ({"terraform": {"type": "t", "map": {"name": {"path": "x", "as": "rot13"}}}}, "rot13"),
        ({"terraform": {"type": "t", "bags": {"name": {}}}}, "only sets are bags"),
        ({"terraform": {"map": {}}}, "type"),
    ],
)
def test_mistakes_in_a_file_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(Misconfigured, match=message) as refused:
        parse_kind(kind(**changes))
    assert str(refused.value).startswith("aws_thing: ")


def test_kinds_are_found_by_name_by_native_type_and_by_provider() -> None:
    catalog = load_catalog()
    bucket = catalog.kind("aws_s3_bucket")
    assert bucket is not None
    assert catalog.kind_of("cloudformation", "AWS::S3::Bucket") is bucket
    assert catalog.kind_of("terraform", "aws_s3_bucket") is bucket
    assert catalog.kind_of("terraform", "aws_s3_bucket_versioning") is None
    assert {kind.provider for kind in catalog.kinds("azure")} == {"azure"}
    assert list(catalog.kinds("oracle")) == []


def test_an_empty_catalog_knows_nothing() -> None:
    assert Catalog({}).kind("aws_s3_bucket") is None
    assert Catalog({}).names() == []
