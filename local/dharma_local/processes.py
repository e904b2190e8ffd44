"""The processes of the stack: what each is started with, its life, its log."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import dharma
import dharma_local
from dharma.core.errors import Misconfigured
from dharma_local import lifeline, ready
from dharma_local.stack_settings import HOST, StackSettings

LOG_LIMIT = 10 * 1024 * 1024
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
# A process that lived this long has earned a quick restart again.
_STABLE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Spec:
    """`sockets` are listening ones that the process inherits."""

    name: str
    arguments: tuple[str, ...]
    sockets: tuple[socket.socket, ...] = ()


class Child:
    """A process that is kept alive. `state`: starting, ready, waiting (for a restart), stopped."""

    def __init__(self, spec: Spec, settings: StackSettings, environment: Mapping[str, str]) -> None:
        self.spec = spec
        self.state = "stopped"
        self.restarts = 0
        self.started_at = 0.0
        self.next_start = 0.0
        self.last_exit: int | None = None
        self._environment = environment
        self._log = settings.log_dir / f"{spec.name}.log"
        self._pid_file = settings.run_dir / f"{spec.name}.pid"
        self._failures = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._ready_end: int | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it, or wait to try again when this machine has no room for it just now."""
        self.started_at = time.time()
        try:
            self._begin()
        except OSError as error:
            print(f"{self.spec.name} cannot be started: {error}", file=sys.stderr, flush=True)
            self._ended(None)

    def _begin(self) -> None:
        read_end, write_end = os.pipe()
        self._ready_end = read_end
        os.set_blocking(read_end, False)
        line = lifeline.descriptor()
        descriptors = [s.fileno() for s in self.spec.sockets]
        environment = {
            **self._environment,
            lifeline.VARIABLE: str(line),
            ready.VARIABLE: str(write_end),
        }
        try:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", *self.spec.arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    pass_fds=(*descriptors, line, write_end),
                    start_new_session=True,
                )
        finally:
            os.close(write_end)
        self.state = "starting"
        with suppress(OSError):  # it is for a supervisor that finds what a killed one left
            self._pid_file.write_text(f"{self._process.pid}\n")

    def look(self) -> bool:
        """Notice that it became ready or ended, start it again when it is time; True if changed."""
        before = (self.state, self.pid)
        if self.state == "starting" and self._announced():
            self.state = "ready"
        if self._process is not None and self._process.poll() is not None:
            self._ended(self._process.returncode)
        if self.state == "waiting" and time.monotonic() >= self.next_start:
            self.restarts += 1
            self.start()
        return before != (self.state, self.pid)

    def _announced(self) -> bool:
        if self._ready_end is None:
            return False
        try:
            said = os.read(self._ready_end, 1)
        except BlockingIOError:
            return False
        self._close_ready_end()
        return said == b"1"

    def _close_ready_end(self) -> None:
        if self._ready_end is not None:
            os.close(self._ready_end)
            self._ready_end = None

    def _ended(self, code: int | None) -> None:
        self._process = None
        self._close_ready_end()
        self.last_exit = code
        lived = time.time() - self.started_at
        self._failures = 0 if lived > _STABLE_SECONDS else self._failures + 1
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** max(0, self._failures - 1))
        self.next_start = time.monotonic() + pause
        self.state = "waiting"
        self._pid_file.unlink(missing_ok=True)

    def terminate(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def finish(self, seconds: float) -> None:
        """Wait for its end after `terminate`; kill it with its group when it takes too long."""
        if self._process is not None:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            self._process = None
        self._close_ready_end()
        self.state = "stopped"
        self._pid_file.unlink(missing_ok=True)

    def rotate(self) -> None:
        """Keep one older part of a long log. The process goes on writing to the same file."""
        try:
            if self._log.stat().st_size < LOG_LIMIT:
                return
        except FileNotFoundError:
            return  # somebody tidied up
        older = self._log.with_suffix(".log.1")
        try:
            older.write_bytes(self._log.read_bytes())
        except OSError:
            older.unlink(missing_ok=True)  # no room: rather a shorter log than a full disk
        os.truncate(self._log, 0)


def refuse_links(state_dir: Path) -> None:
    """`Misconfigured` for a state folder with links in it: it may have come with somebody else's
    project, and what the stack writes and cuts would be whatever they lead to."""
    for place in (*state_dir.glob("*"), *state_dir.glob("*/*")):
        if place.is_symlink():
            raise Misconfigured(
                f"DHARMA_STATE_DIR: {place} is a link; the state folder holds files of its own only"
            )


def listen(port: int, variable: str, what: str) -> socket.socket:
    """A listening socket on this machine alone; `Misconfigured` when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise Misconfigured(
            f"{variable}: the {what} cannot listen on {HOST}:{port}: {error.strerror}."
            f" Stop the program that does, or set {variable} to another port."
        ) from error
    return listener


def child_environment(settings: StackSettings, ports: Mapping[str, int]) -> dict[str, str]:
    """The environment of all children: where state, cache and sandbox are."""
    roots = dict.fromkeys(
        str(Path(str(package.__file__)).resolve().parent.parent)
        for package in (dharma_local, dharma)
    )
    inherited = os.environ.get("PYTHONPATH")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*roots, *([inherited] if inherited else [])]),
        "DHARMA_RUNTIME": "local",
        "DHARMA_STATE_DIR": str(settings.state_dir),
        "DHARMA_URL": f"http://{HOST}:{ports['gateway']}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONUNBUFFERED": "1",
    }
    environment["DHARMA_CACHE_URL"] = settings.cache_url or f"redis://{HOST}:{ports['cache']}/0"
    if settings.aws_endpoint is None:
        # Where the practice account is; whose credentials go there is up to the caller.
        environment["AWS_ENDPOINT_URL"] = f"http://{HOST}:{ports['sandbox']}"
    return environment


def specs(settings: StackSettings, sockets: Mapping[str, socket.socket]) -> list[Spec]:
    """All processes, in the order in which they are started."""
    gateway = sockets["gateway"]
    template = str(settings.template)
    found = [
        Spec(
            f"gateway-{number + 1}",
            ("dharma_local.gateway", template, str(gateway.fileno())),
            (gateway,),
        )
        for number in range(settings.gateway_processes)
    ]
    found.append(
        Spec(
            "engine",
            (
                "dharma_local.engine",
                template,
                str(settings.engine_workers),
            ),
        )
    )
    if "sandbox" in sockets:
        sandbox = sockets["sandbox"]
        found.append(
            Spec(
                "sandbox",
                (
                    "dharma_local.sandbox",
                    str(sandbox.fileno()),
                    str(settings.state_dir / "sandbox" / "requests.jsonl"),
                    str(sandbox.getsockname()[1]),
                ),
                (sandbox,),
            )
        )
    if "cache" in sockets:
        cache = sockets["cache"]
        found.append(Spec("cache", ("dharma_local.cache", str(cache.fileno())), (cache,)))
    return found


def kill_leftovers(settings: StackSettings) -> None:
    """End what an earlier, killed supervisor may have left, and wait until it is gone."""
    ours = [pid for pid in _noted_pids(settings) if _is_ours(pid)]
    for pid in ours:
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and any(_is_ours(pid) for pid in ours):
        time.sleep(0.02)
    for file in settings.run_dir.glob("*.pid"):
        file.unlink(missing_ok=True)


def _noted_pids(settings: StackSettings) -> list[int]:
    texts = [file.read_text().strip() for file in settings.run_dir.glob("*.pid")]
    return [int(text) for text in texts if text.isdigit()]


def _is_ours(pid: int) -> bool:
    """A process number may belong to somebody else by now: its command line tells."""
    said = subprocess.run(
        ["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return "dharma_local." in said and not said.startswith("Z")
