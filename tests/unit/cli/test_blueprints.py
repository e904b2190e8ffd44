"""`blueprint`: the library through the true API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dharma.blueprint.source import load_blueprint

JSON = ("--format", "json")
TEMPLATE = {
    "Resources": {
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs", "Nobody": 1}}
    }
}


def test_pushing_makes_a_draft_and_then_changes_it(dharma: Any, api: Any, blueprint: Path) -> None:
    first = dharma("blueprint", "push", blueprint)
    assert first.code == 0, first.err
    assert first.out.endswith(" jobs 1.0.0 (draft)\n")
    blueprint.write_text(blueprint.read_text().replace("1.0.0", "1.1.0"))
    second = dharma("blueprint", "push", blueprint, *JSON).json
    assert second["blueprint"]["id"] == first.out.split()[0]
    assert second["published"] is False
    assert [i["version"] for i in dharma("blueprint", "list", *JSON).json["items"]] == ["1.1.0"]


def test_a_published_version_is_listed_and_never_changes(
    dharma: Any, api: Any, blueprint: Path
) -> None:
    assert dharma("blueprint", "push", blueprint, "--publish").out.endswith("(published)\n")
    blueprint.write_text(blueprint.read_text().replace("dev, prod", "dev, test, prod"))
    said = dharma("blueprint", "push", blueprint, "--publish", *JSON)
    assert said.error["code"] == "AlreadyPublished"
    blueprint.write_text(blueprint.read_text().replace("1.0.0", "1.1.0"))
    assert dharma("blueprint", "push", blueprint, "--publish").code == 0
    versions = dharma("blueprint", "versions", "jobs", *JSON).json["items"]
    assert {v["version"] for v in versions} == {"1.0.0", "1.1.0"}
    assert "ada-admin" in dharma("blueprint", "versions", "jobs").out


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_was_pushed_is_exported_unchanged(
    dharma: Any, api: Any, blueprint: Path, form: str
) -> None:
    dharma("blueprint", "push", blueprint)
    words = ("--json",) if form == "json" else ()
    printed = dharma("blueprint", "export", "jobs", *words).out
    assert dharma("blueprint", "export", "jobs", "-o", f"out.{form}", *words).code == 0
    text = Path(f"out.{form}").read_text()
    assert text == printed
    assert text.startswith("{") == (form == "json")
    assert load_blueprint(text) == load_blueprint(blueprint.read_text())


def test_a_version_of_old_is_exported(dharma: Any, api: Any, blueprint: Path) -> None:
    dharma("blueprint", "push", blueprint, "--publish")
    before = dharma("blueprint", "export", "jobs").out
    blueprint.write_text(blueprint.read_text().replace("1.0.0", "2.0.0"))
    dharma("blueprint", "push", blueprint)
    assert "2.0.0" in dharma("blueprint", "export", "jobs").out
    assert dharma("blueprint", "export", "jobs", "--version", "1.0.0").out == before
    said = dharma("blueprint", "export", "jobs", "--version", "3.0.0")
    assert said.code == 1
    assert said.err.startswith("NotFound: ")


def test_showing_is_yaml_for_people_and_the_record_in_json(
    dharma: Any, api: Any, blueprint: Path
) -> None:
    dharma("blueprint", "push", blueprint)
    assert load_blueprint(dharma("blueprint", "show", "jobs").out).name == "jobs"
    record = dharma("blueprint", "show", "jobs", *JSON).json["blueprint"]
    assert record["metadata"]["createdBy"] == "ada-admin"
    assert dharma("blueprint", "show", record["id"]).code == 0


def test_importing_a_template_tells_what_was_not_understood(dharma: Any, api: Any) -> None:
    Path("queues.json").write_text(json.dumps(TEMPLATE))
    said = dharma("blueprint", "import", "queues.json")
    assert said.code == 2
    assert "queues" in said.out
    assert "Nobody" in said.err
    assert "aws_sqs_queue" in dharma("blueprint", "show", "queues").out


def test_filters_narrow_the_list(dharma: Any, api: Any, blueprint: Path) -> None:
    dharma("blueprint", "push", blueprint)
    assert "jobs" in dharma("blueprint", "list", "--provider", "aws").out
    assert dharma("blueprint", "list", "--provider", "azure", *JSON).json["items"] == []
    assert dharma("blueprint", "list", "--tag", "web", *JSON).json["items"] == []
    assert dharma("blueprint", "list", "--provider", "ibm", *JSON).error["code"] == "InvalidInput"


@pytest.mark.parametrize("command", ["show", "versions", "export"])
def test_an_unknown_blueprint_is_an_error(dharma: Any, api: Any, command: str) -> None:
    said = dharma("blueprint", command, "nobody/../x")
    assert said.code == 1
    assert said.err.startswith("NotFound: ")


def test_a_name_is_matched_whole(dharma: Any, api: Any, blueprint: Path) -> None:
    blueprint.write_text(blueprint.read_text().replace("name: jobs\nv", "name: jobs-two\nv"))
    dharma("blueprint", "push", blueprint)
    assert dharma("blueprint", "show", "jobs").code == 1
    blueprint.write_text(blueprint.read_text().replace("name: jobs-two", "name: jobs"))
    dharma("blueprint", "push", blueprint)
    assert len(dharma("blueprint", "list", *JSON).json["items"]) == 2
