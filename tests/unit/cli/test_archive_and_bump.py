"""`generate --archive` and `blueprint push --bump`."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dharma.generator.archive import ArchiveFormat

JSON = ("--format", "json")


@pytest.mark.parametrize("format", ["zip", "tar.gz"])
def test_an_archive_is_written_and_the_same_every_time(
    dharma: Any, blueprint: Path, format: ArchiveFormat
) -> None:
    words = ("generate", blueprint, "-f", "terraform", "--archive", format, "-o")
    said = dharma(*words, "one")
    assert said.code == 0, said.err
    digest = hashlib.sha256(Path("one").read_bytes()).hexdigest()
    assert said.out.startswith("wrote one (")
    assert said.out.endswith(f"sha256 {digest})\n")
    packed = dharma(*words, "two", *JSON).json["archive"]
    assert packed == {"file": "two", "sha256": digest, "size": Path("one").stat().st_size}
    assert Path("one").read_bytes() == Path("two").read_bytes()


def test_it_holds_what_is_written_into_a_folder(dharma: Any, blueprint: Path) -> None:
    Path("out").mkdir()
    words = ("generate", blueprint, "-f", "cloudformation", "-o")
    assert dharma(*words, "out", "--archive", "zip").code == 0
    assert dharma(*words, "plain").code == 0
    with zipfile.ZipFile("out/jobs-1.0.0-cloudformation.zip") as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    assert files == {file.name: file.read_bytes() for file in Path("plain").glob("[!.]*")}
    assert manifest["blueprint"] == {"name": "jobs", "version": "1.0.0"}


def test_an_archive_needs_a_file(dharma: Any, blueprint: Path) -> None:
    error = dharma("generate", blueprint, "-f", "terraform", "--archive", "zip", *JSON).error
    assert (error["code"], "-o names its file" in error["message"]) == ("InvalidInput", True)


def change(blueprint: Path, before: str, after: str) -> None:
    text = blueprint.read_text()
    assert before in text
    blueprint.write_text(text.replace(before, after))


def versions(dharma: Any) -> list[str]:
    return [v["version"] for v in dharma("blueprint", "versions", "jobs", *JSON).json["items"]]


def test_bump_gives_a_blueprint_the_version_that_its_changes_ask_for(
    dharma: Any, api: Any, blueprint: Path
) -> None:
    push = ("blueprint", "push", blueprint, "--bump", "--publish")
    first = dharma(*push)
    assert (first.err, first.out[-24:]) == (
        "1.0.0 is the first version\n",
        " jobs 1.0.0 (published)\n",
    )
    change(blueprint, "dev, prod", "dev, test, prod")
    second = dharma(*push)
    assert second.err == "1.0.1: patch since 1.0.0\n  var.stage.allowed: changed\n"
    assert second.out.endswith(" jobs 1.0.1 (published)\n")
    change(blueprint, "dev, test, prod", "dev")
    third = dharma(*push, *JSON).json
    assert (third["proposal"]["version"], third["published"]) == ("2.0.0", True)
    assert third["blueprint"]["version"] == "2.0.0"
    assert versions(dharma) == ["2.0.0", "1.0.1", "1.0.0"]


def test_without_a_change_nothing_is_published_and_nothing_is_wrong(
    dharma: Any, api: Any, blueprint: Path
) -> None:
    push = ("blueprint", "push", blueprint, "--bump", "--publish")
    dharma(*push)
    again = dharma(*push)
    assert (again.code, again.err) == (0, "nothing has changed since 1.0.0\n")
    assert again.out.endswith(" jobs 1.0.0 (draft)\n")
    assert versions(dharma) == ["1.0.0"]


def test_bump_alone_changes_the_draft_only(dharma: Any, api: Any, blueprint: Path) -> None:
    dharma("blueprint", "push", blueprint, "--publish")
    change(blueprint, "dev, prod", "dev")
    before = blueprint.read_text()
    assert dharma("blueprint", "push", blueprint, "--bump").out.endswith(" jobs 2.0.0 (draft)\n")
    assert blueprint.read_text() == before
    assert versions(dharma) == ["1.0.0"]
    assert dharma("blueprint", "list", *JSON).json["items"][0]["version"] == "2.0.0"


def test_a_version_that_promises_too_much_is_refused_unless_insisted_on(
    dharma: Any, api: Any, blueprint: Path
) -> None:
    dharma("blueprint", "push", blueprint, "--publish")
    change(blueprint, "dev, prod", "dev")
    change(blueprint, "1.0.0", "1.0.1")
    refused = dharma("blueprint", "push", blueprint, "--publish")
    assert refused.code == 1
    assert "VersionTooLow" in refused.err
    assert "publish it as 2.0.0" in refused.err
    assert "var.stage.allowed: refuses values that were allowed" in refused.err
    assert dharma("blueprint", "push", blueprint, "--publish", "--allow-lower").code == 0
    assert versions(dharma) == ["1.0.1", "1.0.0"]
