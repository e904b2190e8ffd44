"""The engine's side of the journal: executions, frames, history, tokens.

Every method that changes something is one transaction: committed (and synced) when it returns.
A *frame* is a running sequence of states: the machine itself (`/`), a branch, an iteration. It has
one row with the state it is in, that state's input, and the progress made in it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dharma.adapters.local.workflows import execution_id, open_journal

ROOT = "/"
_ENDS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}


@dataclass(slots=True)
class Frame:
    """`progress` is the state's own memory: retries, when to go on, what was asked of a task."""

    id: str
    state: str
    input: Any
    progress: dict[str, Any] = field(default_factory=dict)
    outcome: dict[str, Any] | None = None


@dataclass(slots=True)
class Run:
    """One execution that runs; `seq` is the number of its latest history event."""

    id: int
    machine: str
    name: str
    input: Any
    started_at: float
    seq: int = 0

    @property
    def arn(self) -> str:
        return execution_id(self.machine, self.name)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event (or scheduled moment) on its way to one target."""

    event: str
    rule: str
    target: str
    kind: str
    name: str
    input: str
    attempts: int
    first_at: float


class Journal:
    """`now` gives seconds since 1970. Not for use from several threads at once."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._now = now
        self._connection = open_journal(path)
        self._connection.row_factory = None

    def close(self) -> None:
        self._connection.close()

    def changed(self) -> int:
        """A number that changes whenever another connection has written: cheap to ask for."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    # --- executions

    def new_executions(self) -> list[Run]:
        """Started by somebody, not taken up yet."""
        rows = self._connection.execute(
            "SELECT id, machine, name, input, started_at FROM executions"
            " WHERE status = 'RUNNING' AND definition IS NULL ORDER BY id"
        ).fetchall()
        return [Run(i, machine, name, json.loads(text), at) for i, machine, name, text, at in rows]

    def running(self) -> list[tuple[Run, str]]:
        """Taken up and not ended, each with the text of its definition."""
        rows = self._connection.execute(
            "SELECT e.id, e.machine, e.name, e.input, e.started_at, d.body,"
            " (SELECT coalesce(max(seq), 0) FROM history h WHERE h.execution = e.id)"
            " FROM executions e JOIN definitions d ON d.hash = e.definition"
            " WHERE e.status = 'RUNNING' ORDER BY e.id"
        ).fetchall()
        return [
            (Run(i, machine, name, json.loads(text), at, seq), body)
            for i, machine, name, text, at, body, seq in rows
        ]

    def take_up(self, run: Run, definition: str, start_at: str) -> Frame:
        """Bind the execution to its definition and enter the first state."""
        digest = hashlib.sha256(definition.encode()).hexdigest()
        frame = Frame(ROOT, start_at, run.input)
        with self._transaction() as tx:
            tx.execute("INSERT OR IGNORE INTO definitions VALUES (?, ?)", (digest, definition))
            tx.execute("UPDATE executions SET definition = ? WHERE id = ?", (digest, run.id))
            self._event(tx, run, "ExecutionStarted", {"input": run.input})
            self._enter(tx, run, frame)
        return frame

    def succeed(self, run: Run, frame: Frame, output: str) -> None:
        """The last state is left, and with it the execution; `output` is JSON text."""
        with self._transaction() as tx:
            self._leave(tx, run, frame, output)
            self._close(tx, run, "SUCCEEDED", (output, None, None))

    def end(self, run: Run, status: str, *, error: str, cause: str) -> None:
        """The execution ends without a result (FAILED, TIMED_OUT, ABORTED)."""
        with self._transaction() as tx:
            self._close(tx, run, status, (None, error, cause))

    def _close(
        self,
        tx: sqlite3.Connection,
        run: Run,
        status: str,
        result: tuple[str | None, str | None, str | None],
    ) -> None:
        tx.execute(
            "UPDATE executions SET status = ?, stopped_at = ?, output = ?, error = ?, cause = ?,"
            " stop_request = NULL WHERE id = ? AND status = 'RUNNING'",
            (status, self._now(), *result, run.id),
        )
        tx.execute("DELETE FROM frames WHERE execution = ?", (run.id,))
        tx.execute("DELETE FROM tokens WHERE execution = ?", (run.id,))
        _, error, cause = result
        details = {} if error is None else {"error": error, "cause": cause}
        self._event(tx, run, _ENDS[status], details)

    def stop_requests(self) -> list[tuple[int, dict[str, str]]]:
        rows = self._connection.execute(
            "SELECT id, stop_request FROM executions"
            " WHERE status = 'RUNNING' AND stop_request IS NOT NULL"
        ).fetchall()
        return [(run, json.loads(text)) for run, text in rows]

    # --- frames

    def frames(self, run: Run, prefix: str) -> dict[str, Frame]:
        """Frames whose id begins so, by id."""
        rows = self._connection.execute(
            "SELECT frame, state, input, progress, outcome FROM frames"
            " WHERE execution = ? AND substr(frame, 1, ?) = ?",
            (run.id, len(prefix), prefix),
        ).fetchall()
        return {
            frame: Frame(
                frame,
                state,
                json.loads(text),
                json.loads(progress),
                outcome and json.loads(outcome),
            )
            for frame, state, text, progress, outcome in rows
        }

    def transition(self, run: Run, frame: Frame, next_state: str, value: Any, text: str) -> None:
        """Leave the frame's state for another one, with `value` (`text` is its JSON)."""
        with self._transaction() as tx:
            self._leave(tx, run, frame, text)
            frame.state, frame.input = next_state, value
            self._enter(tx, run, frame, text)

    def finish(self, run: Run, frame: Frame, text: str) -> None:
        """Leave the last state of a branch or iteration: `text` is its output."""
        frame.outcome = {"output": json.loads(text)}
        with self._transaction() as tx:
            self._leave(tx, run, frame, text)
            self._settle(tx, run, frame)

    def fail_frame(self, run: Run, frame: Frame, failure: Mapping[str, Any]) -> None:
        frame.outcome = {"failure": dict(failure)}
        with self._transaction() as tx:
            self._settle(tx, run, frame)

    def note(
        self, run: Run, frame: Frame, kind: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        """Save the frame's progress, with a history event where there is something to tell."""
        with self._transaction() as tx:
            if kind:
                self._event(tx, run, kind, details or {})
            self._save_progress(tx, run, frame)

    def open_token(self, run: Run, frame: Frame, token: str, details: Mapping[str, Any]) -> None:
        """A task that will be answered from outside: its token counts from here on."""
        with self._transaction() as tx:
            tx.execute(
                "INSERT INTO tokens VALUES (?, ?, 'open', NULL, ?)", (token, run.id, self._now())
            )
            self._event(tx, run, "TaskScheduled", details)
            self._save_progress(tx, run, frame)

    def close_token(self, token: str) -> None:
        """Nothing waits for it any more: it timed out, or its state failed or was left."""
        with self._transaction() as tx:
            tx.execute("DELETE FROM tokens WHERE token = ?", (token,))

    def token(self, token: str) -> tuple[str, dict[str, Any] | None, float]:
        """Status, answer, time of the last heartbeat; a token that is gone is "closed"."""
        row = self._connection.execute(
            "SELECT status, answer, heartbeat_at FROM tokens WHERE token = ?", (token,)
        ).fetchone()
        if row is None:
            return "closed", None, 0.0
        return row[0], row[1] and json.loads(row[1]), row[2]

    def answered_tokens(self) -> list[str]:
        rows = self._connection.execute("SELECT token FROM tokens WHERE status = 'answered'")
        return [row[0] for row in rows.fetchall()]

    def begin_frames(self, run: Run, parent: Frame, children: Sequence[Frame]) -> None:
        """Enter all branches or iterations of a state at once."""
        with self._transaction() as tx:
            self._save_progress(tx, run, parent)
            for child in children:
                self._entered(tx, run, child)
                tx.execute(
                    "INSERT INTO frames VALUES (?, ?, ?, ?, ?, NULL)",
                    (run.id, child.id, child.state, _json(child.input), _json(child.progress)),
                )

    def drop_frames(self, run: Run, prefix: str) -> None:
        with self._transaction() as tx:
            tx.execute(
                "DELETE FROM frames WHERE execution = ? AND substr(frame, 1, ?) = ?",
                (run.id, len(prefix), prefix),
            )

    # --- parts of transactions

    def _event(
        self, tx: sqlite3.Connection, run: Run, kind: str, details: Mapping[str, Any]
    ) -> None:
        run.seq += 1
        tx.execute(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?)",
            (run.id, run.seq, self._now(), kind, _json(details)),
        )

    def _enter(
        self, tx: sqlite3.Connection, run: Run, frame: Frame, text: str | None = None
    ) -> None:
        self._entered(tx, run, frame)
        tx.execute(
            "INSERT INTO frames VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT DO UPDATE SET"
            " state = excluded.state, input = excluded.input, progress = excluded.progress",
            (
                run.id,
                frame.id,
                frame.state,
                _json(frame.input) if text is None else text,
                _json(frame.progress),
            ),
        )

    def _entered(self, tx: sqlite3.Connection, run: Run, frame: Frame) -> None:
        self._event(
            tx,
            run,
            "StateEntered",
            {"name": frame.state, "frame": frame.id, "input": frame.input},
        )
        kept = {"map": frame.progress["map"]} if "map" in frame.progress else {}
        frame.progress = {**kept, "entry": run.seq, "enteredAt": self._now()}

    def _leave(self, tx: sqlite3.Connection, run: Run, frame: Frame, text: str) -> None:
        if "token" in frame.progress:
            tx.execute("DELETE FROM tokens WHERE token = ?", (frame.progress["token"],))
        if "children" in frame.progress:
            prefix = f"{frame.id}{frame.progress['entry']}:"
            tx.execute(
                "DELETE FROM frames WHERE execution = ? AND substr(frame, 1, ?) = ?",
                (run.id, len(prefix), prefix),
            )
        self._event(
            tx,
            run,
            "StateExited",
            {"name": frame.state, "frame": frame.id, "output": json.loads(text)},
        )

    def _settle(self, tx: sqlite3.Connection, run: Run, frame: Frame) -> None:
        tx.execute(
            "UPDATE frames SET outcome = ? WHERE execution = ? AND frame = ?",
            (_json(frame.outcome), run.id, frame.id),
        )

    def _save_progress(self, tx: sqlite3.Connection, run: Run, frame: Frame) -> None:
        tx.execute(
            "UPDATE frames SET progress = ? WHERE execution = ? AND frame = ?",
            (_json(frame.progress), run.id, frame.id),
        )

    # --- the event bus and schedules

    def accept_events(self, deliveries: Sequence[Delivery]) -> None:
        """Remember what has to be delivered; what is known already is left as it is."""
        if not deliveries:
            return
        with self._transaction() as tx:
            self._insert_deliveries(tx, deliveries)

    def fire(self, schedule: str, moment: float, deliveries: Sequence[Delivery]) -> None:
        """A schedule's moment has come: its deliveries and its memory in one transaction."""
        with self._transaction() as tx:
            self._insert_deliveries(tx, deliveries)
            tx.execute(
                "INSERT INTO schedules VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET last = excluded.last",
                (schedule, moment),
            )

    def last_fired(self, schedule: str) -> float | None:
        row = self._connection.execute(
            "SELECT last FROM schedules WHERE name = ?", (schedule,)
        ).fetchone()
        return row and float(row[0])

    def _insert_deliveries(self, tx: sqlite3.Connection, deliveries: Sequence[Delivery]) -> None:
        for d in deliveries:
            tx.execute(
                "INSERT OR IGNORE INTO deliveries VALUES"
                " (?, ?, ?, ?, ?, ?, 'pending', 0, ?, ?, NULL)",
                (d.event, d.rule, d.target, d.kind, d.name, d.input, d.first_at, d.first_at),
            )

    def due_deliveries(self) -> list[Delivery]:
        rows = self._connection.execute(
            "SELECT event, rule, target, kind, name, input, attempts, first_at FROM deliveries"
            " WHERE status = 'pending' AND next_at <= ? ORDER BY next_at LIMIT 100",
            (self._now(),),
        ).fetchall()
        return [Delivery(*row) for row in rows]

    def deliver_start(self, delivery: Delivery, execution: str) -> None:
        """Start the target machine and be done with the delivery, both or neither."""
        with self._transaction() as tx:
            tx.execute(
                "INSERT OR IGNORE INTO executions (machine, name, input, status, started_at)"
                " VALUES (?, ?, ?, 'RUNNING', ?)",
                (delivery.name, execution, delivery.input, self._now()),
            )
            self._set_delivery(tx, delivery, "done", self._now())

    def delivered(self, delivery: Delivery) -> None:
        with self._transaction() as tx:
            self._set_delivery(tx, delivery, "done", self._now())

    def undelivered(self, delivery: Delivery, error: str, next_at: float | None) -> None:
        """Try again at `next_at`, or (None) give up: the row stays as the dead letter."""
        with self._transaction() as tx:
            status = "pending" if next_at is not None else "dead"
            self._set_delivery(tx, delivery, status, next_at or self._now(), error)

    def _set_delivery(
        self,
        tx: sqlite3.Connection,
        delivery: Delivery,
        status: str,
        next_at: float,
        error: str | None = None,
    ) -> None:
        tx.execute(
            "UPDATE deliveries SET status = ?, attempts = attempts + 1, next_at = ?, error = ?"
            " WHERE event = ? AND rule = ? AND target = ?",
            (status, next_at, error, delivery.event, delivery.rule, delivery.target),
        )

    def forget(self, before: float) -> None:
        """Remove ended executions and finished deliveries older than this moment."""
        with self._transaction() as tx:
            old = "SELECT id FROM executions WHERE status != 'RUNNING' AND stopped_at < ?"
            tx.execute(f"DELETE FROM history WHERE execution IN ({old})", (before,))
            tx.execute(f"DELETE FROM executions WHERE id IN ({old})", (before,))
            tx.execute("DELETE FROM deliveries WHERE status = 'done' AND next_at < ?", (before,))
            tx.execute(
                "DELETE FROM definitions WHERE hash NOT IN"
                " (SELECT definition FROM executions WHERE definition IS NOT NULL)"
            )


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
