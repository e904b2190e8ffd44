"""The library of blueprints as its user sees it: a real stack, the command line, plain files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dharma.blueprint.source import load_blueprint

from .conftest import CommandLine

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/aws-three-tier-web.yaml"


@pytest.fixture(scope="module")
def dharma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    line = CommandLine(tmp_path_factory.mktemp("library"))
    line("start")
    line("login")
    yield line
    line.stack.stop()


def test_a_blueprint_goes_in_and_comes_out_as_it_was(dharma: CommandLine) -> None:
    dharma("blueprint", "push", str(EXAMPLE), "--publish")
    pushed = load_blueprint(EXAMPLE.read_text())
    for words, file in (((), "out.yaml"), (("--json",), "out.json")):
        dharma("blueprint", "export", pushed.name, "-o", file, *words)
        assert load_blueprint((dharma.folder / file).read_text()) == pushed
    renamed = (dharma.folder / "out.yaml").read_text().replace(pushed.name, "copied", 1)
    (dharma.folder / "copied.yaml").write_text(renamed)
    imported = dharma.json("blueprint", "import", "copied.yaml")
    assert imported["notes"] == []
    assert load_blueprint(dharma("blueprint", "show", "copied")) == load_blueprint(renamed)


def test_a_published_version_stays_while_the_draft_goes_on(dharma: CommandLine) -> None:
    text = EXAMPLE.read_text().replace("version: 1.0.0", "version: 1.1.0-rc.1")
    (dharma.folder / "next.yaml").write_text(
        text.replace("timeout_seconds: 60", "timeout_seconds: 61")
    )
    dharma("blueprint", "push", "next.yaml")
    name = load_blueprint(text).name
    versions = dharma.json("blueprint", "versions", name)["items"]
    assert [version["version"] for version in versions] == ["1.0.0"]
    old = load_blueprint(dharma("blueprint", "export", name, "--version", "1.0.0"))
    assert old == load_blueprint(EXAMPLE.read_text())
    assert load_blueprint(dharma("blueprint", "export", name)).version == "1.1.0-rc.1"
    dharma("blueprint", "push", "next.yaml", "--publish")
    changed = text.replace("timeout_seconds: 60", "timeout_seconds: 62")
    (dharma.folder / "next.yaml").write_text(changed)
    refused = dharma.json("blueprint", "push", "next.yaml", "--publish", code=1)
    assert refused["error"]["code"] == "AlreadyPublished"


def test_a_version_that_is_none_is_refused_before_it_is_sent(dharma: CommandLine) -> None:
    (dharma.folder / "odd.yaml").write_text(EXAMPLE.read_text().replace("1.0.0", "one"))
    refused = dharma.json("blueprint", "push", "odd.yaml", code=1)["error"]
    assert refused["code"] == "InvalidBlueprint"
    assert any("odd.yaml:" in detail["message"] for detail in refused["details"])


def test_a_template_that_was_imported_is_judged_by_the_stack(dharma: CommandLine) -> None:
    dharma("generate", str(EXAMPLE), "-f", "cloudformation", "-o", "code")
    template = dharma.folder / "code/template.yaml"
    # The template says whose it is; this one shall be another.
    template.write_text(template.read_text().replace("three-tier-web", "three-tier-copy"))
    answer = dharma.json("blueprint", "import", "code/template.yaml")
    found = answer["blueprint"]
    assert len(found["resources"]) == found["resourceCount"] > 20
    name = found["name"]
    shown = dharma("blueprint", "export", name)
    (dharma.folder / "imported.yaml").write_text(shown)
    dharma("validate", "imported.yaml")


def test_an_environment_of_the_stack_prices_and_plans_a_file(dharma: CommandLine) -> None:
    dharma("env", "create", "dev", "--region", "eu-west-1", "--var", "environment=dev")
    there = dharma.json("cost", str(EXAMPLE), "-e", "dev")
    assert there["region"] == "eu-west-1"
    planned = dharma.json("plan", str(ROOT / "examples/web-assets.yaml"), "-e", "dev")
    assert planned["summary"]["create"] == 2
    assert dharma.json("deployments", "list")["items"] == []
