"""The local stack as a whole: start, watch, stop, and tell how it is.

The supervisor holds the listening sockets and hands them to its children, so a busy port is told at
once, and a restarting child refuses no connection. What dies is started again, with growing pauses.
A lock on `run/supervisor.lock` says that one runs: the kernel gives it back however it ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from dharma.adapters.local.files import write_atomically
from dharma.core.clock import isoformat
from dharma.core.errors import Conflict, DharmaError, Unavailable
from dharma_local import own_log
from dharma_local.processes import (
    Child,
    child_environment,
    kill_leftovers,
    listen,
    refuse_links,
    specs,
)
from dharma_local.stack_settings import HOST, StackSettings

_LOOK_EVERY = 0.05
_ROTATE_EVERY = 30.0
_STOP_SECONDS = 6.0


class AlreadyRunning(Conflict):
    """Another supervisor holds this state folder."""


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """`state`: starting, ready, waiting (to be started again) or stopped; `port` where it has one.

    `memory_mb` is the resident set, `started_at` seconds since 1970.
    """

    name: str
    state: str
    pid: int | None = None
    port: int | None = None
    restarts: int = 0
    started_at: float | None = None
    memory_mb: float | None = None


class Stack:
    """The stack of one state folder, from the view of whoever wants something of it."""

    def __init__(self, settings: StackSettings | None = None) -> None:
        self.settings = settings or StackSettings.from_environment()

    def start(
        self,
        *,
        foreground: bool = True,
        on_ready: Callable[[], None] | None = None,
        log: Callable[[str], object] | None = None,
    ) -> None:
        """Foreground: run here until SIGTERM or SIGINT. Otherwise a process of its own, and return.

        `AlreadyRunning`; `Misconfigured` names a busy port; `InvalidTemplate`.
        """
        if foreground:
            _Supervisor(self.settings, log).run(on_ready)
        else:
            self._start_detached()

    def _start_detached(self) -> None:
        if self.is_running():
            raise AlreadyRunning(f"the stack of {self.settings.state_dir} runs already")
        refuse_links(self.settings.state_dir)
        for folder in (self.settings.state_dir, self.settings.log_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        log_file = self.settings.log_dir / "supervisor.log"
        log_file.touch(mode=0o600)
        environment = child_environment(self.settings, {"gateway": 0, "cache": 0, "sandbox": 0})
        own = {
            **os.environ,
            "PYTHONPATH": environment["PYTHONPATH"],
            "DHARMA_STATE_DIR": str(self.settings.state_dir),
            "DHARMA_TEMPLATE": str(self.settings.template),
            "DHARMA_PORT": str(self.settings.port),
            "DHARMA_GATEWAY_PROCESSES": str(self.settings.gateway_processes),
            "DHARMA_ENGINE_WORKERS": str(self.settings.engine_workers),
            "DHARMA_CACHE_PORT": str(self.settings.cache_port),
            "DHARMA_CACHE_URL": self.settings.cache_url or "",
            "DHARMA_SANDBOX_PORT": str(self.settings.sandbox_port),
            "AWS_ENDPOINT_URL": self.settings.aws_endpoint or "",
        }
        with log_file.open("ab") as log:
            begin = log.tell()
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dharma_local.supervisor"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=own,
                start_new_session=True,
            )
        while not (self._state().get("pid") == process.pid and self.is_running()):
            if process.poll() is not None:
                with log_file.open("rb") as said:
                    said.seek(begin)
                    text = said.read().decode("utf-8", "replace").strip()
                raise Unavailable(text.splitlines()[-1] if text else "the stack did not start")
            time.sleep(0.02)

    def stop(self, timeout: float = 20.0) -> bool:
        """End the stack and wait for its end; False when none was running."""
        if not self.is_running():
            return False
        pid = self._state().get("pid")
        _signal(pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while self.is_running():
            if time.monotonic() > deadline:
                _signal(pid, signal.SIGKILL)  # its children end with it
            time.sleep(0.02)
        return True

    def is_running(self) -> bool:
        try:
            with (self.settings.run_dir / "supervisor.lock").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def status(self) -> list[ProcessStatus]:
        """All processes, the supervisor first; empty when nothing runs."""
        if not self.is_running():
            return []
        state = self._state()
        own = ProcessStatus(
            "supervisor", "ready", state.get("pid"), started_at=state.get("startedAt")
        )
        found = [own, *(ProcessStatus(**process) for process in state.get("processes", []))]
        memory = _memory([p.pid for p in found if p.pid is not None])
        return [
            ProcessStatus(**{**asdict(p), "memory_mb": memory.get(p.pid)})  # type: ignore[arg-type]
            for p in found
        ]

    def ports(self) -> dict[str, int]:
        """Where gateway, cache and sandbox listen, by name."""
        try:
            found: dict[str, int] = json.loads((self.settings.run_dir / "ports.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def url(self) -> str:
        return f"http://{HOST}:{self.ports().get('gateway', self.settings.port)}"

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Until every process is ready; `Unavailable` says which is not."""
        deadline = time.monotonic() + timeout
        while True:
            processes = self.status()
            if processes and all(p.state == "ready" for p in processes):
                return
            if time.monotonic() > deadline:
                late = ", ".join(self._late(p) for p in processes if p.state != "ready")
                raise Unavailable(
                    f"not ready after {timeout:g} s: {late or 'the stack does not run'};"
                    f" see {self.settings.log_dir}"
                )
            time.sleep(0.02)

    def _late(self, process: ProcessStatus) -> str:
        """What state it is in, and the last words of one that ends again and again."""
        if process.state != "waiting":
            return f"{process.name} ({process.state})"
        try:
            log = (self.settings.log_dir / f"{process.name}.log").read_text("utf-8", "replace")
        except FileNotFoundError:
            log = ""
        last = log.strip().rpartition("\n")[2] or "without a word"
        return f"{process.name} (ended {process.restarts + 1} times: {last[:300]})"

    def health(self) -> dict[str, str]:
        """What each part answers right now: "ok", or what is wrong."""
        from http.client import HTTPException

        found = {p.name: "ok" if p.state == "ready" else p.state for p in self.status()}
        ports = self.ports()
        probes: dict[str, Callable[[int], str]] = {
            "gateway": _probe_gateway,
            "cache": _probe_cache,
            "sandbox": _probe_sandbox,
        }
        for name, probe in probes.items():
            if name in ports and found:
                try:
                    found[name] = probe(ports[name])
                except (OSError, HTTPException) as error:
                    found[name] = str(error) or type(error).__name__
        return found

    def reset_sandbox(self) -> None:
        """Empty the sandbox account and its recording."""
        status = _http_status(self.ports()["sandbox"], "POST", "/moto-api/reset", 60)
        if status != 200:
            raise Unavailable(f"the sandbox answers {status}")

    def _state(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.settings.run_dir / "stack.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found


class _Supervisor:
    """The loop in the process that watches the others."""

    def __init__(self, settings: StackSettings, log: Callable[[str], object] | None) -> None:
        self._settings = settings
        self._log = log
        self._stopping = False
        self._started_at = time.time()
        self._children: list[Child] = []
        self._ports: dict[str, int] = {}

    def run(self, on_ready: Callable[[], None] | None = None) -> None:
        # For the children as well: what they keep and log is the user's alone.
        os.umask(0o077)
        settings = self._settings
        refuse_links(settings.state_dir)
        for folder in (settings.state_dir, settings.run_dir, settings.log_dir):
            folder.mkdir(parents=True, exist_ok=True)
        with (settings.run_dir / "supervisor.lock").open("ab") as lock_file:
            self._take(lock_file)
            from dharma_local.template_reading import load_template

            load_template(settings.template)  # what is wrong with it is told before all else
            kill_leftovers(settings)
            sockets = self._listen()
            self._ports = {name: s.getsockname()[1] for name, s in sockets.items()}
            _write_json(settings.run_dir / "ports.json", self._ports)
            environment = child_environment(settings, self._ports)
            self._children = [Child(s, settings, environment) for s in specs(settings, sockets)]
            previous = {
                number: signal.signal(number, self._asked_to_stop)
                for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
            }
            try:
                for child in self._children:
                    child.start()
                self._watch(on_ready)
            finally:
                self._end()
                for listener in sockets.values():
                    listener.close()
                for number, handler in previous.items():
                    signal.signal(number, handler)

    def _take(self, lock_file: IO[bytes]) -> None:
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"the stack of {self._settings.state_dir} runs already") from None

    def _listen(self) -> dict[str, socket.socket]:
        settings = self._settings
        wanted = [("gateway", settings.port, "DHARMA_PORT")]
        if settings.cache_url is None:
            wanted.append(("cache", settings.cache_port, "DHARMA_CACHE_PORT"))
        if settings.aws_endpoint is None:
            wanted.append(("sandbox", settings.sandbox_port, "DHARMA_SANDBOX_PORT"))
        return {name: listen(port, variable, name) for name, port, variable in wanted}

    def _asked_to_stop(self, number: int, frame: object) -> None:
        self._stopping = True

    def _watch(self, on_ready: Callable[[], None] | None) -> None:
        told = self._told()
        rotate_at = time.monotonic() + _ROTATE_EVERY
        while not self._stopping:
            changed = [child for child in self._children if child.look()]
            if changed or not told:
                told = self._told()
                if self._log is not None:
                    for child in changed:
                        self._log(f"{isoformat(datetime.now(UTC))} {child.spec.name} {child.state}")
            if on_ready is not None and all(c.state == "ready" for c in self._children):
                on_ready()
                on_ready = None
            if time.monotonic() > rotate_at:
                for child in self._children:
                    child.rotate()
                rotate_at = time.monotonic() + _ROTATE_EVERY
            time.sleep(_LOOK_EVERY)

    def _told(self) -> bool:
        """Whether the state could be written down for others; a full disk is no reason to leave
        the processes alone."""
        try:
            self._tell()
        except OSError:
            return False
        return True

    def _tell(self) -> None:
        processes = [
            ProcessStatus(
                name=child.spec.name,
                state=child.state,
                pid=child.pid,
                port=self._ports.get(child.spec.name.split("-")[0]),
                restarts=child.restarts,
                started_at=child.started_at,
            )
            for child in self._children
        ]
        _write_json(
            self._settings.run_dir / "stack.json",
            {
                "pid": os.getpid(),
                "startedAt": self._started_at,
                "processes": [asdict(process) for process in processes],
            },
        )

    def _end(self) -> None:
        """Those that take work first, then what they work with."""
        workers = [c for c in self._children if c.spec.name not in ("cache", "sandbox")]
        others = [c for c in self._children if c not in workers]
        for group in (workers, others):
            for child in group:
                child.terminate()
            for child in group:
                child.finish(_STOP_SECONDS)
        for name in ("stack.json", "ports.json"):
            (self._settings.run_dir / name).unlink(missing_ok=True)


def _signal(pid: int | None, number: signal.Signals) -> None:
    """Nothing happens to a process that is gone already."""
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _write_json(file: Path, value: Any) -> None:
    """Whole or not at all, for readers at any moment."""
    write_atomically(file, (json.dumps(value, indent=1) + "\n").encode())


def _memory(pids: list[int]) -> dict[int, float]:
    """Resident megabytes by process number."""
    if not pids:
        return {}
    said = subprocess.run(
        ["ps", "-o", "pid=,rss=", "-p", ",".join(map(str, pids))],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    rows = (line.split() for line in said.splitlines())
    return {int(pid): round(int(rss) / 1024, 1) for pid, rss in rows}


def _http_status(port: int, method: str, path: str, seconds: float) -> int:
    from http.client import HTTPConnection

    connection = HTTPConnection(HOST, port, timeout=seconds)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return answer.status


def _probe_gateway(port: int) -> str:
    status = _http_status(port, "GET", "/health", 3)
    return "ok" if status == 200 else f"GET /health answers {status}"


def _probe_cache(port: int) -> str:
    with socket.create_connection((HOST, port), timeout=3) as connection:
        connection.sendall(b"*1\r\n$4\r\nPING\r\n")
        said = connection.recv(64)
    return "ok" if said.startswith(b"+PONG") else f"PING answers {said!r}"


def _probe_sandbox(port: int) -> str:
    status = _http_status(port, "GET", "/moto-api/", 3)
    return "ok" if status == 200 else f"answers {status}"


def start(foreground: bool = True) -> None:
    """Start the stack that the environment describes; see `Stack.start`."""
    Stack().start(foreground=foreground)


def stop() -> bool:
    return Stack().stop()


def status() -> list[ProcessStatus]:
    return Stack().status()


def wait_ready(timeout: float = 30.0) -> None:
    Stack().wait_ready(timeout)


def health() -> dict[str, str]:
    return Stack().health()


def main() -> None:
    own_log.survive_a_full_disk()
    try:
        Stack().start(foreground=True, log=lambda line: print(line, flush=True))
    except DharmaError as error:
        faults = "".join(f"; {fault}" for fault in error.faults)
        print(f"{error.code}: {error.message}{faults}", file=sys.stderr, flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
