"""The engine: takes up executions, wakes waiting tasks, delivers events, fires schedules.

One asyncio loop. Requests arrive through the two databases; SQLite's `data_version` tells at
almost no cost that somebody has written, so both are looked at forty times a second.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import traceback
from collections.abc import Callable

from dharma.core.errors import InvalidTemplate
from dharma.core.events import Outbox
from dharma_local.engine.bus import Bus
from dharma_local.engine.definition import Machine, as_machine, functions_used, load_definition
from dharma_local.engine.errors import RUNTIME
from dharma_local.engine.execution import Execution
from dharma_local.engine.journal import Delivery, Journal, Run
from dharma_local.engine.schedules import Scheduler
from dharma_local.engine.tasks import LambdaTasks
from dharma_local.template import Template
from dharma_local.workers.pool import WorkerPool

_LOOK_EVERY = 0.025
_FORGET_EVERY = 3600.0
# How long ended executions and finished deliveries are kept.
KEEP_SECONDS = 90 * 86400.0


class Engine:
    """`outbox_changed` gives a number that changes with the store; without it every look reads.

    `tidy` is called once an hour, when old executions are forgotten.
    """

    def __init__(
        self,
        template: Template,
        journal: Journal,
        pool: WorkerPool,
        *,
        now: Callable[[], float],
        outbox: Outbox | None = None,
        outbox_changed: Callable[[], int] | None = None,
        tidy: Callable[[], object] | None = None,
    ) -> None:
        self._template = template
        self._journal = journal
        self._pool = pool
        self._now = now
        self._tasks = LambdaTasks(template.functions, pool)
        self._machines = self._load_machines()
        self._bus = Bus(template, journal, outbox, pool, now)
        self._scheduler = Scheduler(template, journal, self._bus, now)
        self._outbox_changed = outbox_changed
        self._tidy = tidy
        self._running: dict[int, tuple[Execution, asyncio.Task[None]]] = {}
        self._broken: sqlite3.Error | None = None
        self._delivering: dict[tuple[str, str, str], asyncio.Task[None]] = {}

    def _load_machines(self) -> dict[str, Machine]:
        faults = []
        machines = {}
        for machine in self._template.state_machines.values():
            try:
                machines[machine.name] = load_definition(
                    machine.definition, machine.file, self._tasks.knows
                )
            except InvalidTemplate as error:
                faults += list(error.faults)
        if faults:
            raise InvalidTemplate("state machines that do not run here", faults)
        return machines

    def handlers(self) -> list[str]:
        """Handlers of the functions that the machines use: worth importing ahead."""
        used = {
            arn.rsplit(":", 1)[-1] for m in self._machines.values() for arn in functions_used(m)
        }
        return sorted(self._template.functions[name].handler for name in used)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. What runs then stays as it is in the journal, for the next start."""
        for run, definition in self._journal.running():
            self._begin(run, as_machine(json.loads(definition)))
        seen: tuple[int, int] | None = None
        due_at = 0.0
        forget_at = self._now() + _FORGET_EVERY
        while not stop.is_set():
            if self._broken is not None:
                raise self._broken
            changed = (
                self._journal.changed(),
                self._outbox_changed() if self._outbox_changed else -1,
            )
            if changed != seen or self._outbox_changed is None:
                seen = changed
                while self._bus.take_in():
                    due_at = 0.0
                self._take_up()
                self._stop_requested()
                self._wake()
            if self._now() >= due_at:
                self._scheduler.fire_due()
                self._deliver_due()
                due_at = self._now() + min(1.0, self._scheduler.seconds_to_next())
            if self._now() >= forget_at:
                self._journal.forget(self._now() - KEEP_SECONDS)
                if self._tidy is not None:
                    self._tidy()
                forget_at = self._now() + _FORGET_EVERY
            await asyncio.sleep(_LOOK_EVERY)
        await self._leave_off()

    def _take_up(self) -> None:
        for run in self._journal.new_executions():
            found = self._template.state_machine(run.machine)
            if found is None:
                self._journal.end(
                    run,
                    "FAILED",
                    error="StateMachineDoesNotExist",
                    cause=f"there is no state machine {run.machine} in the template",
                )
                continue
            machine = self._machines[found.name]
            self._journal.take_up(run, found.definition, machine.start_at)
            self._begin(run, machine)

    def _begin(self, run: Run, machine: Machine) -> None:
        execution = Execution(run, machine, self._journal, self._tasks, now=self._now)
        self._running[run.id] = (execution, asyncio.create_task(self._live(execution)))

    async def _live(self, execution: Execution) -> None:
        run = execution.run
        try:
            await execution.live()
        except sqlite3.Error as error:
            self._broken = error  # without its journal it must not go on: the next start resumes
        except Exception as error:  # noqa: BLE001 - one broken execution must not end the others
            traceback.print_exc(file=sys.stderr)
            self._journal.end(run, "FAILED", error=RUNTIME, cause=f"internal failure: {error!r}")
        finally:
            self._running.pop(run.id, None)

    def _stop_requested(self) -> None:
        for identifier, said in self._journal.stop_requests():
            if identifier in self._running:
                execution, task = self._running.pop(identifier)
                task.cancel()
                execution.abort(said["error"], said["cause"])

    def _wake(self) -> None:
        for token in self._journal.answered_tokens():
            for execution, _ in self._running.values():
                execution.token_answered(token)

    def _deliver_due(self) -> None:
        for delivery in self._journal.due_deliveries():
            key = (delivery.event, delivery.rule, delivery.target)
            if key not in self._delivering:
                self._delivering[key] = asyncio.create_task(self._deliver(key, delivery))

    async def _deliver(self, key: tuple[str, str, str], delivery: Delivery) -> None:
        try:
            await self._bus.deliver(delivery)
            self._take_up()
        finally:
            del self._delivering[key]

    async def _leave_off(self) -> None:
        tasks = [task for _, task in self._running.values()] + list(self._delivering.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
