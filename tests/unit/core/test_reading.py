"""Reading what people name, whatever it leads to. Nothing may wait for ever."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from dharma.blueprint.readers import read_file
from dharma.blueprint.variable_sources import read_variable_file
from dharma.core import reading
from dharma.core.errors import DharmaError, LimitExceeded
from dharma.core.reading import read_bounded
from dharma.guardrails.library import load_policies

LIMIT = 1024 * 1024


def test_a_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * LIMIT)
    assert len(read_bounded(file, LIMIT)) == LIMIT
    file.write_bytes(b"x" * (LIMIT + 1))
    with pytest.raises(LimitExceeded, match="larger than 1 MB"):
        read_bounded(file, LIMIT)


def test_a_device_without_an_end_is_left_at_the_limit() -> None:
    with pytest.raises(LimitExceeded, match="/dev/zero: the file is larger"):
        read_bounded(Path("/dev/zero"), LIMIT)


def test_an_empty_device_is_empty() -> None:
    assert read_bounded(Path("/dev/null"), LIMIT) == b""


def test_a_folder_is_none(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_bounded(tmp_path, LIMIT)


def test_a_pipe_that_nobody_writes_into_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="nobody writes into this pipe"):
        read_bounded(tmp_path / "pipe", LIMIT)


@pytest.mark.parametrize("pause", [0.0, 0.2])
@pytest.mark.parametrize("size", [0, 5, 300_000])
def test_a_pipe_is_read_to_its_end_however_slow(tmp_path: Path, pause: float, size: int) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb") as file:
            file.write(b"a" * (size // 2))
            file.flush()
            time.sleep(pause)
            file.write(b"b" * (size - size // 2))

    writer = threading.Thread(target=write)
    writer.start()
    read = read_bounded(pipe, LIMIT)
    writer.join()
    assert read == b"a" * (size // 2) + b"b" * (size - size // 2)


def test_what_comes_through_a_pipe_of_the_shell_is_read() -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, b"text")
    os.close(write_end)
    assert read_bounded(Path(f"/dev/fd/{read_end}"), LIMIT) == b"text"
    os.close(read_end)


@pytest.mark.parametrize("place", ["/dev/zero", "pipe", "folder", "loop", "missing"])
def test_every_reader_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.05)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    file = tmp_path / place
    for read in (read_file, read_variable_file, lambda path: load_policies([path])):
        with pytest.raises(DharmaError) as caught:
            read(file)
        assert str(file) in str(caught.value)


def test_a_folder_of_policies_may_hold_odd_things(tmp_path: Path) -> None:
    (tmp_path / "folder.rego").mkdir()
    (tmp_path / "good.rego").write_text("package good\n")
    found = load_policies([tmp_path], built_in=False)
    assert [policy.id for policy in found.policies] == ["good"]
    (tmp_path / "zero.rego").symlink_to("/dev/zero")
    with pytest.raises(LimitExceeded, match=r"zero\.rego: a policy may have"):
        load_policies([tmp_path], built_in=False)
