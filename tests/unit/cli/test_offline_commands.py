"""`validate`, `generate`, `check`, `cost`, `plan`, `schema`: files in, text or JSON out, no server.

What people see of the examples is kept in tests/golden/cli; renew it with DHARMA_WRITE_GOLDEN=1.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests/golden/cli"
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
JSON = ("--format", "json")
OFFLINE = (
    ("validate",),
    ("generate", "-f", "terraform"),
    ("generate", "-f", "cloudformation"),
    ("check",),
    ("cost",),
    ("plan",),
)
TEMPLATE = json.dumps(
    {"Resources": {"Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"Nobody": 1}}}}
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("command", ["validate", "check", "cost", "plan"])
def test_people_see_what_the_golden_file_holds(
    dharma: Any, monkeypatch: pytest.MonkeyPatch, command: str, example: Path
) -> None:
    monkeypatch.chdir(ROOT)
    said = dharma(command, example.relative_to(ROOT))
    shown = "".join(
        f"{line.rstrip()}\n"
        for line in [f"exit code {said.code}", *said.out.splitlines(), "--", *said.err.splitlines()]
    )
    golden = GOLDEN / f"{command}-{example.stem}.txt"
    if os.environ.get("DHARMA_WRITE_GOLDEN"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", OFFLINE, ids=" ".join)
def test_json_is_one_document_with_version_and_command(
    dharma: Any, blueprint: Path, command: tuple[str, ...]
) -> None:
    said = dharma(command[0], blueprint, *command[1:], *JSON)
    assert said.code == 0, said.out + said.err
    assert said.json["schemaVersion"] == "1"
    assert said.json["command"] == command[0]
    assert said.err == ""


@pytest.mark.parametrize("command", OFFLINE, ids=" ".join)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "NotFound"),
        ("[1, 2", "InvalidTemplate"),
        ("apiVersion: dharma/v1\nkind: Blueprint\nname: [x", "InvalidBlueprint"),
    ],
    ids=["no file", "broken", "half"],
)
def test_what_cannot_be_read_is_an_error_in_either_format(
    dharma: Any, command: tuple[str, ...], text: str | None, code: str
) -> None:
    if text is not None:
        Path("bad.yaml").write_text(text, encoding="utf-8")
    words = (command[0], "bad.yaml", *command[1:])
    assert dharma(*words, *JSON).error["code"] == code
    said = dharma(*words)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"{code}: ")
    assert "bad.yaml" in said.err


@pytest.mark.parametrize("command", OFFLINE, ids=" ".join)
def test_faults_stop_every_command_and_validate_lists_them(
    dharma: Any, blueprint: Path, command: tuple[str, ...]
) -> None:
    text = blueprint.read_text().replace("tags:", "tagss:").replace("${var.stage}", "${var.stag}")
    blueprint.write_text(text)
    said = dharma(command[0], blueprint, *command[1:], *JSON)
    if command[0] == "validate":
        assert said.code == 1
        assert said.json["valid"] is False
        faults = said.json["faults"]
    else:
        assert said.error["code"] == "InvalidBlueprint"
        faults = [detail["message"] for detail in said.error["details"]]
    assert len(faults) == 2
    assert "jobs.yaml:13:" in faults[0]
    assert "stage" in faults[0]
    assert "tags" in faults[1]


@pytest.mark.parametrize("command", OFFLINE, ids=" ".join)
def test_a_variable_that_nobody_declared_is_named_with_its_neighbour(
    dharma: Any, blueprint: Path, command: tuple[str, ...]
) -> None:
    said = dharma(command[0], blueprint, *command[1:], "--var", "stgae=dev", *JSON)
    assert said.error["code"] == "InvalidVariables"
    assert "stage" in said.error["message"]
    assert dharma(command[0], blueprint, *command[1:], "--var", "stage").code == 1


def test_validate_checks_the_values_that_are_stated(dharma: Any, blueprint: Path) -> None:
    Path("prod.tfvars").write_text('stage = "prod"\n')
    assert dharma("validate", blueprint, "--var-file", "prod.tfvars").code == 0
    said = dharma("validate", blueprint, "--var-file", "prod.tfvars", "--var", "stage=test")
    assert said.code == 1
    assert "var.stage" in said.out
    assert '"dev", "prod"' in said.out


def test_later_sources_of_values_win(dharma: Any, blueprint: Path) -> None:
    Path("values.yaml").write_text("stage: prod\nword: file\n")
    planned = dharma(
        "plan", blueprint, "--var-file", "values.yaml", "--var", "word=typed", *JSON
    ).json
    after = planned["changes"][0]["after"]
    assert (after["name"], after["tags"]) == ("jobs-prod", {"word": "typed"})


def test_check_blocks_with_code_2_unless_it_only_warns(dharma: Any, blueprint: Path) -> None:
    risky = ROOT / "examples/aws-risky-database.yaml"
    assert dharma("check", blueprint).code == 0
    assert dharma("check", risky).code == 2
    assert dharma("check", risky, "--mode", "warning").code == 0
    assert dharma("check", risky, "--fail-on", "critical").code == 2
    said = dharma("check", risky, *JSON)
    assert said.code == 2
    assert said.json["blocking"] is True
    assert {f["status"] for f in said.json["findings"]} == {"fail"}


def test_notes_go_to_standard_error_and_into_the_json(dharma: Any) -> None:
    Path("template.json").write_text(TEMPLATE)
    said = dharma("cost", "template.json")
    assert said.code == 0
    assert "Nobody" in said.err
    assert "Nobody" not in said.out
    document = dharma("cost", "template.json", *JSON).json
    assert any("Nobody" in note["path"] for note in document["notes"])


def test_a_plan_against_a_file_shows_the_difference(dharma: Any, blueprint: Path) -> None:
    Path("before.yaml").write_text(blueprint.read_text().replace("jobs-${", "job-${"))
    said = dharma("plan", blueprint, "--against", "before.yaml")
    assert said.code == 0
    assert "-/+" in said.out
    assert "1 to replace" in said.out
    assert dharma("plan", blueprint, "--against", "before.yaml", "--detailed-exitcode").code == 2
    assert dharma("plan", blueprint, "--against", blueprint, "--detailed-exitcode").code == 0


def test_generate_writes_whole_files_or_none(dharma: Any, blueprint: Path) -> None:
    said = dharma("generate", blueprint, "-f", "terraform", "-o", "code")
    assert said.code == 0
    written = sorted(path.name for path in Path("code").glob("[!.]*"))
    assert "main.tf" in written
    assert [line.removeprefix("wrote code/") for line in said.out.splitlines()] == written
    Path("taken").write_text("a file where a folder should be")
    said = dharma("generate", blueprint, "-f", "terraform", "-o", "taken", *JSON)
    assert said.error["code"] == "InvalidInput"
    assert Path("taken").read_text() == "a file where a folder should be"


def test_generate_prints_the_same_as_it_writes(dharma: Any, blueprint: Path) -> None:
    dharma("generate", blueprint, "-f", "cloudformation", "-o", "code", "--json")
    text = dharma("generate", blueprint, "-f", "cloudformation", "--json").out
    assert json.loads(text)["Resources"]
    assert Path("code/template.json").read_text() == text
    document = dharma("generate", blueprint, "-f", "cloudformation", "--json", *JSON).json
    assert document["files"] == {"template.json": text}


def test_the_schema_is_json_without_further_words(dharma: Any) -> None:
    schema = json.loads(dharma("schema").out)
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_nothing_is_coloured_away_from_a_terminal(dharma: Any, blueprint: Path) -> None:
    for command in OFFLINE:
        said = dharma(command[0], blueprint, *command[1:])
        assert not re.search(r"\x1b\[", said.out + said.err)


def test_a_name_that_is_no_text_is_still_said(dharma: Any) -> None:
    said = dharma("check", os.fsdecode(b"\xff.yaml"), *JSON)
    assert said.error["code"] == "NotFound"


def test_the_command_line_writes_what_can_be_written() -> None:
    from dharma.model.targets import TARGETS
    from dharma_cli.commands.convert import Conversion
    from dharma_cli.commands.generate import Target

    assert sorted(Target) == sorted(TARGETS)
    assert sorted(Conversion) == sorted([*TARGETS, "blueprint"])


MODULE = {
    "main.tf": """
provider "aws" { region = "us-east-1" }
resource "aws_sqs_queue" "jobs" {
  for_each = toset(["a", "b"])
  name     = each.key
}
module "dead" {
  source = "./dead"
  count  = 2
}
""",
    "dead/main.tf": 'resource "aws_sqs_queue" "letters" {}',
}
ADDRESSES = [
    'aws_sqs_queue.jobs["a"]',
    'aws_sqs_queue.jobs["b"]',
    "module.dead[0].aws_sqs_queue.letters",
    "module.dead[1].aws_sqs_queue.letters",
]


@pytest.fixture
def module(tmp_path: Path) -> Path:
    for name, text in MODULE.items():
        (tmp_path / "code" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "code" / name).write_text(text)
    return tmp_path / "code"


def test_a_verdict_names_resources_as_the_terraform_code_does(dharma: Any, module: Path) -> None:
    found = {f["address"] for f in dharma("check", module, *JSON).json["findings"]}
    assert sorted(found) == ADDRESSES


def test_a_policy_written_for_a_plan_sees_the_addresses_of_the_terraform_code(
    dharma: Any, module: Path, tmp_path: Path
) -> None:
    policy = tmp_path / "own.rego"
    policy.write_text(
        """package main
deny[msg] {
    change := input.resource_changes[_]
    msg := sprintf("%v is %v in %v", [
        change.address, change.name, object.get(change, "module_address", "the root")
    ])
}
"""
    )
    findings = dharma("check", module, "--policies", policy, *JSON).json["findings"]
    own = {f["address"]: f["message"] for f in findings if f["policy"] == "main"}
    assert sorted(own) == ADDRESSES
    assert own[ADDRESSES[0]] == 'aws_sqs_queue.jobs["a"] is jobs in the root'
    assert own[ADDRESSES[3]] == f"{ADDRESSES[3]} is letters in module.dead[1]"


def test_usage_and_price_are_told_by_the_addresses_of_the_terraform_code(
    dharma: Any, module: Path, tmp_path: Path
) -> None:
    usage = tmp_path / "usage.yaml"
    usage.write_text(
        """resource_usage:
  aws_sqs_queue.jobs[*]: {monthly_requests: 1000000}
  aws_sqs_queue.jobs["b"]: {monthly_requests: 2000000}
  module.dead.aws_sqs_queue.letters: {monthly_requests: 3000000}
  module.dead[1].aws_sqs_queue.letters: {monthly_requests: 4000000}
"""
    )
    lines = dharma("cost", module, "--usage-file", usage, *JSON).json["breakdown"]
    assert {line["address"]: line["quantity"] for line in lines} == dict(
        zip(ADDRESSES, [1, 2, 3, 4], strict=True)
    )


def test_usage_that_is_no_figure_or_that_no_price_asks_for_is_told(
    dharma: Any, module: Path, tmp_path: Path
) -> None:
    usage = tmp_path / "usage.yaml"
    usage.write_text("resource_usage:\n  aws_sqs_queue.jobs[*]: {monthly_reqests: 1}\n")
    said = dharma("cost", module, "--usage-file", usage)
    assert said.code == 0
    assert "usage not used: aws_sqs_queue.jobs[*].monthly_reqests" in said.out
    usage.write_text("resource_usage:\n  aws_sqs_queue.jobs[*]: {monthly_requests: lots}\n")
    said = dharma("cost", module, "--usage-file", usage)
    assert said.code == 1
    assert f"{usage}: aws_sqs_queue.jobs[*].monthly_requests" in said.err
