"""The client's side of the journal, with no engine running."""

from __future__ import annotations

from pathlib import Path

import pytest

from dharma.adapters.local.workflows import LocalWorkflows, open_journal
from dharma.core.errors import Conflict, InvalidInput, LimitExceeded, NotFound, Unavailable


@pytest.fixture
def workflows(tmp_path: Path) -> LocalWorkflows:
    return LocalWorkflows(tmp_path / "deep" / "engine.sqlite3")


def test_starting_is_idempotent_by_name(workflows: LocalWorkflows) -> None:
    first = workflows.start("deploy", "d-1", {"id": 1})
    assert workflows.start("deploy", "d-1", {"id": 1}) == first
    told = workflows.describe(first)
    assert (told.machine, told.name, told.status, told.input) == (
        "deploy",
        "d-1",
        "RUNNING",
        {"id": 1},
    )
    assert first.endswith(":execution:deploy:d-1")
    with pytest.raises(Conflict):
        workflows.start("deploy", "d-1", {"id": 2})
    assert workflows.start("other", "d-1", {"id": 2}) != first


def test_another_process_sees_what_was_started(workflows: LocalWorkflows, tmp_path: Path) -> None:
    started = workflows.start("deploy", "d-1", {})
    other = LocalWorkflows(tmp_path / "deep" / "engine.sqlite3")
    assert other.describe(started).status == "RUNNING"


@pytest.mark.parametrize("name", ["", "a b", "a:b", "x" * 81, "ä"])
def test_a_bad_name_is_refused(workflows: LocalWorkflows, name: str) -> None:
    with pytest.raises(InvalidInput):
        workflows.start("deploy", name, {})


def test_a_large_input_is_refused(workflows: LocalWorkflows) -> None:
    with pytest.raises(LimitExceeded):
        workflows.start("deploy", "d", {"x": "ä" * 131_072})


def test_what_is_not_there_is_not_found(workflows: LocalWorkflows) -> None:
    for call in (
        lambda: workflows.describe("deploy:none"),
        lambda: workflows.describe("none"),
        lambda: workflows.stop("deploy:none"),
        lambda: workflows.succeed("token", {}),
        lambda: workflows.fail("token", "E", "c"),
        lambda: workflows.heartbeat("token"),
    ):
        with pytest.raises(NotFound):
            call()


def test_waiting_ends_when_its_time_is_over(workflows: LocalWorkflows) -> None:
    started = workflows.start("deploy", "d-1", {})
    with pytest.raises(Unavailable):
        workflows.wait(started, 0.05)


def test_a_damaged_journal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "engine.sqlite3"
    path.write_bytes(b"not a database at all, but long enough to have a header" * 100)
    with pytest.raises(
        Unavailable, match=r"engine\.sqlite3 cannot be used: file is not a database"
    ):
        open_journal(path)


def test_a_journal_without_room_is_unavailable_and_works_again_afterwards(
    workflows: LocalWorkflows,
) -> None:
    workflows.start("deploy", "d-1", {})
    connection = workflows._open()
    [(pages,)] = connection.execute("PRAGMA page_count")
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable, match="cannot be written: database or disk is full"):
        workflows.start("deploy", "d-2", {"text": "x" * 100_000})
    connection.execute("PRAGMA max_page_count = 100000")
    workflows.start("deploy", "d-2", {"text": "x" * 100_000})
