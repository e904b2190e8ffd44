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
    """Keeps the emulator's things in the place of a file."""

    def __init__(self, emulator: Emulator, kept: dict[str, Any]) -> None:
        self.emulator = emulator
        self.kept = kept

    def save(self, count: int, recorded: bytes) -> None:
        self.kept.update(count=count, things=list(self.emulator.things))

    def restore(self, recorded: bytes) -> int:
        if not self.kept:
            raise Unusable("there is none")
        self.emulator.things = list(self.kept["things"])
        return int(self.kept["count"])


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
