"""The README's commands are run, and what it shows is what they print."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dharma.blueprint.source import load_blueprint

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def console() -> list[tuple[str, str]]:
    """Command and shown output of every `$` line."""
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.parametrize(("command", "shown"), console(), ids=[c for c, _ in console()])
def test_a_command_prints_what_the_readme_shows(command: str, shown: str) -> None:
    program, *words = shlex.split(command)
    assert program == "iac-dharma"
    done = subprocess.run(
        [sys.executable, "-m", "dharma_cli.main", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert lines(done.stdout) == lines(shown), done.stderr


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def test_the_blueprint_of_the_readme_is_the_example() -> None:
    (shown,) = blocks("yaml")
    example = (ROOT / "examples/web-assets.yaml").read_text(encoding="utf-8")
    assert load_blueprint(shown) == load_blueprint(example)


def test_the_scripts_of_the_readme_exist_and_can_be_run() -> None:
    named = set(re.findall(r"\bscripts/[a-z-]+\b", README))
    assert {"scripts/run", "scripts/test"} <= named
    for script in named:
        assert (ROOT / script).stat().st_mode & 0o111, script


@pytest.mark.parametrize(
    "document",
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_links_lead_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document}: {target}"
