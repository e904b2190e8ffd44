"""The engine's process: `python -m dharma_local.engine TEMPLATE WORKERS`.

State folder and store are those of the application (`DHARMA_STATE_DIR`).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dharma.adapters.local.workflows import FILE_NAME
from dharma.bootstrap import application
from dharma_local import lifeline, own_log, ready
from dharma_local.engine.journal import Journal
from dharma_local.engine.service import Engine
from dharma_local.template import Template
from dharma_local.template_reading import load_template
from dharma_local.workers.pool import WorkerPool

if TYPE_CHECKING:
    from dharma.adapters.local.sqlite_store import SqliteStore

STORE_FILE = "store.sqlite3"


def main() -> None:
    lifeline.hold_on()
    own_log.survive_a_full_disk()
    template = load_template(Path(sys.argv[1]))
    for name, value in template.environment.items():
        os.environ.setdefault(name, value)
    asyncio.run(_run(template, int(sys.argv[2])))


async def _run(template: Template, workers: int) -> None:
    state_dir = application().settings.state_dir
    journal = Journal(state_dir / FILE_NAME, time.time)
    outbox = cast("SqliteStore", application().store)
    watch = sqlite3.connect(state_dir / STORE_FILE, isolation_level=None)
    pool = WorkerPool(template.file.parent.parent, size=workers)
    engine = Engine(
        template,
        journal,
        pool,
        now=time.time,
        outbox=outbox,
        outbox_changed=lambda: int(watch.execute("PRAGMA data_version").fetchone()[0]),
        tidy=outbox.purge,
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
