"""A full disk, closed streams, folders that may not be written, text that plays with terminals."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dharma_cli.output import Output
from dharma_cli.screen import Screen, harmless

BLUEPRINT = """\
apiVersion: dharma/v1
kind: Blueprint
name: web
version: 1.0.0
provider: aws
resources:
  - {name: jobs, type: aws_sqs_queue, properties: {name: jobs}}
"""


@pytest.fixture
def blueprint(dharma: Any) -> Path:
    file = Path.cwd() / "web.yaml"
    file.write_text(BLUEPRINT)
    return file


def process(command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Through a shell, which closes and redirects what the command line names."""
    program = f'"{sys.executable}" -m dharma_cli.main'
    return subprocess.run(
        ["sh", "-c", command.replace("dharma", program, 1)],
        env={**os.environ, **more, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_full_disk_is_said_in_one_sentence(blueprint: Path, format: str) -> None:
    done = process(f"dharma validate {blueprint} --format {format} > /dev/full")
    assert done.returncode == 1
    assert done.stderr == "Unavailable: No space left on device\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_is_no_reason_to_fail(blueprint: Path, closed: str) -> None:
    done = process(f"dharma validate {blueprint} {closed}")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["start", "login"])
def test_a_state_folder_that_cannot_be_made_is_named(
    dharma: Any, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("DHARMA_STATE_DIR", "/dev/null/state")
    said = dharma(command, "--format", "json")
    assert said.error["code"] in ("Misconfigured", "Unavailable")
    assert "/dev/null" in said.error["message"]


@pytest.mark.parametrize("words", [(), ("env",), ("blueprint",), ("deployments",)])
def test_a_group_without_a_command_shows_its_help(dharma: Any, words: tuple[str, ...]) -> None:
    said = dharma(*words)
    assert said.code == 0
    assert said.out.startswith("Usage: ")
    assert said.err == ""


def test_a_folder_in_the_place_of_a_file_leaves_the_others_alone(
    dharma: Any, blueprint: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / "main.tf").mkdir(parents=True)
    said = dharma("generate", blueprint, "-f", "terraform", "-o", out)
    assert said.code == 1
    assert "main.tf is a folder" in said.err
    assert [path.name for path in out.iterdir()] == ["main.tf"]


def test_a_project_file_nested_without_end_is_refused(dharma: Any) -> None:
    Path(".iac-dharma.json").write_text("[" * 100_000)
    assert "nested too deeply" in dharma("env", "list", "--format", "json").error["message"]


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x1b]0;title\x07", "\r", "\x9b31m", "\u202e", "\x7f"])
def test_the_text_of_others_cannot_play_with_the_terminal(evil: str) -> None:
    stream = io.StringIO()
    screen = Screen(file=stream, force_terminal=True, width=80)
    screen.print(f"before {evil} after\n\ttab", markup=False, style="bold", soft_wrap=True)
    written = stream.getvalue()
    assert evil not in written
    assert "before" in written
    assert "\x1b[1m" in written, "the console's own styles stay"
    assert harmless("before\n\tafter") == "before\n\tafter"


def test_a_policy_that_writes_escapes_is_shown_without(dharma: Any, blueprint: Path) -> None:
    policy = Path("evil.rego")
    policy.write_text('package evil\ndeny[msg] { msg := "\\u001b[31mred\\u202e" }\n')
    said = dharma("check", blueprint, "--policies", policy)
    assert said.code == 2
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out
    assert "red" in said.out


def test_a_failure_is_harmless_too(capsys: pytest.CaptureFixture[str]) -> None:
    from dharma.core.errors import InvalidInput

    Output("check").failed(InvalidInput("a \x1b[31m name"))
    assert "\x1b" not in capsys.readouterr().err


def test_json_stays_json_whatever_is_in_it(dharma: Any, blueprint: Path) -> None:
    policy = Path("evil.rego")
    policy.write_text('package evil\ndeny[msg] { msg := "\\u001b[31mred" }\n')
    said = dharma("check", blueprint, "--policies", policy, "--format", "json")
    assert "\x1b" not in said.out
    assert any("\x1b[31mred" in finding["message"] for finding in json.loads(said.out)["findings"])
