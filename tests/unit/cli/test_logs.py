"""`logs`: the last lines, more as they come, over a rotation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dharma_cli import log_files


@pytest.fixture
def folder(dharma: Any, tmp_path: Path) -> Path:
    made = tmp_path / "state" / "logs"
    made.mkdir(parents=True)
    return made


def test_the_last_lines_of_one_process(dharma: Any, folder: Path) -> None:
    (folder / "engine.log").write_text("".join(f"line {n}\n" for n in range(10)))
    (folder / "engine.log.1").write_text("older\n")
    assert dharma("logs", "engine", "-n", "2").out == "line 8\nline 9\n"
    assert dharma("logs", "engine", "-n", "0").out == ""


def test_lines_of_several_processes_say_whose_they_are(dharma: Any, folder: Path) -> None:
    (folder / "engine.log").write_text("a\n")
    (folder / "gateway.log").write_bytes(b"b \xff")
    assert dharma("logs").out == "  engine | a\n gateway | b \ufffd\n"


def test_a_name_that_several_processes_have_shows_all_of_them(dharma: Any, folder: Path) -> None:
    for name in ("gateway-1", "gateway-2", "engine"):
        (folder / f"{name}.log").write_text(f"of {name}\n")
    assert dharma("logs", "gateway").out == "gateway-1 | of gateway-1\ngateway-2 | of gateway-2\n"
    assert dharma("logs", "gateway-2").out == "of gateway-2\n"


def test_lines_of_several_processes_come_in_the_order_of_their_times(
    dharma: Any, folder: Path
) -> None:
    step = '{"time": "2026-01-01T00:00:02.500Z", "message": "step"}\n'
    asked = '{"time": "2026-01-01T00:00:02.400+00:00", "path": "/health"}\n'
    (folder / "engine.log").write_text(f"{step}more of it\n")
    (folder / "gateway-1.log").write_text(asked)
    (folder / "supervisor.log").write_text("2026-01-01T00:00:03.000Z engine ready\n")
    assert [line.split("|")[1].strip() for line in dharma("logs").out.splitlines()] == [
        asked.strip(),
        step.strip(),
        "more of it",
        "2026-01-01T00:00:03.000Z engine ready",
    ]


def test_in_json_every_line_is_a_document(dharma: Any, folder: Path) -> None:
    (folder / "engine.log").write_text('{"time": "2026-01-01T00:00:02.500Z", "n": 1}\nplain \x1b\n')
    (folder / "supervisor.log").write_text("2026-01-01T00:00:03.000Z engine ready\n")
    said = dharma("logs", "--format", "json")
    assert [json.loads(line) for line in said.out.splitlines()] == [
        {"schemaVersion": "1", "command": "logs", **line}
        for line in (
            {
                "process": "engine",
                "time": "2026-01-01T00:00:02.500Z",
                "entry": {"time": "2026-01-01T00:00:02.500Z", "n": 1},
            },
            {"process": "engine", "time": None, "text": "plain \x1b"},
            {
                "process": "supervisor",
                "time": "2026-01-01T00:00:03.000Z",
                "text": "2026-01-01T00:00:03.000Z engine ready",
            },
        )
    ]
    assert dharma("logs", "nobody", "--format", "json").out.count("\n") == 1


def test_a_log_that_is_not_there_is_an_error_that_names_those_that_are(
    dharma: Any, folder: Path
) -> None:
    assert dharma("logs").code == 1
    (folder / "cache.log").write_text("")
    said = dharma("logs", "engin")
    assert said.code == 1
    assert said.err == "NotFound: There is no log of engin; logs: cache\n"


def test_all_lines_of_one_request_are_found_in_order_wherever_they_were_logged(
    dharma: Any, folder: Path
) -> None:
    gateway = '{"time": "2026-01-01T00:00:01Z", "correlationId": "release-42"}\n'
    first = '{"time": "2026-01-01T00:00:02Z", "correlation_id": "release-42", "step": "plan"}\n'
    second = '{"time": "2026-01-01T00:00:03Z", "deployment_id": "release-42"}\n'
    other = '{"time": "2026-01-01T00:00:04Z", "correlation_id": "x", "said": "release-42"}\n'
    (folder / "engine.log.1").write_text(first)
    (folder / "engine.log").write_text(f"not JSON: release-42\n{other}{second}")
    (folder / "gateway-1.log").write_text(gateway)
    found = dharma("logs", "--about", "release-42")
    assert found.out == f"gateway-1 | {gateway}  engine | {first}  engine | {second}"
    assert dharma("logs", "engine", "--about", "release-42").out == first + second
    assert dharma("logs", "--about", "nothing").code == 1
    assert dharma("logs", "--about", "x", "-f").code == 1


class Happening:
    """Instead of sleeping something is written; when nothing is left, Ctrl-C."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self.steps = list(steps)

    def sleep(self, _seconds: float) -> None:
        if not self.steps:
            raise KeyboardInterrupt
        self.steps.pop(0)()


@pytest.fixture
def happening(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def use(*steps: Callable[[], object]) -> None:
        monkeypatch.setattr(log_files, "time", Happening(*steps))

    return use


def append(file: Path, text: str) -> Callable[[], object]:
    def write() -> None:
        with file.open("a") as stream:
            stream.write(text)

    return write


def test_following_shows_whole_lines_as_they_come(
    dharma: Any, folder: Path, happening: Callable[..., None]
) -> None:
    file = folder / "engine.log"
    file.write_text("before\nhalf")
    happening(append(file, " a line\n"), append(file, "next"), append(file, "\nlast\n"))
    said = dharma("logs", "engine", "-f")
    assert said.code == 130
    assert said.out == "before\nhalf a line\nnext\nlast\n"


def test_following_goes_on_behind_a_rotation(
    dharma: Any, folder: Path, happening: Callable[..., None]
) -> None:
    file = folder / "engine.log"
    file.write_text("one\ntwo\n")

    def rotate(also: str) -> Callable[[], object]:
        def do() -> None:
            with file.open("a") as stream:
                stream.write(also)
            file.with_suffix(".log.1").write_bytes(file.read_bytes())
            file.write_text("new\n")

        return do

    happening(rotate("three\n"), append(file, "newer\n"))
    said = dharma("logs", "engine", "-f")
    assert said.out == "one\ntwo\nthree\nnew\nnewer\n"


def test_following_shows_a_process_that_starts_later(
    dharma: Any, folder: Path, happening: Callable[..., None]
) -> None:
    (folder / "engine.log").write_text("one\n")
    happening(append(folder / "gateway.log", "here\n"))
    assert dharma("logs", "-f").out == "  engine | one\n gateway | here\n"


def test_following_survives_a_log_that_is_removed(
    dharma: Any, folder: Path, happening: Callable[..., None]
) -> None:
    file = folder / "engine.log"
    file.write_text("one\n")
    happening(file.unlink, append(file, "again\n"))
    assert dharma("logs", "engine", "-f").out == "one\nagain\n"


def test_the_tail_of_a_long_log_is_read_from_its_end(dharma: Any, folder: Path) -> None:
    line = "x" * 99 + "\n"
    file = folder / "engine.log"
    with file.open("wb") as log:
        # A hole of 64 GB: it costs no disk, and nobody could read it from its beginning.
        log.truncate(64 * 2**30)
        log.seek(0, 2)
        log.write(f"\n{line * 300}".encode())
    assert dharma("logs", "engine", "-n", "3").out == line * 3
