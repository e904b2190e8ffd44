"""Every command that reads a file, with everything of the table of bad input: exit 1, a message
with the file and its line, no traceback, nothing stored, nothing written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dharma.core import reading
from tests.bad_input import GOOD, PATHS, TEXTS, Bad, place

# FILE stands for the bad one, GOOD for a good one.
COMMANDS = {
    "validate": ("validate", "FILE"),
    "check": ("check", "FILE"),
    "cost": ("cost", "FILE"),
    "generate terraform": ("generate", "FILE", "-f", "terraform", "-o", "out"),
    "generate cloudformation": ("generate", "FILE", "-f", "cloudformation", "-o", "out"),
    "generate an archive": (
        "generate", "FILE", "-f", "terraform", "--archive", "zip", "-o", "out.zip",
    ),
    "plan": ("plan", "FILE"),
    "plan against": ("plan", "GOOD", "--against", "FILE"),
    "plan there": ("plan", "FILE", "-e", "dev"),
    "check there": ("check", "FILE", "-e", "dev"),
    "deploy": ("deploy", "FILE", "-e", "dev", "--detach"),
    "push": ("blueprint", "push", "FILE"),
    "push and publish": ("blueprint", "push", "FILE", "--bump", "--publish"),
    "convert": ("convert", "FILE", "-f", "blueprint", "-o", "out"),
    "import": ("import", "FILE", "-o", "out.yaml"),
    "import into the library": ("blueprint", "import", "FILE"),
    "run": ("run", "FILE", "--once"),
}  # fmt: skip
SIDE_FILES = {
    "variables": ("validate", "GOOD", "--var-file", "FILE"),
    "usage": ("cost", "GOOD", "--usage-file", "FILE"),
    "parameters": ("check", "GOOD", "--parameters", "FILE"),
    "exceptions": ("check", "GOOD", "--exceptions", "FILE"),
    "policies": ("check", "GOOD", "--policies", "FILE"),
}


class NoStack:
    """`run` must not get as far as to start one."""

    def __init__(self, *_: Any) -> None:
        raise AssertionError("the stack would have been started")


@pytest.fixture
def line(dharma: Any, api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command line with the words FILE and GOOD filled in, beside an environment `dev`."""
    monkeypatch.setattr("dharma_local.supervisor.Stack", NoStack)
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.0)
    assert dharma("env", "create", "dev").code == 0
    good = tmp_path / "good.yaml"
    good.write_text(GOOD)

    def call(command: tuple[str, ...], bad: Path) -> Any:
        places = {"FILE": bad, "GOOD": good}
        return dharma(*(places.get(word, word) for word in command))

    return call


def stored(api: Any) -> list[tuple[str, str, int]]:
    """Everything that the stack keeps, the audit trail left out: refusals go on record."""
    rows = api.application.store._rows.items()
    return [(pk, sk, item.version) for (pk, sk), (item, _) in rows if "#AUDIT" not in pk]


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def faults_of(said: Any, file: Path, bad: Bad | None, code: int) -> Iterator[str]:
    text = said.out + said.err
    if said.code != code:
        yield f"exit code {said.code} and not {code}: {text[:300]}"
    if "Traceback" in text:
        yield f"a traceback: {text[:2000]}"
    if file.name not in text:
        yield f"the file is not named: {text[:300]}"
    if bad is not None and bad.says not in text:
        yield f"{bad.says!r} is not said: {text[:300]}"
    if bad is not None and bad.line is not None and f"{file.name}:{bad.line}:" not in text:
        yield f"line {bad.line} is not said: {text[:300]}"


@pytest.mark.parametrize("name", [*TEXTS, *PATHS])
def test_a_bad_file_is_refused_by_every_command(
    line: Any, api: Any, tmp_path: Path, name: str
) -> None:
    (folder := tmp_path / "bad").mkdir()
    file, bad = place(folder, name), TEXTS.get(name)
    before = (stored(api), written(Path.cwd()))
    wrong = []
    for command, words in COMMANDS.items():
        said = line(words, file)
        wrong += [f"{command}: {w}" for w in faults_of(said, file, bad, 1)]
        if (stored(api), written(Path.cwd())) != before:
            wrong.append(f"{command}: something was stored or written")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", [*TEXTS, *PATHS])
def test_a_bad_file_beside_a_good_one_is_refused_too(line: Any, tmp_path: Path, name: str) -> None:
    (folder := tmp_path / "bad").mkdir()
    file = place(folder, name)
    wrong = []
    for command, words in SIDE_FILES.items():
        said = line(words, file)
        # A policy that cannot be evaluated is a finding of its own, and it blocks.
        judged = command == "policies" and said.code == 2
        wrong += [f"{command}: {w}" for w in faults_of(said, file, None, 2 if judged else 1)]
    assert not wrong, "\n".join(wrong)
    assert not written(Path.cwd())
