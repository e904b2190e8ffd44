"""`Workflows` on one machine: requests are written into the engine's journal.

The journal is one SQLite file that the engine and its callers share. What is written here is
durable before the call returns, whether the engine runs or not; the engine sees it within
milliseconds, or when it starts. It alone changes an execution after that.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dharma.adapters.local.files import private_folder
from dharma.core.clock import Clock, SystemClock
from dharma.core.errors import Conflict, InvalidInput, LimitExceeded, NotFound, Unavailable
from dharma.core.workflows import Execution

FILE_NAME = "engine.sqlite3"
PAYLOAD_LIMIT = 262_144
_ARN = "arn:aws:states:us-east-1:000000000000:execution:"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_BUSY_SECONDS = 10.0

# Times are seconds since 1970; `definition` is None until the engine has taken the execution up.
# `frames`: one row per running sequence of states (the machine itself, branches, iterations).
SCHEMA = """
CREATE TABLE IF NOT EXISTS executions (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL, name TEXT NOT NULL, input TEXT NOT NULL,
    status TEXT NOT NULL, definition TEXT,
    started_at REAL NOT NULL, stopped_at REAL,
    output TEXT, error TEXT, cause TEXT, stop_request TEXT,
    UNIQUE (machine, name)
) STRICT;
CREATE INDEX IF NOT EXISTS executions_running ON executions (id) WHERE status = 'RUNNING';
CREATE TABLE IF NOT EXISTS frames (
    execution INTEGER NOT NULL, frame TEXT NOT NULL,
    state TEXT NOT NULL, input TEXT NOT NULL, progress TEXT NOT NULL, outcome TEXT,
    PRIMARY KEY (execution, frame)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
    execution INTEGER NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL,
    type TEXT NOT NULL, details TEXT NOT NULL,
    PRIMARY KEY (execution, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, execution INTEGER NOT NULL, status TEXT NOT NULL,
    answer TEXT, heartbeat_at REAL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_answered ON tokens (status) WHERE status = 'answered';
CREATE TABLE IF NOT EXISTS definitions (hash TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS deliveries (
    event TEXT NOT NULL, rule TEXT NOT NULL, target TEXT NOT NULL,
    kind TEXT NOT NULL, name TEXT NOT NULL, input TEXT NOT NULL,
    status TEXT NOT NULL, attempts INTEGER NOT NULL,
    first_at REAL NOT NULL, next_at REAL NOT NULL, error TEXT,
    PRIMARY KEY (event, rule, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_pending ON deliveries (next_at) WHERE status = 'pending';
CREATE TABLE IF NOT EXISTS schedules (name TEXT PRIMARY KEY, last REAL NOT NULL) STRICT;
"""


def execution_id(machine: str, name: str) -> str:
    """The execution's ARN, as Step Functions spells it."""
    return f"{_ARN}{machine}:{name}"


def open_journal(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode, the tables made when they are missing.

    Every commit is synced to the disk. `Unavailable` names the file when it cannot be used.
    """
    private_folder(path.parent)
    # SQLite gives its side files the mode of this one.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        present = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE name = 'schedules'"
        ).fetchone()
        if not present[0]:
            connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise Unavailable(f"the journal {path} cannot be used: {error}") from error
    return connection


class LocalWorkflows:
    """The `Workflows` port; `path` is the journal's file, made when it is missing.

    Safe between threads and processes. A busy journal raises `Unavailable`.
    """

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._owner = 0

    def start(self, machine: str, name: str, input: dict[str, Any]) -> str:
        machine = machine.rsplit(":", 1)[-1]
        if not _NAME.fullmatch(name):
            raise InvalidInput(f"{name!r} is no name of an execution")
        text = _payload(input)
        with self._transaction() as journal:
            known = journal.execute(
                "SELECT input FROM executions WHERE machine = ? AND name = ?", (machine, name)
            ).fetchone()
            if known is None:
                journal.execute(
                    "INSERT INTO executions (machine, name, input, status, started_at)"
                    " VALUES (?, ?, ?, 'RUNNING', ?)",
                    (machine, name, text, self._clock.now().timestamp()),
                )
            elif known[0] != text:
                raise Conflict(f"the execution {machine}:{name} exists with another input")
        return execution_id(machine, name)

    def succeed(self, token: str, output: Any) -> None:
        self._answer(token, {"output": json.loads(_payload(output))})

    def fail(self, token: str, error: str, cause: str) -> None:
        self._answer(token, {"error": error[:256], "cause": cause[:32_768]})

    def heartbeat(self, token: str) -> None:
        """Tell that the work behind the token goes on. `NotFound` when nothing waits."""
        with self._transaction() as journal:
            told = journal.execute(
                "UPDATE tokens SET heartbeat_at = ? WHERE token = ? AND status = 'open'",
                (self._clock.now().timestamp(), token),
            )
            if told.rowcount == 0:
                raise NotFound("nothing waits for this task token")

    def stop(self, execution: str, error: str = "Stopped", cause: str = "") -> None:
        machine, name = _parts(execution)
        with self._transaction() as journal:
            known = journal.execute(
                "SELECT id FROM executions WHERE machine = ? AND name = ?", (machine, name)
            ).fetchone()
            if known is None:
                raise NotFound(f"there is no execution {execution}")
            journal.execute(
                "UPDATE executions SET stop_request = ?"
                " WHERE id = ? AND status = 'RUNNING' AND stop_request IS NULL",
                (json.dumps({"error": error, "cause": cause}), known[0]),
            )

    def describe(self, execution: str) -> Execution:
        machine, name = _parts(execution)
        with self._lock:
            row = (
                self._open()
                .execute(
                    "SELECT status, input, output, error, cause FROM executions"
                    " WHERE machine = ? AND name = ?",
                    (machine, name),
                )
                .fetchone()
            )
        if row is None:
            raise NotFound(f"there is no execution {execution}")
        status, given, output, error, cause = row
        return Execution(
            id=execution_id(machine, name),
            machine=machine,
            name=name,
            status=status,
            input=json.loads(given),
            output=None if output is None else json.loads(output),
            error=error,
            cause=cause,
        )

    def history(self, execution: str) -> list[dict[str, Any]]:
        """What happened, in order: `id`, `timestamp` (seconds since 1970), `type`, `details`."""
        machine, name = _parts(execution)
        with self._lock:
            rows = (
                self._open()
                .execute(
                    "SELECT seq, at, type, details FROM history WHERE execution ="
                    " (SELECT id FROM executions WHERE machine = ? AND name = ?) ORDER BY seq",
                    (machine, name),
                )
                .fetchall()
            )
        return [
            {"id": seq, "timestamp": at, "type": kind, "details": json.loads(details)}
            for seq, at, kind, details in rows
        ]

    def dead_letters(self) -> list[dict[str, Any]]:
        """Deliveries of events and schedules that were given up, the oldest first."""
        names = ("event", "rule", "target", "kind", "name", "input", "attempts", "error")
        with self._lock:
            rows = (
                self._open()
                .execute(
                    f"SELECT {', '.join(names)} FROM deliveries"
                    " WHERE status = 'dead' ORDER BY next_at"
                )
                .fetchall()
            )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def wait(self, execution: str, seconds: float) -> Execution:
        """The execution once it has ended; `Unavailable` when it has not by then."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.describe(execution)
            if found.status != "RUNNING":
                return found
            if time.monotonic() > deadline:
                raise Unavailable(f"{execution} still runs after {seconds} s")
            time.sleep(0.02)

    def _answer(self, token: str, answer: dict[str, Any]) -> None:
        with self._transaction() as journal:
            told = journal.execute(
                "UPDATE tokens SET status = 'answered', answer = ?"
                " WHERE token = ? AND status = 'open'",
                (json.dumps(answer), token),
            )
            if told.rowcount == 0:
                raise NotFound("nothing waits for this task token")

    def _open(self) -> sqlite3.Connection:
        if self._connection is None or self._owner != os.getpid():
            self._connection = open_journal(self._path)
            self._owner = os.getpid()
        return self._connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._open()
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise Unavailable(f"the engine's journal is busy: {error}") from error
            try:
                yield connection
                connection.execute("COMMIT")
            except sqlite3.OperationalError as error:
                raise Unavailable(f"the engine's journal cannot be written: {error}") from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")


def _payload(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode("utf-8", "surrogatepass")) > PAYLOAD_LIMIT:
        raise LimitExceeded(f"a state machine's payload has at most {PAYLOAD_LIMIT} bytes")
    return text


def _parts(execution: str) -> tuple[str, str]:
    parts = execution.rsplit(":", 2)
    if len(parts) < 2:
        raise NotFound(f"there is no execution {execution}")
    return parts[-2], parts[-1]
