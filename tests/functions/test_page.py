"""The page at `/docs`: complete, closed to the outside, and what its buttons send."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dharma import __version__
from dharma.sso.roles import PUBLIC, ROUTES
from functions.monitoring.openapi import openapi_document
from functions.monitoring.page import content_security_policy, page_of

# Attributes that make a browser load or run something.
LOADING = {"src", "srcset", "href", "action", "formaction", "data", "poster", "background", "style"}
VOID = {"meta", "input", "br", "link", "img", "hr"}


class Read(HTMLParser):
    """Elements with their attributes, and the text of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.text += data


@pytest.fixture
def page(api: Any) -> Any:
    return api.call("GET", "/docs", anonymous=True)


def test_it_needs_no_token_and_is_html(page: Any) -> None:
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    read = Read(page.text)
    assert read.open == []
    assert f"IAC Dharma {__version__}" in read.text
    assert "@" not in re.sub(r"[^@\s]+@[^@\s]+\.", "", read.text)


def test_it_names_every_route_with_its_permission(page: Any) -> None:
    found = re.findall(r"<summary><b>([A-Z]+)</b> <code>(/[^<]*)</code>", page.text)
    assert {f"{method} {path}" for method, path in found} == set(ROUTES) | PUBLIC
    for permission in set(ROUTES.values()):
        assert f"Needs the permission {permission}." in page.text


def test_every_schema_is_there_and_every_link_leads_to_one(page: Any) -> None:
    read = Read(page.text)
    places = {a["id"] for _, a in read.elements if "id" in a}
    schemas = openapi_document()["components"]["schemas"]
    assert {f"schema-{name}" for name in schemas} <= places
    links = [a["href"] or "" for tag, a in read.elements if tag == "a"]
    assert len([link for link in links if link.startswith("#schema-")]) > 20
    assert all(link == "openapi.json" or link.removeprefix("#") in places for link in links)
    for schema in schemas.values():
        for name in schema.get("properties", {}):
            assert f"<code>{name}</code>" in page.text


def test_what_only_reads_can_be_tried_and_nothing_else(page: Any) -> None:
    forms = {a["data-path"] for _, a in Read(page.text).elements if "data-path" in a}
    readable = {r.removeprefix("GET ") for r in {*ROUTES, *PUBLIC} if r.startswith("GET ")}
    assert forms == readable


def test_it_asks_for_nothing_from_anywhere(page: Any) -> None:
    for tag, attributes in Read(page.text).elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "video", "audio"}
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in LOADING:
                assert (tag, name) == ("a", "href")
                assert value == "openapi.json" or (value or "").startswith("#")
    assert not re.search(
        r"@import|url\(|https?://", re.sub(r"<main>.*</main>", "", page.text, flags=re.DOTALL)
    )


def test_the_policy_of_the_page_allows_its_own_script_and_style_alone(page: Any) -> None:
    policy = {
        name: words
        for name, *words in (
            part.split() for part in page.headers["content-security-policy"].split(";")
        )
    }
    for kind in ("script", "style"):
        (body,) = re.findall(rf"<{kind}>(.*?)</{kind}>", page.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert policy.pop(f"{kind}-src") == [f"'sha256-{digest}'"]
    assert policy == {
        "default-src": ["'none'"],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"


def test_what_stands_in_a_description_is_text() -> None:
    hostile = "</summary><script>alert(1)</script>\"'<style>*{}</style>@operations@"
    document = openapi_document()
    document["info"]["description"] = hostile
    operation = document["paths"]["/health"]["get"]
    operation["summary"] = operation["operationId"] = hostile
    operation["parameters"] = [
        {"name": hostile, "in": "query", "description": hostile, "schema": {"enum": [hostile]}}
    ]
    document["components"]["schemas"][hostile] = {"description": hostile, "type": hostile}
    text = page_of(document)
    read = Read(text)
    assert read.open == []
    assert [tag for tag, _ in read.elements if tag in ("script", "style")] == ["style", "script"]
    assert read.text.count(hostile) >= 5
    assert content_security_policy(text) == content_security_policy(page_of(openapi_document()))


# A document of one form, as far as the page's script looks at it.
BROWSER = """
const places = {token: {value: %(token)s}, filter: {addEventListener() {}},
                words: {addEventListener() {}}};
const out = {textContent: ""};
const form = {dataset: {path: %(path)s}, elements: %(elements)s, querySelector: () => out,
              addEventListener: (_, act) => { form.submit = act; }};
globalThis.location = {pathname: %(place)s};
globalThis.document = {getElementById: (id) => places[id], querySelectorAll: () => [form]};
let asked = [];
globalThis.fetch = async (url, options) => {
  asked.push({url, ...options});
  return {status: 404, text: async () => '{"code":"NotFound"}'};
};
%(script)s
let prevented = false;
form.submit({preventDefault() { prevented = true; }}).then(
  () => console.log(JSON.stringify({asked, prevented, shown: out.textContent})));
"""


def send(page: Any, **parts: Any) -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no JavaScript engine here")
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    stated = {name: json.dumps(value) for name, value in parts.items()}
    program = BROWSER % {**stated, "script": script.replace('"use strict";', "")}
    done = subprocess.run(
        [node, "-e", program], capture_output=True, text=True, timeout=30, check=True
    )
    return json.loads(done.stdout)


def test_a_button_sends_what_its_fields_say(page: Any) -> None:
    fields = [
        {"name": "id", "value": "a/b c", "dataset": {"in": "path"}},
        {"name": "limit", "value": "5&x=1", "dataset": {"in": "query"}},
        {"name": "cursor", "value": "", "dataset": {"in": "query"}},
        {"name": "", "dataset": {}},
    ]
    sent = send(
        page, place="/prod/docs", token=" abc ", path="/blueprints/{id}/versions", elements=fields
    )
    assert sent["prevented"] is True
    (asked,) = sent["asked"]
    assert asked["url"] == "/prod/blueprints/a%2Fb%20c/versions?limit=5%26x%3D1"
    assert asked["headers"] == {"accept": "application/json, */*", "authorization": "Bearer abc"}
    assert asked["credentials"] == "omit"
    assert sent["shown"].endswith('404\n\n{\n  "code": "NotFound"\n}')


def test_without_a_token_none_is_sent(page: Any) -> None:
    (asked,) = send(page, place="/docs", token="", path="/health", elements=[])["asked"]
    assert (asked["url"], "authorization" in asked["headers"]) == ("/health", False)


def test_its_template_goes_where_the_function_goes() -> None:
    makefile = (Path(__file__).parents[2] / "functions/Makefile").read_text()
    (files,) = re.findall(r"^files_MonitoringFunction = (.*)$", makefile, re.MULTILINE)
    assert "monitoring/*.html" in files.split()
