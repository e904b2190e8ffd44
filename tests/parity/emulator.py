"""An AWS emulator as a child process: on loopback, with a port and a folder of its own.

    with running(folder) as emulator:
        os.environ.update(emulator.variables)
        emulator.client("lambda").list_functions()

`client` is botocore's own with no address given: like the product's clients it finds the emulator
by `AWS_ENDPOINT_URL`, which the fixture `emulator` sets.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "emulator"
PYTHON = ROOT / ".venv-emulator" / "bin" / "python"
REGION = "us-east-1"
ACCOUNT = "000000000000"
# Waits and pauses of state machines, as a part of what they last on AWS.
WAIT_SCALE = 0.01
# A loaded machine starts it in some seconds.
_LONGEST_START = 120


@dataclass(frozen=True)
class Emulator:
    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """What a process needs to take the emulator for AWS."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str) -> Any:
        return botocore.session.get_session().create_client(service)

    @property
    def log(self) -> str:
        return (self.folder / "emulator.log").read_text(errors="replace")


def clean_environment() -> dict[str, str]:
    """This process's own, without what would change the product or name another cloud."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DHARMA_", "AWS_"))}
    return {k: v for k, v in kept.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}


@contextmanager
def running(folder: Path) -> Iterator[Emulator]:
    """Started, and stopped with everything that it started."""
    # The first call makes its environment, which takes as long as it takes.
    subprocess.run([str(SCRIPT), "--help"], check=True, capture_output=True)
    folder.mkdir(parents=True, exist_ok=True)
    emulator = Emulator(_free_port(), folder)
    environment = {
        **clean_environment(),
        # Functions inherit it: their calls come back to the emulator, whatever AWS's name is.
        **emulator.variables,
        "GATEWAY_PORT": str(emulator.port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "SFN_WAIT_SCALE": str(WAIT_SCALE),
        "TMPDIR": str(folder),
    }
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [str(SCRIPT)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(emulator, process)
        yield emulator
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(emulator: Emulator, process: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + _LONGEST_START
    while time.monotonic() < patience:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{emulator.url}/_ministack/health", timeout=2):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"the emulator did not start:\n{emulator.log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """The session that was started for it, and nothing else."""
    try:
        process.terminate()
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        print("the emulator does not end by itself", file=sys.stderr)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of them have ended
    process.wait()
