"""The sandbox's process: `python -m dharma_local.sandbox LISTENING_DESCRIPTOR RECORDING PORT`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from dharma_local import lifeline, own_log, ready

if TYPE_CHECKING:
    from dharma_local.sandbox.account import RecordedAccount


def main() -> None:
    lifeline.hold_on()
    own_log.survive_a_full_disk()
    descriptor, recording_file, port = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    os.environ["MOTO_PORT"] = port
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    from moto.moto_api._internal import mock_random
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    from dharma_local.sandbox.account import RecordedAccount
    from dharma_local.sandbox.door import Door
    from dharma_local.sandbox.recording import Recording
    from dharma_local.sandbox.snapshot import SnapshotFile

    class QuietHandler(MotoRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            print(f"{self.command} {self.path} {code}", flush=True)

    account = RecordedAccount(
        DomainDispatcherApplication(create_backend_app),
        Recording(recording_file),
        mock_random.seed,
        SnapshotFile(recording_file.with_suffix(".snapshot")),
    )
    server = make_server(
        "127.0.0.1",
        int(port),
        Door(account),
        threaded=True,
        request_handler=QuietHandler,
        fd=descriptor,
    )
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    # Callers can connect from here on; they wait until the account is as it was.
    ready.announce()
    started = time.monotonic()
    count = account.replay()
    print(f"replayed {count} requests in {time.monotonic() - started:.2f} s", flush=True)
    threading.Thread(target=_keep_short, args=(account,), name="snapshots", daemon=True).start()
    server.serve_forever()


def _keep_short(account: RecordedAccount) -> None:
    while True:
        time.sleep(1)
        account.save_if_worth_it()


if __name__ == "__main__":
    main()
