"""`update`: what runs, how to renew it, and that nobody is asked unless told to."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dharma import __version__
from dharma.core.errors import InvalidInput, Unavailable
from dharma_cli import newest
from dharma_cli.installation import installation
from dharma_cli.newest import newest_version

JSON = ("--format", "json")
Dharma = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DHARMA_UPDATE_URL", raising=False)


@pytest.fixture
def feed() -> Iterator[Callable[[str], str]]:
    """A server that tells a version at the address that it gives."""
    told = {"version": ""}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"tag_name": told["version"]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()

    def serve(version: str) -> str:
        told["version"] = version
        return f"http://127.0.0.1:{server.server_port}/latest"

    yield serve
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_says_what_runs_and_contacts_nobody(
    dharma: Dharma, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connected(*_: Any) -> None:
        raise AssertionError("something was contacted")

    monkeypatch.setattr(socket.socket, "connect", connected)
    monkeypatch.setenv("DHARMA_UPDATE_URL", "http://127.0.0.1:9/")
    out = dharma("update").out
    here = installation()
    assert out.startswith(f"iac-dharma {__version__}, {here.kind} in {here.place}\n")
    assert out.splitlines()[2:] == [f"  {command}" for command in here.commands]
    body = dharma("update", *JSON).json
    assert (body["version"], body["newest"], body["newer"]) == (__version__, None, None)


def test_a_newer_version_is_told(
    dharma: Dharma, feed: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DHARMA_UPDATE_URL", feed("v99.1.0"))
    out = dharma("update", "--check").out
    assert "99.1.0 is there.\nUpdate it with:\n" in out
    body = dharma("update", "--check", *JSON).json
    assert (body["newest"], body["newer"]) == ("99.1.0", True)


def test_without_a_newer_version_nothing_is_to_be_done(
    dharma: Dharma, feed: Callable[[str], str]
) -> None:
    for version in (__version__, "0.0.1", f"{__version__}-rc.1"):
        out = dharma("update", "--check", "--url", feed(version)).out
        assert f"The newest version is {version}." in out
        assert "Update it with" not in out


def test_no_address_is_built_in(dharma: Dharma) -> None:
    error = dharma("update", "--check", *JSON).error
    assert (error["code"], "DHARMA_UPDATE_URL" in error["message"]) == ("InvalidInput", True)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x/", "example.org"])
def test_only_http_addresses_are_asked(address: str) -> None:
    with pytest.raises(InvalidInput, match="is no http address"):
        newest_version(address)


def answering(body: bytes, status: int = 200) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(status, content=body))


@pytest.mark.parametrize(
    ("body", "version"),
    [
        (b'{"version": "1.2.3"}', "1.2.3"),
        (b'{"tag_name": "v1.2.3", "name": "x"}', "1.2.3"),
        (b'{"info": {"version": "1.2.3"}, "urls": []}', "1.2.3"),
    ],
)
def test_usual_ways_to_tell_a_version_are_understood(body: bytes, version: str) -> None:
    assert newest_version("https://example.org/", answering(body)) == version


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"version": 3}', b'{"version": "latest"}', b"[" * 9999, b"\xff",
     b'{"info": null}'],
    ids=repr,
)  # fmt: skip
def test_what_tells_no_version_is_said_so(body: bytes) -> None:
    with pytest.raises(Unavailable, match="does not tell a semantic version"):
        newest_version("https://example.org/", answering(body))


def test_failures_of_the_address_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match="404"):
        newest_version("https://example.org/", answering(b"{}", 404))
    monkeypatch.setattr(newest, "MAX_BYTES", 10)
    with pytest.raises(Unavailable, match="more than 10 bytes"):
        newest_version("https://example.org/", answering(b"x" * 11))


def test_a_package_is_renewed_by_pip(tmp_path: Path) -> None:
    package = tmp_path / "my env/lib/python3.13/site-packages/dharma"
    package.mkdir(parents=True)
    found = installation(package, str(tmp_path / "my env"))
    python = f"'{tmp_path}/my env/bin/python'"
    assert (found.kind, found.commands) == (
        "package",
        (f"{python} -m pip install --upgrade iac-dharma",),
    )


def test_a_linked_work_tree_is_a_checkout(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/run").touch()
    (tmp_path / ".git").write_text("gitdir: /elsewhere\n")
    found = installation(tmp_path / "layers/dharma/dharma")
    assert (found.kind, found.place) == ("checkout", tmp_path)
    assert found.commands[0] == f"git -C {tmp_path} pull --ff-only"
