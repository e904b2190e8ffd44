"""What is left, and what goes on, when there is no room on the disk."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dharma.adapters.local.artifacts import DirectoryArtifacts
from dharma.adapters.local.files import create_once, write_atomically
from dharma.core.errors import Unavailable
from dharma_local import lifeline, own_log, processes, supervisor
from dharma_local.processes import Child, Spec
from dharma_local.sandbox.account import RecordedAccount
from dharma_local.sandbox.recording import Recording
from dharma_local.stack_settings import StackSettings

NO_ROOM = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Says from now on whether the disk is full."""
    sync, state = os.fsync, {"full": True}

    def fsync(descriptor: int) -> None:
        if state["full"]:
            raise NO_ROOM
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)

    def turn(on: bool) -> None:
        state["full"] = on

    return turn


@pytest.mark.parametrize("write", [write_atomically, create_once])
def test_half_a_file_does_not_stay(write: Any, full: Any, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "file", b"text")
    assert list(tmp_path.iterdir()) == []


def test_an_artifact_without_room_is_unavailable_and_the_one_before_stays(
    full: Any, tmp_path: Path
) -> None:
    artifacts = DirectoryArtifacts(tmp_path)
    full(False)
    artifacts.put("plans/one", b"before")
    full(True)
    with pytest.raises(Unavailable, match=r"plans/one cannot be written: No space left on device"):
        artifacts.put("plans/one", b"after")
    assert (artifacts.get("plans/one"), artifacts.list()) == (b"before", ["plans/one"])


def test_what_cannot_be_recorded_does_not_happen_in_the_sandbox(full: Any, tmp_path: Path) -> None:
    done: list[bytes] = []

    def emulator(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        done.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return []

    def put(account: RecordedAccount, body: bytes) -> None:
        environ = {
            "REQUEST_METHOD": "PUT",
            "PATH_INFO": "/x",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        list(account(environ, lambda status, headers: None))

    path = tmp_path / "requests.jsonl"
    account = RecordedAccount(emulator, Recording(path), lambda seed: None)
    with pytest.raises(OSError, match="No space left"):
        put(account, b"lost")
    full(False)
    put(account, b"kept")
    assert done == [b"kept"]
    assert RecordedAccount(emulator, Recording(path), lambda seed: None).replay() == 1
    assert done == [b"kept", b"kept"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
def test_a_line_that_cannot_be_logged_ends_nothing() -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError, match="No space left"):
        os.write(descriptor, b"x")
    print("a line", file=own_log._lossy(descriptor), flush=True)
    os.close(descriptor)


def child(folder: Path) -> Child:
    settings = StackSettings(state_dir=folder, template=folder / "template.yaml")
    for place in (settings.run_dir, settings.log_dir):
        place.mkdir(parents=True)
    return Child(Spec("part", ("json.tool", "--help")), settings, dict(os.environ))


def test_a_process_that_cannot_be_started_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = child(tmp_path)
    lifeline.descriptor()  # made once in a process, and kept
    with monkeypatch.context() as patched:
        patched.setattr(
            processes.subprocess, "Popen", lambda *_, **__: (_ for _ in ()).throw(NO_ROOM)
        )
        before = len(os.listdir("/dev/fd"))
        part.start()
        assert (part.state, part.pid) == ("waiting", None)
        assert len(os.listdir("/dev/fd")) == before
    part.next_start = 0
    assert part.look()
    assert part.state == "starting"
    part.finish(10)


def test_a_log_is_shortened_also_where_its_older_part_finds_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = child(tmp_path)
    log = tmp_path / "logs" / "part.log"
    log.write_bytes(b"x" * processes.LOG_LIMIT)

    def half(path: Path, data: bytes) -> int:
        os.close(os.open(path, os.O_CREAT))
        raise NO_ROOM

    monkeypatch.setattr(Path, "write_bytes", half)
    part.rotate()
    assert log.stat().st_size == 0
    assert [file.name for file in log.parent.iterdir()] == ["part.log"]


def test_a_supervisor_that_cannot_tell_goes_on_and_tells_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = StackSettings(state_dir=tmp_path, template=tmp_path / "template.yaml")
    watcher = supervisor._Supervisor(settings, None)
    tries: list[bool] = []

    def write(file: Path, value: Any) -> None:
        tries.append(len(tries) > 1)
        if not tries[-1]:
            raise NO_ROOM
        watcher._stopping = True

    monkeypatch.setattr(supervisor, "_write_json", write)
    watcher._watch(None)
    assert tries == [False, False, True]
