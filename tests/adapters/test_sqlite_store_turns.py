"""Who writes when: our writers in turn, and whoever takes no turn kept out by SQLite itself.

Each protection is looked at alone: together one hides that the other is missing. Milliseconds.
"""

from __future__ import annotations

import fcntl
import os
import select
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dharma.adapters.local.sqlite_store import SqliteStore
from dharma.core.errors import VersionConflict
from dharma.core.store import Item

KEY = b"0123456789abcdef"
# Long enough for a writer that should wait to be seen writing; a slower machine only sees less.
A_WHILE = 0.3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite3"


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[str], object]]:
    """What is put in here is told every SQL statement of the store before it runs."""
    listeners: list[Callable[[str], object]] = []
    connect = sqlite3.connect

    def traced(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        db = connect(*args, **kwargs)
        for listener in listeners:
            listener("connect")
        db.set_trace_callback(lambda sql: [listener(sql) for listener in listeners] and None)
        return db

    monkeypatch.setattr("dharma.adapters.local.sqlite_store.sqlite3.connect", traced)
    return listeners


def stranger(path: Path) -> sqlite3.Connection:
    """Another program on the same file, sqlite3's shell say: it knows nothing of our turns."""
    return sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=0, isolation_level=None)


def test_nobody_writes_between_what_we_read_and_what_we_write(
    path: Path, statements: list[Callable[[str], object]]
) -> None:
    store = SqliteStore(path, KEY)
    store.put(Item("p", "a", {"n": 1}))
    other, answers = stranger(path), []

    def intrude(sql: str) -> None:
        if "INSERT INTO items" in sql:  # the version was compared, nothing is written yet
            try:
                other.execute("UPDATE items SET version = version + 1")
                answers.append("written")
            except sqlite3.OperationalError as error:
                answers.append(str(error))

    statements.append(intrude)
    assert store.put(Item("p", "a", {"n": 2}), expect_version=1).version == 2
    assert answers == ["database is locked"]


def test_what_another_program_is_writing_is_waited_for_and_then_seen(path: Path) -> None:
    store = SqliteStore(path, KEY)
    store.put(Item("p", "a", {"n": 1}))
    other = stranger(path)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE items SET version = 2")
    refusals: list[str] = []

    def write() -> None:
        try:
            store.put(Item("p", "a", {"n": 2}), expect_version=1)
        except VersionConflict as error:
            refusals.append(str(error))

    writer = threading.Thread(target=write)
    writer.start()
    writer.join(A_WHILE)
    other.execute("COMMIT")
    writer.join()
    assert refusals == ["p a was expected at version 1 but is at version 2"]


def test_a_process_waits_for_its_turn(path: Path) -> None:
    store = SqliteStore(path, KEY)
    store.put(Item("p", "a", {}))
    with path.with_name(f"{path.name}.lock").open() as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        writer = threading.Thread(target=store.put, args=(Item("p", "a", {}),))
        writer.start()
        writer.join(A_WHILE)
        assert writer.is_alive(), "it wrote while it was another process's turn"
    writer.join()
    assert store.put(Item("p", "a", {})).version == 3


def test_a_thread_waits_for_its_turn(path: Path, statements: list[Callable[[str], object]]) -> None:
    store = SqliteStore(path, KEY)
    started: list[str] = []
    first_is_writing, go_on = threading.Event(), threading.Event()

    def hold_the_first(sql: str) -> None:
        name = threading.current_thread().name
        if sql.startswith("BEGIN"):
            started.append(name)
        if "INSERT INTO items" in sql and name == "first":
            first_is_writing.set()
            go_on.wait(60)

    statements.append(hold_the_first)
    first = threading.Thread(target=store.put, args=(Item("p", "a", {}),), name="first")
    second = threading.Thread(target=store.put, args=(Item("p", "b", {}),), name="second")
    first.start()
    assert first_is_writing.wait(60)
    second.start()
    second.join(A_WHILE)
    begun = list(started)
    go_on.set()
    first.join()
    second.join()
    assert begun == ["first"], "SQLite was asked before it was the thread's turn"
    assert started == ["first", "second"]


def test_a_forked_child_waits_for_its_parents_turn_on_a_connection_of_its_own(
    path: Path, statements: list[Callable[[str], object]]
) -> None:
    store = SqliteStore(path, KEY)
    store.put(Item("p", "a", {}))
    its_turn, call = os.pipe()
    heard, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.read(its_turn, 1)
            statements[:] = [lambda sql: os.write(tell, f"{sql.split()[0]} ".encode())]
            store.put(Item("p", "b", {}))
        finally:
            os._exit(0)
    too_early: list[bool] = []

    def let_the_child_try(sql: str) -> None:
        if "INSERT INTO items" in sql:
            os.write(call, b"!")
            readable, _, _ = select.select([heard], [], [], A_WHILE)
            too_early.append(bool(readable))

    statements.append(let_the_child_try)
    store.put(Item("p", "a", {}))
    os.waitpid(child, 0)
    said = os.read(heard, 4096).decode().split()
    assert too_early == [False], "the child wrote in its parent's turn"
    assert said[0] == "connect", "the child used a connection that it had inherited"
    assert [i.sk for i in store.query("p").items] == ["a", "b"]
    for descriptor in (its_turn, call, heard, tell):
        os.close(descriptor)


def test_a_commit_waits_for_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process cannot show it, only a power cut: so the setting itself is looked at."""
    connections: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def kept(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connections.append(connect(*args, **kwargs))
        return connections[-1]

    monkeypatch.setattr("dharma.adapters.local.sqlite_store.sqlite3.connect", kept)
    SqliteStore(path, KEY).put(Item("p", "a", {}))
    full = (2,)
    assert [db.execute("PRAGMA synchronous").fetchone() for db in connections] == [full]
