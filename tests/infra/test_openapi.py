"""The description of the API against the template and against what the functions do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from dharma.sso.roles import PUBLIC, ROUTES
from functions.monitoring.answers import ANSWERS
from functions.monitoring.openapi import openapi_document


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_it_describes_exactly_the_routes_of_the_template(document: dict[str, Any]) -> None:
    # That these are the template's routes is tests/infra/test_template.py.
    assert set(operations(document)) == set(ROUTES) | PUBLIC


def test_every_operation_says_who_may_call_and_how_it_fails(document: dict[str, Any]) -> None:
    for route, operation in operations(document).items():
        assert ("security" in operation) == (route not in PUBLIC), route
        assert operation.get("x-permission") == ROUTES.get(route), route
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert operation["summary"], route
        assert operation["tags"], route


def test_every_success_is_described(document: dict[str, Any]) -> None:
    assert set(ANSWERS) == set(ROUTES) | PUBLIC
    for route, operation in operations(document).items():
        status, shape = ANSWERS[route]
        assert ("content" in operation["responses"][str(status)]) == (shape is not None), route


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations(document).values()]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
            return own.union(*(references(value) for value in node.values()))
        if isinstance(node, list):
            return set().union(*(references(value) for value in node))
        return set()

    found = references(document)
    assert "#/components/schemas/Problem" in found
    schemas = document["components"]["schemas"]
    assert {ref.removeprefix("#/components/schemas/") for ref in found} <= set(schemas)


def test_bodies_are_in_camel_case(document: dict[str, Any]) -> None:
    bodies = [s for n, s in document["components"]["schemas"].items() if n.endswith("Body")]
    names = {name for schema in bodies for name in schema["properties"]}
    assert {"blueprintId", "autoApprove", "policyMode"} <= names
    assert not any("_" in name for name in names)


def test_it_is_json_and_says_its_version(document: dict[str, Any]) -> None:
    assert json.loads(json.dumps(document))["openapi"].startswith("3.")


def test_every_process_writes_the_same_text() -> None:
    """Its digest is what a caller's cache asks about, whichever process answers."""
    code = "from functions.monitoring.openapi import openapi_text; print(openapi_text())"
    written = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(written) == 1
