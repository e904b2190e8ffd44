"""SQLite between processes and under `kill -9`. Starts Python processes; a few seconds in all."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from dharma.adapters.local.sqlite_store import SqliteStore
from dharma.core.clock import FixedClock
from dharma.core.errors import Misconfigured, Unavailable
from dharma.core.events import happened
from dharma.core.store import Emit, Item, all_items

KEY = b"0123456789abcdef"

WRITER = """
import sys
from pathlib import Path
from dharma.adapters.local.sqlite_store import SqliteStore
from dharma.core.clock import SystemClock
from dharma.core.errors import VersionConflict
from dharma.core.events import happened
from dharma.core.store import Emit, Item, Put

path, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = SqliteStore(path, b"0123456789abcdef")
for n in range(rounds):
    while True:
        counter = store.get("p", "counter")
        known = (counter.data["n"], counter.version) if counter else (0, 0)
        subject = f"{name}#{n:06}"
        event = happened(SystemClock(), "Written", source="dharma.test", subject=subject)
        try:
            store.transact([
                Put(Item("p", "counter", {"n": known[0] + 1}), known[1]),
                Put(Item("left", subject, {"text": "x" * 3000}), 0),
                Put(Item("right", subject, {"text": "x" * 3000}), 0),
                Emit(event),
            ])
            break
        except VersionConflict:
            pass
    sys.stdout.write(subject + "\\n")
    sys.stdout.flush()
"""


def start(path: Path, name: str, rounds: int) -> subprocess.Popen[bytes]:
    with acknowledgements(path, name).open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name, str(rounds)], stdout=out
        )


def acknowledgements(path: Path, name: str) -> Path:
    return path.with_name(f"{name}.acknowledged")


def acknowledged(path: Path) -> set[str]:
    """Every whole line; the last one of a killed writer may be cut."""
    texts = [file.read_text() for file in path.parent.glob("*.acknowledged")]
    return {line for text in texts for line in text.split("\n")[:-1]}


def assert_whole(path: Path) -> None:
    store = SqliteStore(path, KEY)
    left = {i.sk for i in all_items(store, "left")}
    right = {i.sk for i in all_items(store, "right")}
    events = {e.subject for e in store.pending(1_000_000)}
    counter = store.get("p", "counter")
    assert acknowledged(path) <= left, "something acknowledged was lost"
    assert left == right == events, "a transaction was torn"
    assert (counter.data["n"] if counter else 0) == len(left)
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_two_processes_write_one_store(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    writers = [start(path, name, 40) for name in ("one", "two")]
    assert [w.wait(timeout=60) for w in writers] == [0, 0]
    assert len(acknowledged(path)) == 80
    assert_whole(path)


def test_kill_9_loses_nothing_acknowledged_and_tears_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    for attempt in range(4):
        names = [f"one{attempt}", f"two{attempt}"]
        writers = [start(path, name, 1_000_000) for name in names]
        while any(acknowledgements(path, name).stat().st_size < 100 for name in names):
            assert [w.poll() for w in writers] == [None, None]
            time.sleep(0.01)
        time.sleep(0.05 + 0.11 * attempt)
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        assert [w.wait(timeout=30) for w in writers] == [-signal.SIGKILL] * 2
        assert_whole(path)
    assert len(acknowledged(path)) > 100


def test_a_forked_child_has_its_own_connection(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite3", KEY)
    store.put(Item("p", "parent", {}))
    child = os.fork()
    if child == 0:
        store.put(Item("p", "child", {}))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    store.put(Item("p", "parent", {}), expect_version=1)
    assert [i.sk for i in store.query("p").items] == ["child", "parent"]


def test_the_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state" / "store.sqlite3", KEY)
    store.put(Item("p", "a", {}))
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "state").iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(Misconfigured, match="DHARMA_STATE_DIR"):
        SqliteStore(path, KEY)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_bytes(b"not a database at all, but long enough to have a header" * 4)
    with pytest.raises(Unavailable, match=r"store\.sqlite3"):
        SqliteStore(path, KEY)


def test_purging_removes_the_expired_and_old_delivered_events(tmp_path: Path) -> None:
    clock = FixedClock()
    store = SqliteStore(tmp_path / "store.sqlite3", KEY, clock)
    now = int(clock.now().timestamp())
    store.put(Item("p", "soon", {}, expires_at=now + 10))
    store.put(Item("p", "at that moment", {}, expires_at=now + 24 * 3600))
    store.put(Item("p", "kept", {}))
    event = happened(clock, "Tried", source="dharma.test", subject="s")
    store.transact([Emit(event)])
    store.mark_delivered([event.id])
    assert store.purge() == 0
    clock.advance(timedelta(days=1))
    store.mark_delivered([event.id])  # a second delivery does not make it younger
    assert store.purge() == 3
    assert [i.sk for i in store.query("p").items] == ["kept"]
