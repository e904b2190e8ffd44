"""Documents that are the same for everybody: their tag, 304, and the copy that all share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import functions.documents
from dharma import bootstrap
from dharma.adapters.local.memory_cache import MemoryCache
from dharma.bootstrap import Application
from dharma.core.clock import FixedClock

ROUTES = ["/openapi.json", "/blueprints/schema", "/blueprints/schema?provider=gcp"]


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    functions.documents.forget()
    yield
    functions.documents.forget()


@pytest.mark.parametrize("path", ROUTES)
def test_who_has_the_document_is_told_so(api: Any, path: str) -> None:
    full = api.call("GET", path)
    tag = full.headers["etag"]
    assert json.loads(full.text)
    for condition in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        reply = api.call("GET", path, headers={"If-None-Match": condition})
        assert (reply.status, reply.text, reply.headers["etag"]) == (304, "", tag)
    for condition in ('"other"', tag.strip('"'), ""):
        assert api.call("GET", path, headers={"If-None-Match": condition}).text == full.text


def test_proxies_keep_only_what_needs_no_token(api: Any) -> None:
    control = {path: api.call("GET", path).headers["cache-control"] for path in ROUTES[:2]}
    assert control == {
        "/openapi.json": "public, max-age=300",
        "/blueprints/schema": "private, max-age=300",
    }


def test_a_tag_opens_nothing_without_a_token(api: Any) -> None:
    tag = api.call("GET", "/blueprints/schema").headers["etag"]
    headers = {"If-None-Match": tag}
    reply = api.call("GET", "/blueprints/schema", headers=headers, anonymous=True)
    assert reply.status == 401


def test_each_provider_has_a_schema_of_its_own(api: Any) -> None:
    aws, gcp = (api.call("GET", f"/blueprints/schema?provider={p}").text for p in ("aws", "gcp"))
    assert aws != gcp
    assert api.call("GET", "/blueprints/schema").text == aws


def test_one_process_writes_it_and_the_others_take_the_copy(
    make_application: Callable[..., Application], api: Any, clock: FixedClock
) -> None:
    cache = MemoryCache(clock)
    bootstrap.use(make_application(cache=cache))
    first = api.call("GET", "/blueprints/schema").text
    key = f"document/blueprint-schema-aws/{functions.documents.version()}"
    assert cache.get(key) == first.encode()
    cache.set(key, b'{"from": "the cache"}', seconds=60)
    assert api.call("GET", "/blueprints/schema").text == first
    functions.documents.forget()
    assert api.call("GET", "/blueprints/schema").text == '{"from": "the cache"}'


def test_another_version_has_another_tag_and_takes_no_old_copy(
    make_application: Callable[..., Application],
    api: Any,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache = MemoryCache(clock)
    bootstrap.use(make_application(cache=cache))
    before = api.call("GET", "/blueprints/schema")
    key = f"document/blueprint-schema-aws/{functions.documents.version()}"
    cache.set(key, b'{"from": "before"}', seconds=60)
    functions.documents.forget()
    monkeypatch.setattr(functions.documents, "version", lambda: "next")
    tag = before.headers["etag"]
    after = api.call("GET", "/blueprints/schema", headers={"If-None-Match": tag})
    assert (after.status, after.headers["etag"], after.text) == (200, '"next"', before.text)


def test_the_version_is_that_of_the_contents(tmp_path: Path) -> None:
    source = tmp_path / "pkg" / "kind.yaml"
    source.parent.mkdir()
    source.write_text("a: 1")
    digest_of = functions.documents.digest_of
    one = digest_of([tmp_path])
    assert digest_of([tmp_path]) == one
    source.write_text("a: 2")
    two = digest_of([tmp_path])
    source.rename(source.with_name("other.yaml"))
    three = digest_of([tmp_path])
    assert len({one, two, three}) == 3
    (tmp_path / "__compiled__").mkdir()
    (tmp_path / "__compiled__" / "kinds.json").write_text("{}")
    assert digest_of([tmp_path]) == three
