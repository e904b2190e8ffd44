"""`generate -o`: what lies in the folder already is lost only when somebody says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

JSON = ("--format", "json")
OUT = ("-f", "terraform", "-o", "out")


def contents() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path("out").iterdir()}


def test_what_was_written_here_is_renewed(dharma: Any, blueprint: Path) -> None:
    assert dharma("generate", blueprint, *OUT).code == 0
    blueprint.write_text(blueprint.read_text().replace("jobs-", "tasks-"))
    said = dharma("generate", blueprint, *OUT)
    assert said.code == 0, said.err
    assert b"tasks-" in contents()["main.tf"]


def test_both_formats_may_live_in_one_folder(dharma: Any, blueprint: Path) -> None:
    for target in ("terraform", "cloudformation", "terraform"):
        blueprint.write_text(blueprint.read_text().replace("jobs-", f"{target}-"))
        assert dharma("generate", blueprint, "-f", target, "-o", "out").code == 0


@pytest.mark.parametrize("edited", [False, True])
def test_what_somebody_else_wrote_or_edited_is_kept(
    dharma: Any, blueprint: Path, edited: bool
) -> None:
    Path("out").mkdir()
    if edited:
        dharma("generate", blueprint, *OUT)
    Path("out/main.tf").write_text("# mine\n")
    before = contents()
    said = dharma("generate", blueprint, *OUT)
    assert said.code == 1
    assert "--force" in said.err
    assert "out/main.tf" in said.err
    assert "versions.tf" not in said.err
    assert contents() == before
    assert dharma("generate", blueprint, *OUT, *JSON).error["code"] == "Conflict"
    assert dharma("generate", blueprint, *OUT, "--force").code == 0
    assert contents()["main.tf"] != b"# mine\n"


def test_files_of_other_names_do_not_disturb(dharma: Any, blueprint: Path) -> None:
    Path("out").mkdir()
    Path("out/README.md").write_text("mine")
    assert dharma("generate", blueprint, *OUT).code == 0
    assert contents()["README.md"] == b"mine"


@pytest.mark.parametrize("text", ["", "[", "[1]", '{"files": 3}', "[" * 100_000, '{"files": {}}'])
def test_a_broken_list_of_ours_costs_nothing_but_a_question(
    dharma: Any, blueprint: Path, text: str
) -> None:
    dharma("generate", blueprint, *OUT)
    Path("out/.iac-dharma-files.json").write_text(text)
    assert dharma("generate", blueprint, *OUT).code == 0  # it would write just what is there
    Path("out/.iac-dharma-files.json").write_text(text)
    blueprint.write_text(blueprint.read_text().replace("jobs-", "tasks-"))
    assert dharma("generate", blueprint, *OUT).code == 1


def test_an_arm_template_is_of_the_scope_that_is_asked_for(dharma: Any) -> None:
    example = Path(__file__).parents[3] / "examples" / "kinds" / "azurerm_managed_disk.yaml"
    schemas = [
        dharma("generate", example, "-f", "arm", *scope, *JSON).json["files"]["azuredeploy.json"]
        for scope in ((), ("--scope", "group"), ("--scope", "subscription"))
    ]
    assert ["subscriptionDeploymentTemplate" in text for text in schemas] == [False, False, True]
    several = Path(__file__).parents[3] / "examples" / "azure-two-groups.yaml"
    said = dharma("generate", several, "-f", "arm", "--scope", "group")
    assert said.code == 1
    assert "a template is deployed to one resource group" in said.err
