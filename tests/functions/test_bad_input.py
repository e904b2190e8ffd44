"""Every route that takes a body, with everything of the table of bad input: problem details, 4xx,
with the line where there is one; nothing stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.bad_input import GOOD, HEAD, LARGE, TEXTS

TEXT_ROUTES = {
    "create": ("POST", "/blueprints", {}),
    "update": ("PUT", "/blueprints/{id}", {}),
    "import": ("POST", "/blueprints/import", {"filename": "bad.yaml"}),
    "generate": ("POST", "/iac/generate", {"format": "terraform"}),
    "judge": ("POST", "/guardrails/validate", {}),
    "estimate": ("POST", "/costing/estimate", {}),
    "plan": ("POST", "/deployments/plan", {"environment": "dev"}),
    "deploy": ("POST", "/deployments", {"environment": "dev"}),
}
OTHER_ROUTES = [
    ("POST", "/environments"),
    ("PUT", "/environments/dev"),
    ("POST", "/blueprints/{id}/versions"),
    ("POST", "/deployments/{deployment}/approve"),
    ("POST", "/deployments/{deployment}/reject"),
    ("POST", "/deployments/{deployment}/cancel"),
    ("POST", "/deployments/{deployment}/rollback"),
    ("POST", "/deployments/{deployment}/destroy"),
]


@pytest.fixture
def ids(api: Any) -> dict[str, str]:
    """One of each thing that a path can name."""
    assert api.call("POST", "/environments", {"name": "dev"}).status == 201
    made = api.call("POST", "/blueprints", {"content": GOOD})
    assert made.status == 201
    started = api.call("POST", "/deployments", {"content": GOOD, "environment": "dev"})
    assert started.status == 202
    return {"id": made.body["id"], "deployment": started.body["id"]}


def stored(api: Any) -> list[tuple[str, str, int]]:
    """Everything that is kept, the audit trail left out: refusals go on record."""
    rows = api.application.store._rows.items()
    return [(pk, sk, item.version) for (pk, sk), (item, _) in rows if "#AUDIT" not in pk]


def text_of(name: str) -> str:
    text = TEXTS[name].text
    if isinstance(text, str):
        return text
    # JSON is text: the bytes of a picture come as what somebody took them for.
    return text.decode("latin-1")


# The library takes blueprints alone: to it a template is a blueprint with many faults.
BLUEPRINTS_ALONE = {"create", "update"}
# Bytes that are wrong in a file, and in JSON are a text like any other.
RIGHT_AS_TEXT = {"latin-1"}


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in RIGHT_AS_TEXT])
def test_a_bad_text_is_refused_by_every_route(api: Any, ids: dict[str, str], name: str) -> None:
    bad, wrong = TEXTS[name], []
    before = stored(api)
    for route, (method, path, more) in TEXT_ROUTES.items():
        reply = api.call(method, path.format(**ids), {"content": text_of(name), **more})
        if stored(api) != before:
            wrong.append(f"{route}: something was stored")
        if not 400 <= reply.status < 500:
            wrong.append(f"{route}: {reply.status} {reply.text[:300]}")
            continue
        if not reply.body["requestId"] or reply.body["code"] != reply.code:
            wrong.append(f"{route}: no code or request id")
        if isinstance(bad.text, bytes) or (
            route in BLUEPRINTS_ALONE and not bad.text.startswith(HEAD)
        ):
            continue
        said = json.dumps(reply.body, ensure_ascii=False)
        if bad.says not in said.replace('\\"', '"'):
            wrong.append(f"{route}: {bad.says!r} is not said: {said[:400]}")
        if bad.line is not None:
            lines = [detail.get("line") for detail in reply.body["details"]]
            if bad.line not in lines:
                wrong.append(f"{route}: line {bad.line} is not among {lines}: {said[:300]}")
    assert not wrong, "\n".join(wrong)


BODIES: dict[str, str] = {
    "no JSON": "{",
    "half": '{"content": "apiV',
    "a list": "[1]",
    "a text": '"x"',
    "a number": "3",
    "null": "null",
    "YAML": "name: dev\n",
    "NaN": '{"name": NaN}',
    "a number without an end": '{"name": ' + "9" * 5000 + "}",
    "deep": '{"variables": ' + "[" * 100_000,
    "deep and closed": '{"variables": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "a lone surrogate": '{"name": "\\ud800"}',
    "NUL": '{"name": "a\\u0000b"}',
    "an unknown field": '{"nobody": 1}',
    "wrong types": '{"name": {}, "content": 3, "version": [], "variables": 1, "comment": {}}',
    "too large": json.dumps({"content": HEAD + "#" + "x" * (7 * 1024 * 1024)}),
}


# An environment that was read may be sent back, changed: what only the server writes is ignored.
PASSED_OVER = {
    ("PUT", "/environments/dev", name) for name in ("a lone surrogate", "NUL", "an unknown field")
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_none_is_refused_by_every_route(
    api: Any, ids: dict[str, str], name: str
) -> None:
    before, wrong = stored(api), []
    routes = [(method, path) for method, path, _ in TEXT_ROUTES.values()] + OTHER_ROUTES
    for method, path in routes:
        if (method, path, name) in PASSED_OVER:
            continue
        reply = api.call(method, path.format(**ids), BODIES[name])
        if not 400 <= reply.status < 500:
            wrong.append(f"{method} {path}: {reply.status} {reply.text[:200]}")
        elif not reply.body["requestId"] or not reply.body["detail"]:
            wrong.append(f"{method} {path}: no request id or no word")
        if stored(api) != before:
            wrong.append(f"{method} {path}: something was stored")
            before = stored(api)
    assert not wrong, "\n".join(wrong)


def test_a_body_of_50_mb_is_refused_without_being_read(api: Any, ids: dict[str, str]) -> None:
    reply = api.call("POST", "/blueprints", "x" * LARGE)
    assert (reply.status, reply.code) == (413, "LimitExceeded")
