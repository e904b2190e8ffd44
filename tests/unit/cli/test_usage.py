"""The command line itself: help, usage errors, exit codes, completion, streams."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dharma import __version__
from dharma_cli import main
from dharma_cli.output import Format, Output

JSON = ("--format", "json")
COMMANDS = """
run
validate
generate
convert
import
check
cost
plan
schema
start
stop
status
logs
health
info
init
login
deploy
approve
reject
cancel
rollback
destroy
docs
update
audit list
audit verify
projections show
projections rebuild
deployments list
deployments show
deployments watch
blueprint list
blueprint show
blueprint push
blueprint versions
blueprint export
blueprint import
env list
env show
env create
env set
""".strip().split("\n")


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """As a process of its own, where the streams are real."""
    return subprocess.run(
        [sys.executable, "-m", "dharma_cli.main", *words],
        capture_output=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(dharma: Any, command: str) -> None:
    said = dharma(*command.split(), "--help")
    assert said.code == 0
    assert "Usage:" in said.out
    assert len(said.out.splitlines()) > 4


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_answers_in_json_even_what_it_does_not_understand(
    dharma: Any, command: str
) -> None:
    said = dharma(*command.split(), "--no-such-option", *JSON)
    assert (said.json["schemaVersion"], said.json["command"]) == ("1", command)
    assert said.error["code"] == "InvalidInput"
    assert said.err == ""
    assert "--format" in dharma(*command.split(), "--help").out


def test_the_list_above_is_all_there_is(dharma: Any) -> None:
    def named(text: str) -> list[str]:
        return re.findall(r"^  (\w+)  ", text.partition("Commands:")[2], re.MULTILINE)

    found = [
        f"{name} {inner}" if name in main.GROUPS else inner
        for name in named(dharma("--help").out)
        for inner in (named(dharma(name, "--help").out) if name in main.GROUPS else [name])
    ]
    assert sorted(found) == sorted(COMMANDS)


def test_the_overview_says_of_each_command_a_whole_sentence(dharma: Any) -> None:
    for words in ((), *((group,) for group in main.GROUPS)):
        listed = dharma(*words, "--help").out.partition("Commands:")[2]
        assert listed
        assert "..." not in listed


def test_the_version_is_printed(dharma: Any) -> None:
    said = dharma("--version")
    assert (said.code, said.out) == (0, f"iac-dharma {__version__}\n")


@pytest.mark.parametrize("words", [(), ("blueprint",), ("env",), ("deployments",)])
def test_without_a_command_there_is_help(dharma: Any, words: tuple[str, ...]) -> None:
    said = dharma(*words)
    assert "Usage:" in said.out + said.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("chekc", "x.yaml"), "check"),
        (("deployments", "shwo"), "show"),
        (("env", "lits"), "list"),
    ],
)
def test_an_unknown_command_is_answered_with_the_nearest(
    dharma: Any, words: tuple[str, ...], meant: str
) -> None:
    said = dharma(*words)
    assert (said.code, said.out) == (1, "")
    assert f"Did you mean '{meant}'?" in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check",), "Missing argument"),
        (("check", "a.yaml", "--polices", "x"), "--policies"),
        (("check", "a.yaml", "--mode", "loud"), "blocking"),
        (("generate", "a.yaml"), "--target"),
        (("generate", "a.yaml", "-f", "cobol"), "terraform"),
        (("deploy", "a.yaml"), "--environment"),
        (("deployments", "list", "--limit", "0"), "--limit"),
        (("login", "--hours", "x"), "--hours"),
        (("check", "a.yaml", "b.yaml"), "unexpected extra argument"),
    ],
    ids=" ".join,
)
def test_usage_errors_say_what_is_wrong_in_either_format(
    dharma: Any, words: tuple[str, ...], said: str
) -> None:
    text = dharma(*words)
    assert (text.code, text.out) == (1, "")
    assert text.err.startswith("InvalidInput: ")
    assert said in text.err
    for form in (JSON, ("--format=json",)):
        error = dharma(*words, *form).error
        assert error["code"] == "InvalidInput"
        assert said in error["message"]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("check", "x.yaml", *JSON), "check"),
        (("deployments", "shwo", *JSON), "deployments shwo"),
        (("blueprint", "push", "x.yaml", *JSON), "blueprint push"),
        ((*JSON, "check"), "iac-dharma"),
    ],
)
def test_a_failure_in_json_names_its_command(
    dharma: Any, words: tuple[str, ...], command: str
) -> None:
    said = dharma(*words)
    assert said.code == 1
    assert said.json["command"] == command


def test_stopping_with_control_c_gives_130_and_no_traceback(
    dharma: Any, monkeypatch: pytest.MonkeyPatch, blueprint: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dharma_cli.source.open_source", interrupted)
    for form in ((), JSON):
        said = dharma("cost", blueprint, *form)
        assert (said.code, said.out, said.err) == (130, "", "")


def test_a_reader_that_goes_away_is_no_failure() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "dharma_cli.main", "schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(30) == 0


def test_names_and_texts_survive_a_narrow_encoding(tmp_path: Path) -> None:
    name = tmp_path / "größe.yaml"
    for words in (("check", str(name)), ("check", str(name), *JSON)):
        done = run(*words, PYTHONIOENCODING="ascii")
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr
        assert b"\\" in (done.stdout or done.stderr)
    done = run("check", os.fsdecode(b"\xff.yaml"))
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_shown_for_the_shells(shell: str) -> None:
    # Told, not guessed from the parent process: that is another one under every test runner.
    done = run("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert done.returncode == 0, done.stderr
    assert b"complete" in done.stdout.lower()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("iac-dharma che", "check"), ("iac-dharma deployments sh", "show")],
)
def test_the_shell_completes_commands(typed: str, offered: str) -> None:
    words = typed.split()
    script = Path(sys.executable).with_name("iac-dharma")
    done = subprocess.run(
        [str(script)],
        env={
            **os.environ,
            "_IAC_DHARMA_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == [offered]


class Terminal:
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("no_color", [None, "", "1"])
def test_colour_is_for_terminals_unless_no_color_is_set(
    monkeypatch: pytest.MonkeyPatch, no_color: str | None
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    Output("x", Format.TEXT).say("words", style="red")
    coloured = "\x1b[31m" in terminal.text
    # https://no-color.org: an empty value counts as not set.
    assert coloured == (not no_color)
    assert "words" in terminal.text


def test_a_fault_that_is_the_whole_failure_is_said_once(dharma: Any, api: Any) -> None:
    said = dharma("env", "create", "dev", "--provider", "oracle")
    assert (said.code, said.err) == (1, "InvalidInput: provider: one of aws, azure, gcp\n")
