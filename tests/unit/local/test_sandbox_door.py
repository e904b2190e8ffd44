"""No page in a browser reaches the practice account; the SDKs do."""

from __future__ import annotations

from typing import Any

import pytest

from dharma_local.sandbox.door import Door


def status(**headers: str) -> str:
    said: list[str] = []

    def account(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"let in"]

    environ = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    body = b"".join(Door(account)(environ, lambda status, _: said.append(status)))
    assert (body == b"let in") is (said == ["200 OK"])
    return said[0][:3]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4566",
        "localhost:4566",
        "LOCALHOST",
        "[::1]:4566",
        "bucket.localhost:4566",
        "s3.eu-west-1.amazonaws.com",
    ],
)
def test_programs_are_let_in_by_every_name_of_this_machine(host: str) -> None:
    assert status(host=host) == "200"


def test_a_program_that_names_no_host_is_let_in() -> None:
    assert status() == "200"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "192.168.1.7:4566", "amazonaws.com.evil", ""]
)
def test_a_page_that_made_its_name_mean_this_machine_is_refused(host: str) -> None:
    assert status(host=host) == "403"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:5173", ""])
def test_a_page_of_another_origin_is_refused(origin: str) -> None:
    assert status(host="127.0.0.1:4566", origin=origin) == "403"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_page_of_another_site_shows_is_refused(site: str) -> None:
    assert status(host="127.0.0.1:4566", sec_fetch_site=site) == "403"


def test_the_emulators_own_page_works() -> None:
    own = {"host": "127.0.0.1:4566", "sec_fetch_site": "same-origin"}
    assert status(**own, origin="http://127.0.0.1:4566") == "200"
    assert status(host="127.0.0.1:4566", sec_fetch_site="none") == "200"
