"""`env`, and `-e ENVIRONMENT` on the commands that work on files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

JSON = ("--format", "json")
SECRET = "swordfish-swordfish"
COMMANDS = (
    ("validate",),
    ("check",),
    ("cost",),
    ("generate", "-f", "terraform"),
    ("generate", "-f", "cloudformation"),
    ("plan",),
)


@pytest.fixture
def prod(dharma: Any, api: Any) -> str:
    said = dharma(
        *("env", "create", "prod", "--region", "eu-west-1", "--var", "stage=prod"),
        *("--var", "other=x", "--secret", f"word={SECRET}", "--approver", "role:approver"),
    )
    assert said.code == 0, said.err
    assert SECRET not in said.out
    return "prod"


def test_an_environment_is_made_shown_changed_and_listed(dharma: Any, prod: str) -> None:
    shown = dharma("env", "show", prod).out
    assert "region: eu-west-1" in shown
    assert "word = (sensitive)" in shown
    assert "stage = prod" in shown
    said = dharma("env", "set", prod, "--var", "stage=dev", "--policy-mode", "warning", *JSON)
    changed = said.json["environment"]
    # What was not stated stayed, the secret too.
    assert changed["region"] == "eu-west-1"
    assert changed["approvers"] == ["role:approver"]
    assert changed["variables"]["word"] == {"sensitive": True}
    assert changed["variables"]["stage"] == {"value": "dev", "sensitive": False}
    assert [e["name"] for e in dharma("env", "list", *JSON).json["items"]] == [prod]
    assert "warning" in dharma("env", "list").out


def test_the_secret_itself_is_kept_by_a_change(dharma: Any, api: Any, prod: str) -> None:
    dharma("env", "set", prod, "--region", "us-east-1")
    stored = api.application.environments.read("acme", prod)
    assert stored.variables["word"] == SECRET


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("create", "prod"), "Conflict"),
        (("create", "No"), "InvalidInput"),
        (("create", "dev", "--policy-mode", "loud"), "InvalidInput"),
        (("create", "dev", "--var", "x"), "InvalidInput"),
        (("create", "dev", "--credentials", "AKIA"), "InvalidInput"),
        (("show", "nobody"), "NotFound"),
        (("show", "../deployments"), "NotFound"),
        (("set", "nobody", "--region", "x"), "NotFound"),
    ],
    ids=" ".join,
)
def test_what_the_api_refuses_is_an_error_here(
    dharma: Any, prod: str, words: tuple[str, ...], code: str
) -> None:
    assert dharma("env", *words, *JSON).error["code"] == code


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_values_of_an_environment_apply_and_its_secrets_stay_there(
    dharma: Any, blueprint: Path, prod: str, command: tuple[str, ...]
) -> None:
    words = (command[0], blueprint, *command[1:], "-e", prod)
    text, document = dharma(*words), dharma(*words, *JSON)
    assert (text.code, document.code) == (0, 0), text.err + document.out
    assert SECRET not in text.out + text.err + document.out
    if command[0] == "plan":
        return  # made by the server, which knows them
    assert text.err == "Secret in prod, so unknown here: word\n"
    assert document.json["environment"] == {
        "name": "prod",
        "provider": "aws",
        "region": "eu-west-1",
        "unknownVariables": ["word"],
    }


def test_the_region_of_an_environment_is_that_of_its_prices(
    dharma: Any, prod: str, api: Any
) -> None:
    Path("gateway.yaml").write_text(
        "apiVersion: dharma/v1\nkind: Blueprint\nname: way\nversion: 1.0.0\nprovider: aws\n"
        "resources:\n  - name: out\n    type: aws_nat_gateway\n"
        "    properties: {connectivity_type: private, subnet_id: subnet-1}\n"
    )
    here = dharma("cost", "gateway.yaml", *JSON).json
    there = dharma("cost", "gateway.yaml", "-e", prod, *JSON).json
    stated = dharma("cost", "gateway.yaml", "-e", prod, "--region", "us-east-1", *JSON).json
    assert (here["region"], there["region"]) == ("us-east-1", "eu-west-1")
    assert there["totalMonthlyCost"] > here["totalMonthlyCost"]
    assert stated["totalMonthlyCost"] == here["totalMonthlyCost"]


def test_generated_code_has_the_region_and_hides_what_the_environment_hides(
    dharma: Any, blueprint: Path, prod: str
) -> None:
    files = dharma("generate", blueprint, "-f", "terraform", "-e", prod, *JSON).json["files"]
    assert '"eu-west-1"' in files["variables.tf"]
    assert "sensitive = true" in files["variables.tf"]


def test_validate_finds_values_that_do_not_fit_and_those_that_are_missing(
    dharma: Any, blueprint: Path, prod: str
) -> None:
    dharma("env", "set", prod, "--var", "stage=test")
    blueprint.write_text(blueprint.read_text().replace("default: plain", "pattern: '.'"))
    said = dharma("validate", blueprint, "-e", prod)
    assert said.code == 1
    assert "var.stage" in said.out
    assert "var.word" not in said.out  # the environment has one
    dharma("env", "create", "dev")
    said = dharma("validate", blueprint, "-e", "dev")
    assert "var.word: no value is given" in said.out
    assert dharma("validate", blueprint).code == 0


def test_own_values_go_before_those_of_the_environment(
    dharma: Any, blueprint: Path, prod: str
) -> None:
    said = dharma("validate", blueprint, "-e", prod, "--var", "word=mine", *JSON)
    assert said.json["environment"]["unknownVariables"] == []


def test_a_plan_in_an_environment_is_the_servers_and_stores_nothing(
    dharma: Any, blueprint: Path, prod: str, api: Any
) -> None:
    said = dharma("plan", blueprint, "-e", prod)
    assert '+ name: "jobs-prod"' in said.out
    assert "(sensitive value)" in said.out
    assert said.out.endswith("Plan: 1 to create, 0 to update, 0 to replace, 0 to destroy.\n")
    assert api.requests[-1] == "POST /deployments/plan"
    assert dharma("plan", blueprint, "-e", prod, "--detailed-exitcode").code == 2
    assert dharma("deployments", "list", *JSON).json["items"] == []
    document = dharma("plan", blueprint, "-e", prod, *JSON).json
    assert document["summary"]["create"] == 1
    assert SECRET not in json.dumps(document)


def test_a_plan_takes_its_present_from_one_place(dharma: Any, blueprint: Path, prod: str) -> None:
    for more in (("--against", "x.yaml"), ("--region", "eu-west-1")):
        said = dharma("plan", blueprint, "-e", prod, *more, *JSON)
        assert said.error["code"] == "InvalidInput"
        assert "-e stands alone" in said.error["message"]


def test_who_may_not_deploy_gets_no_plan_of_an_environment(
    dharma: Any, blueprint: Path, prod: str, api: Any
) -> None:
    api.role = "viewer"
    assert dharma("plan", blueprint, "-e", prod, *JSON).error["code"] == "Forbidden"
    assert dharma("check", blueprint, "-e", prod).code == 0


def test_a_file_for_another_cloud_does_not_fit(dharma: Any, blueprint: Path, api: Any) -> None:
    assert dharma("env", "create", "blue", "--provider", "azure").code == 0
    said = dharma("cost", blueprint, "-e", "blue", *JSON)
    assert said.error["message"] == "jobs is for aws, but blue lies in azure"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_unknown_environment_is_an_error(
    dharma: Any, blueprint: Path, api: Any, command: tuple[str, ...]
) -> None:
    said = dharma(command[0], blueprint, *command[1:], "-e", "nowhere", *JSON)
    assert said.error["code"] == "NotFound"
    assert "nowhere" in said.error["message"]
