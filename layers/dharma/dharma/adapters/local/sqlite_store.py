"""`ItemStore` and `Outbox` on SQLite: one file, many processes.

Write-ahead log: readers never wait and never block the writer. One writer at a time, in turn: a
lock within a process, and between processes one on a file beside the store. (SQLite's own waiting
sleeps longer and longer, so that under load who has waited most waits on: with four busy processes
up to 8 s, in turn 0.1 s.) `synchronous=FULL` syncs the log at every commit, so that what was
acknowledged survives a power cut as well as a killed process, at one fdatasync per transaction.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dharma.adapters.local.files import private_folder
from dharma.core.clock import Clock, SystemClock, epoch_seconds
from dharma.core.cursors import Cursors, Position, Query, prefix_end
from dharma.core.errors import Misconfigured, Unavailable, VersionConflict
from dharma.core.events import Event
from dharma.core.store import Check, Delete, Emit, Index, Item, Operation, Page, Put
from dharma.core.store_limits import (
    check_key,
    check_page_limit,
    encode_transaction,
    item_bytes,
    version_conflict,
)

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    pk TEXT NOT NULL, sk TEXT NOT NULL,
    type TEXT NOT NULL, version INTEGER NOT NULL,
    gsi1pk TEXT, gsi1sk TEXT, expires_at INTEGER,
    data TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS items_key ON items (pk, sk);
CREATE INDEX IF NOT EXISTS items_gsi1 ON items (gsi1pk, gsi1sk, pk, sk) WHERE gsi1pk IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, delivered_at INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_pending ON outbox (position) WHERE delivered_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_delivered ON outbox (delivered_at)
    WHERE delivered_at IS NOT NULL;
"""
_COLUMNS = "pk, sk, type, version, gsi1pk, gsi1sk, expires_at, data"
_UPSERT = f"""
INSERT INTO items ({_COLUMNS}) VALUES (?, ?, ?, 1, ?, ?, ?, ?)
ON CONFLICT (pk, sk) DO UPDATE SET
    type = excluded.type, gsi1pk = excluded.gsi1pk, gsi1sk = excluded.gsi1sk,
    expires_at = excluded.expires_at, data = excluded.data,
    version = CASE WHEN items.expires_at <= ? THEN 1 ELSE items.version + 1 END
RETURNING version
"""
_BUSY_SECONDS = 10.0
# How long a delivered event is remembered, so that storing it again is refused.
_DELIVERED_SECONDS = 24 * 3600


class SqliteStore:
    """Safe between threads, processes and after a fork: each has a connection of its own."""

    def __init__(self, path: Path, cursor_key: bytes, clock: Clock | None = None) -> None:
        self._path = path
        self._cursors = Cursors(cursor_key)
        self._clock = clock or SystemClock()
        self._local = threading.local()
        self._writing = threading.Lock()
        self._lock_file: int | None = None
        forget = weakref.WeakMethod(self._forget_connections)
        os.register_at_fork(after_in_child=lambda: (method := forget()) and method())
        private_folder(path.parent)
        # The log files take their mode from this one: records are nobody else's business.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._create()

    def get(self, pk: str, sk: str) -> Item | None:
        check_key(pk, sk)
        with self._reading() as db:
            row = db.execute(
                f"SELECT {_COLUMNS} FROM items WHERE pk = ? AND sk = ?"
                " AND (expires_at IS NULL OR expires_at > ?)",
                (pk, sk, self._now()),
            ).fetchone()
        return None if row is None else _item(row)

    def put(self, item: Item, *, expect_version: int | None = None) -> Item:
        [version] = self._write([Put(item, expect_version)])
        return replace(item, version=version)

    def delete(self, pk: str, sk: str, *, expect_version: int | None = None) -> None:
        self._write([Delete(pk, sk, expect_version)])

    def transact(self, operations: Sequence[Operation]) -> None:
        self._write(operations)

    def query(
        self,
        pk: str,
        sk_prefix: str = "",
        *,
        limit: int = 50,
        cursor: str | None = None,
        reverse: bool = False,
        index: Index | None = None,
    ) -> Page:
        check_page_limit(limit)
        query = Query(pk, sk_prefix, reverse, index)
        start = None if cursor is None else self._cursors.read(query, cursor)
        sql, arguments = _select(query, start, self._now(), limit)
        with self._reading() as db:
            rows = db.execute(sql, arguments)
            return self._cursors.page(query, start, limit, (_place(query, row) for row in rows))

    def pending(self, limit: int = 100) -> list[Event]:
        with self._reading() as db:
            rows = db.execute(
                "SELECT body FROM outbox WHERE delivered_at IS NULL ORDER BY position LIMIT ?",
                (limit,),
            ).fetchall()
        return [Event.from_dict(json.loads(body)) for (body,) in rows]

    def mark_delivered(self, ids: Sequence[str]) -> None:
        now = self._now()
        with self._transaction() as db:
            db.executemany(
                "UPDATE outbox SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL",
                [(now, identifier) for identifier in ids],
            )

    def purge(self) -> int:
        """Remove what has expired, and events delivered a day ago; return how many rows."""
        now = self._now()
        with self._transaction() as db:
            items = db.execute("DELETE FROM items WHERE expires_at <= ?", (now,)).rowcount
            events = db.execute(
                "DELETE FROM outbox WHERE delivered_at <= ?", (now - _DELIVERED_SECONDS,)
            ).rowcount
        return items + events

    def close(self) -> None:
        """Close this thread's connection."""
        db = getattr(self._local, "db", None)
        if db is not None:
            db.close()
            self._local.db = None

    def _write(self, operations: Sequence[Operation]) -> list[int]:
        encoded = encode_transaction(operations)
        now = self._now()
        with self._transaction() as db:
            for operation in operations:
                _check(db, operation, now)
            return [
                _apply(db, operation, text, now)
                for operation, text in zip(operations, encoded, strict=True)
            ]

    def _now(self) -> int:
        return epoch_seconds(self._clock.now())

    def _create(self) -> None:
        with self._reading() as db:
            (found,) = db.execute("PRAGMA user_version").fetchone()
        if found > SCHEMA_VERSION:
            raise Misconfigured(
                f"DHARMA_STATE_DIR: {self._path} was written by a newer version of this program"
            )
        if found < SCHEMA_VERSION:
            with self._transaction() as db:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection()
        except sqlite3.DatabaseError as error:
            raise Unavailable(f"the store {self._path} cannot be read: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._turn():
                db = self._connection()
                # Our own writers come in turn and would need no more than BEGIN. This keeps out
                # whoever takes no turn (sqlite3's shell, a backup that writes): it could come
                # between what is compared and what is written.
                db.execute("BEGIN IMMEDIATE")
                try:
                    yield db
                    db.execute("COMMIT")
                finally:
                    if db.in_transaction:
                        db.execute("ROLLBACK")
        except sqlite3.DatabaseError as error:
            raise Unavailable(f"the store {self._path} cannot be written: {error}") from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._writing:
            if self._lock_file is None:
                path = self._path.with_name(f"{self._path.name}.lock")
                self._lock_file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def _connection(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            _use_write_ahead_log(db)
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA journal_size_limit = 67108864")
            self._local.db = db
        return db

    def _forget_connections(self) -> None:
        # Neither connections nor a lock cross a fork; the parent keeps its own.
        self._local = threading.local()
        self._writing = threading.Lock()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None


def _use_write_ahead_log(db: sqlite3.Connection) -> None:
    # The one statement for which SQLite does not wait: it needs the file alone, if only for the
    # first connection of all.
    deadline = time.monotonic() + _BUSY_SECONDS
    while db.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def _check(db: sqlite3.Connection, operation: Operation, now: int) -> None:
    match operation:
        case Put(item=item, expect_version=expected):
            key, any_version_will_do = (item.pk, item.sk), expected is None
        case Delete(pk=pk, sk=sk, expect_version=expected):
            key, any_version_will_do = (pk, sk), expected is None
        case Check(pk=pk, sk=sk, expect_version=expected):
            key, any_version_will_do = (pk, sk), False
        case Emit():
            return
    if any_version_will_do:
        return
    row = db.execute(
        "SELECT version FROM items WHERE pk = ? AND sk = ?"
        " AND (expires_at IS NULL OR expires_at > ?)",
        (*key, now),
    ).fetchone()
    found = 0 if row is None else row[0]
    fits = found > 0 if expected is None else found == expected
    if not fits:
        raise version_conflict(*key, expected, found)


def _apply(db: sqlite3.Connection, operation: Operation, text: str, now: int) -> int:
    match operation:
        case Put(item=item):
            row = (item.pk, item.sk, item.type, item.gsi1pk, item.gsi1sk, item.expires_at, text)
            version: int = db.execute(_UPSERT, (*row, now)).fetchone()[0]
            return version
        case Delete(pk=pk, sk=sk):
            db.execute("DELETE FROM items WHERE pk = ? AND sk = ?", (pk, sk))
        case Emit(event=event):
            try:
                db.execute("INSERT INTO outbox (id, body) VALUES (?, ?)", (event.id, text))
            except sqlite3.IntegrityError as error:
                raise VersionConflict(f"the event {event.id} was stored before") from error
        case Check():
            pass
    return 0


def _select(
    query: Query, start: Position | None, now: int, limit: int
) -> tuple[str, tuple[Any, ...]]:
    partition, sort = ("pk", "sk") if query.index is None else ("gsi1pk", "gsi1sk")
    order = (sort,) if query.index is None else (sort, "pk", "sk")
    where = [f"{partition} = ?", "(expires_at IS NULL OR expires_at > ?)"]
    arguments: list[Any] = [query.pk, now]
    if query.sk_prefix:
        where.append(f"{sort} >= ?")
        arguments.append(query.sk_prefix)
        if (end := prefix_end(query.sk_prefix)) is not None:
            where.append(f"{sort} < ?")
            arguments.append(end)
    descending = query.reverse != (start is not None and start.backward)
    if start is not None:
        here = (start.sort,) if query.index is None else (start.sort, start.pk, start.sk)
        marks = ", ".join("?" * len(here))
        where.append(f"({', '.join(order)}) {'<' if descending else '>'} ({marks})")
        arguments.extend(here)
    direction = "DESC" if descending else "ASC"
    sql = (
        f"SELECT {_COLUMNS} FROM items WHERE {' AND '.join(where)}"
        f" ORDER BY {', '.join(f'{column} {direction}' for column in order)} LIMIT ?"
    )
    return sql, (*arguments, limit + 1)


def _place(query: Query, row: tuple[Any, ...]) -> tuple[Position, Item, int]:
    item = _item(row)
    sort = item.sk if query.index is None else row[5]
    return Position(sort, item.pk, item.sk), item, item_bytes(item, row[7])


def _item(row: tuple[Any, ...]) -> Item:
    pk, sk, kind, version, gsi1pk, gsi1sk, expires_at, data = row
    return Item(pk, sk, json.loads(data), kind, version, gsi1pk, gsi1sk, expires_at)
