"""The sandbox's memory: what is recorded, that it comes back the same, and what a kill leaves."""

from __future__ import annotations

import io
import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from dharma_local.sandbox.account import RecordedAccount, Unusable, only_reads
from dharma_local.sandbox.recording import Recording


class Emulator:
    """Makes things with random names; a reading request draws random numbers as well."""

    def __init__(self) -> None:
        self.chance = random.Random()
        self.things: list[tuple[str, int]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read().decode()
        number = self.chance.getrandbits(64)
        if environ["REQUEST_METHOD"] == "PUT":
            self.things.append((body, number))
            if body == "break":
                raise RuntimeError("in the middle")
        start_response("200 OK", [])
        return [json.dumps(self.things).encode()]


def request(account: RecordedAccount, method: str, body: str = "", region: str = "r") -> bytes:
    scope = f"AWS4-HMAC-SHA256 Credential=test/20260101/{region}/s3/aws4_request"
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": "/thing",
        "HTTP_AUTHORIZATION": scope,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body.encode()),
    }
    return b"".join(account(environ, lambda status, headers: None))


def make(path: Path) -> tuple[RecordedAccount, Emulator]:
    emulator = Emulator()
    return RecordedAccount(emulator, Recording(path), emulator.chance.seed), emulator


def test_a_replay_makes_the_same_things_with_the_same_names(tmp_path: Path) -> None:
    account, emulator = make(tmp_path / "r.jsonl")
    for number in range(5):
        request(account, "PUT", f"thing {number}")
        request(account, "GET")
    with pytest.raises(RuntimeError):
        request(account, "PUT", "break")
    request(account, "PUT", "after")
    again, copy = make(tmp_path / "r.jsonl")
    assert again.replay() == 7
    assert copy.things == emulator.things
    request(again, "PUT", "more")
    third, last = make(tmp_path / "r.jsonl")
    third.replay()
    assert last.things == copy.things


def test_reading_is_recorded_only_where_it_comes_first(tmp_path: Path) -> None:
    account, _ = make(tmp_path / "r.jsonl")
    for region in ("north", "south", "north"):
        request(account, "GET", region=region)
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("tail", [b'{"seed": 1, "en', b"\x00\x00\x00", b'{"half": tru\n'])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    account, emulator = make(tmp_path / "r.jsonl")
    request(account, "PUT", "whole")
    with (tmp_path / "r.jsonl").open("ab") as file:
        file.write(tail)
    again, copy = make(tmp_path / "r.jsonl")
    assert again.replay() == 1
    request(again, "PUT", "next")
    third, last = make(tmp_path / "r.jsonl")
    assert third.replay() == 2
    assert last.things == copy.things
    assert last.things[:1] == emulator.things


class Shortcut:
    """Keeps the emulator's things in the place of files."""

    def __init__(self, emulator: Emulator, kept: dict[str, Any]) -> None:
        self.emulator = emulator
        self.kept = kept

    def save(self, recording: Recording) -> int:
        self.kept["snapshot"] = (
            recording.count,
            recording.fingerprint(),
            list(self.emulator.things),
        )
        return 1

    def restore(self, recording: Recording) -> int:
        count, fingerprint, things = self.kept.get("snapshot", (0, (-1, ""), []))
        if not recording.begins_with(*fingerprint):
            raise Unusable("there is none")
        self.emulator.things = list(things)
        return int(count)

    def forget(self) -> None:
        self.kept.pop("snapshot", None)

    def save_base(self, count: int) -> tuple[str, int]:
        self.kept[f"base-{count}"] = list(self.emulator.things)
        return f"base-{count}", 1

    def restore_base(self, name: str) -> int:
        if name not in self.kept:
            raise Unusable("it is gone")
        self.emulator.things = list(self.kept[name])
        return 1

    def keep_base(self, name: str | None) -> None:
        for other in [n for n in self.kept if n.startswith("base-") and n != name]:
            del self.kept[other]


def test_a_snapshot_stands_for_the_requests_before_it(tmp_path: Path) -> None:
    kept: dict[str, Any] = {}

    def start() -> tuple[RecordedAccount, Emulator, int]:
        emulator = Emulator()
        shortcut = Shortcut(emulator, kept)
        recording = Recording(tmp_path / "r.jsonl")
        account = RecordedAccount(emulator, recording, emulator.chance.seed, shortcut)
        return account, emulator, account.replay()

    account, emulator, replayed = start()
    assert replayed == 0
    for number in range(4):
        request(account, "PUT", f"thing {number}")
    assert not account.save_if_worth_it(least=5, quiet=0)
    assert not account.save_if_worth_it(least=4, quiet=60)
    assert account.save_if_worth_it(least=4, quiet=0)
    assert not account.save_if_worth_it(least=4, quiet=0)
    request(account, "PUT", "after")
    again, copy, replayed = start()
    assert replayed == 1
    assert copy.things == emulator.things
    request(again, "PUT", "more")
    _, last, _ = start()
    kept.clear()
    _, whole, replayed = start()
    assert replayed == 6
    assert last.things == whole.things == copy.things


def test_a_recording_that_has_become_long_is_cut_and_loses_nothing(tmp_path: Path) -> None:
    kept: dict[str, Any] = {}

    def start() -> tuple[RecordedAccount, Emulator, int]:
        emulator = Emulator()
        shortcut = Shortcut(emulator, kept)
        recording = Recording(tmp_path / "r.jsonl")
        account = RecordedAccount(emulator, recording, emulator.chance.seed, shortcut)
        return account, emulator, account.replay()

    def size() -> int:
        return (tmp_path / "r.jsonl").stat().st_size

    account, emulator, _ = start()
    for round in range(3):
        for number in range(20):
            request(account, "PUT", f"thing {round} {number}")
        assert account.save_if_worth_it(least=1, quiet=0, longest=1000)
        assert size() < 300
        assert len([name for name in kept if name.startswith("base-")]) == 1
    assert (tmp_path / "r.jsonl").stat().st_mode & 0o077 == 0
    request(account, "PUT", "after")
    request(account, "GET")
    again, copy, replayed = start()
    assert replayed == 1
    assert copy.things == emulator.things
    request(again, "PUT", "more")
    assert again.save_if_worth_it(least=1, quiet=0)
    request(again, "PUT", "behind the snapshot")
    _, last, replayed = start()
    assert replayed == 1
    assert [name for name, _ in last.things[-3:]] == ["after", "more", "behind the snapshot"]
    assert len({number for _, number in last.things}) == len(last.things)


def test_a_recording_that_grows_without_a_pause_is_cut_all_the_same(tmp_path: Path) -> None:
    emulator = Emulator()
    account = RecordedAccount(
        emulator, Recording(tmp_path / "r.jsonl"), emulator.chance.seed, Shortcut(emulator, {})
    )
    for number in range(20):
        request(account, "PUT", f"thing {number}")
    assert not account.save_if_worth_it(least=10, quiet=60, longest=1_000_000)
    assert account.save_if_worth_it(least=10, quiet=60, longest=100)


def test_a_snapshot_is_taken_without_a_pause_when_a_replay_would_take_long(tmp_path: Path) -> None:
    emulator = Emulator()
    account = RecordedAccount(
        emulator, Recording(tmp_path / "r.jsonl"), emulator.chance.seed, Shortcut(emulator, {})
    )
    for number in range(19):
        request(account, "PUT", f"thing {number}")
    assert not account.save_if_worth_it(least=2, quiet=60)
    request(account, "PUT", "the twentieth")
    assert account.save_if_worth_it(least=2, quiet=60)


def test_an_account_whose_base_is_lost_begins_empty_and_keeps_what_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept: dict[str, Any] = {}
    emulator = Emulator()
    recording = Recording(tmp_path / "r.jsonl")
    account = RecordedAccount(emulator, recording, emulator.chance.seed, Shortcut(emulator, kept))
    request(account, "PUT", "thing")
    account.save_if_worth_it(least=1, quiet=0, longest=0)
    request(account, "PUT", "after")
    kept.clear()
    again = Recording(tmp_path / "r.jsonl")
    copy = Emulator()
    assert RecordedAccount(copy, again, copy.chance.seed, Shortcut(copy, kept)).replay() == 0
    assert copy.things == []
    assert "begins empty: it is gone" in capsys.readouterr().err
    assert len((tmp_path / "r.unreadable").read_text().splitlines()) == 2


def test_a_caller_who_hung_up_while_waiting_gets_nothing_made(tmp_path: Path) -> None:
    account, emulator = make(tmp_path / "r.jsonl")
    ours, theirs = socket.socketpair()
    environ = {
        "REQUEST_METHOD": "PUT",
        "PATH_INFO": "/thing",
        "wsgi.input": io.BytesIO(b""),
        "werkzeug.socket": theirs,
    }
    account(dict(environ), lambda status, headers: None)
    assert len(emulator.things) == 1
    ours.close()
    environ["wsgi.input"] = io.BytesIO(b"")
    account(environ, lambda status, headers: None)
    assert len(emulator.things) == 1
    theirs.close()


@pytest.mark.parametrize(
    ("environ", "body", "reads"),
    [
        ({"HTTP_X_AMZ_TARGET": "DynamoDB_20120810.Scan"}, b"{}", True),
        ({"HTTP_X_AMZ_TARGET": "TrentService.CreateKey"}, b"{}", False),
        ({"HTTP_X_AMZ_TARGET": "AmazonSQS.ReceiveMessage"}, b"{}", False),
        ({"CONTENT_TYPE": "application/x-www-form-urlencoded"}, b"Action=DescribeVpcs&V=1", True),
        ({"CONTENT_TYPE": "application/x-www-form-urlencoded"}, b"Action=CreateStack", False),
        ({"REQUEST_METHOD": "GET"}, b"", True),
        ({"REQUEST_METHOD": "DELETE"}, b"", False),
    ],
)
def test_what_only_reads_is_known_by_its_action(
    environ: dict[str, Any], body: bytes, reads: bool
) -> None:
    assert only_reads(environ, body) is reads
