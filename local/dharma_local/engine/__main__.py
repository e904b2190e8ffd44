"""The engine's process: `python -m dharma_local.engine TEMPLATE STATE_DIR WORKERS`."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sqlite3
import sys
import time
from pathlib import Path

from dharma.adapters.local.sqlite_store import SqliteStore
from dharma.adapters.local.workflows import FILE_NAME
from dharma_local import lifeline, ready
from dharma_local.engine.journal import Journal
from dharma_local.engine.service import Engine
from dharma_local.template import Template, load_template
from dharma_local.workers.pool import WorkerPool

STORE_FILE = "store.sqlite3"


def main() -> None:
    lifeline.hold_on()
    template = load_template(Path(sys.argv[1]))
    for name, value in template.environment.items():
        os.environ.setdefault(name, value)
    asyncio.run(_run(template, Path(sys.argv[2]), int(sys.argv[3])))


async def _run(template: Template, state_dir: Path, workers: int) -> None:
    journal = Journal(state_dir / FILE_NAME, time.time)
    store_file = state_dir / STORE_FILE
    # Cursors are for queries; the outbox is read without any, so this key signs nothing.
    outbox = SqliteStore(store_file, secrets.token_bytes(32))
    watch = sqlite3.connect(store_file, isolation_level=None)
    pool = WorkerPool(template.file.parent.parent, size=workers)
    engine = Engine(
        template,
        journal,
        pool,
        now=time.time,
        outbox=outbox,
        outbox_changed=lambda: int(watch.execute("PRAGMA data_version").fetchone()[0]),
    )
    pool.preload(engine.handlers())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    ready.announce()
    warm = asyncio.create_task(pool.warm()) if engine.handlers() else None
    try:
        await engine.run(stop)
    finally:
        if warm is not None:
            warm.cancel()
        await pool.close()
        journal.close()


if __name__ == "__main__":
    main()
