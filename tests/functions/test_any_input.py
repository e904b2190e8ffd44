"""Whatever is sent, the answer is a success or a problem of the caller's: never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_names = st.sampled_from(
    [
        "content",
        "blueprintId",
        "name",
        "variables",
        "environment",
        "format",
        "usage",
        "provider",
        "region",
        "version",
        "policyMode",
        "approvers",
        "webhook",
        "credentials",
        "comment",
        "mode",
    ]
)
_texts = st.text(max_size=20) | st.sampled_from(
    ["apiVersion: dharma/v1\nkind: Blueprint\n", "{", "Resources: {}", "\0", "${", "a: &a [*a]"]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names | _texts, inner, max_size=3),
    max_leaves=8,
)
_bodies = st.dictionaries(_names, _json, max_size=5)
_anything = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ROUTES = [
    ("POST", "/blueprints"),
    ("POST", "/blueprints/import"),
    ("POST", "/environments"),
    ("PUT", "/environments/dev"),
    ("POST", "/iac/generate"),
    ("POST", "/guardrails/validate"),
    ("POST", "/costing/estimate"),
    ("POST", "/deployments"),
    ("POST", "/deployments/01ARYZ6S41TSV4RRFFQ69G5FAV/rollback"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=str)
@_anything
@given(body=_bodies | _json)
def test_any_body_is_answered(api: Any, method: str, path: str, body: Any) -> None:
    api.call("POST", "/environments", {"name": "dev"})
    assert api.call(method, path, json.dumps(body)).status < 500


ANALYSES = ["/iac/generate", "/guardrails/validate", "/costing/estimate", "/deployments"]
TEXT = """\
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
variables:
  - {name: text, type: string, default: x}
  - {name: number, type: number, default: 1}
  - {name: things, type: list(string), default: []}
  - {name: tags, type: map(string), default: {}}
resources:
  - name: jobs
    type: aws_sqs_queue
    count: ${var.number}
    properties:
      name: jobs-${var.text}
      delay_seconds: ${var.number}
      tags: ${var.tags}
"""
_values = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(["text", "number", "things", "tags", "nobody"], _json)
)


@pytest.mark.parametrize("path", ANALYSES)
@_anything
@given(variables=_values, region=st.none() | st.text(max_size=10))
def test_any_values_for_a_blueprint_are_answered(
    api: Any, path: str, variables: dict[str, Any], region: str | None
) -> None:
    api.call("POST", "/environments", {"name": "dev"})
    body = {"content": TEXT, "variables": variables, "region": region}
    if path == "/deployments":
        body["environment"] = "dev"
    assert api.call("POST", path, json.dumps(body)).status < 500


@_anything
@given(body=st.text(max_size=60))
def test_any_text_is_answered(api: Any, body: str) -> None:
    assert api.call("POST", "/blueprints", body).status < 500


@_anything
@given(
    segment=st.text(
        alphabet=st.characters(exclude_characters="/?#", exclude_categories=["Cs"]),
        min_size=1,
        max_size=30,
    ),
    query=st.text(max_size=20),
)
def test_any_path_and_query_are_answered(api: Any, segment: str, query: str) -> None:
    for place in ("/blueprints/%s", "/blueprints/%s/versions/%s", "/environments/%s"):
        path = place.replace("%s", segment)
        event = api.event("GET", path)
        event["queryStringParameters"] = {"cursor": query, "limit": query, query: query}
        assert api.send(path, event).status < 500
