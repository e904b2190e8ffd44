"""The schema for editors: a valid schema, which takes what the validation takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml

from dharma.blueprint.schema import json_schema
from dharma.catalog import load_catalog
from dharma.model.blueprint import Provider

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted([*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("templates/*/*.yaml")])
HEAD = {
    "apiVersion": "dharma/v1",
    "kind": "Blueprint",
    "name": "web",
    "version": "1.0.0",
    "provider": "aws",
}


@pytest.fixture(scope="module")
def validators() -> dict[str, Any]:
    found = {}
    for provider in (p for p in get_args(Provider) if load_catalog().names(p)):
        schema = json_schema(load_catalog(), provider)
        jsonschema.Draft202012Validator.check_schema(schema)
        found[provider] = jsonschema.Draft202012Validator(schema)
    return found


@pytest.fixture(scope="module")
def validator(validators: dict[str, Any]) -> Any:
    return validators["aws"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_the_examples_fit_the_schema(path: Path, validators: dict[str, Any]) -> None:
    document = yaml.safe_load(path.read_bytes())
    assert [e.message for e in validators[document["provider"]].iter_errors(document)] == []


@pytest.mark.parametrize(
    ("resource", "fits"),
    [
        ({"type": "aws_s3_bucket", "properties": {"bucket": "a"}}, True),
        ({"type": "aws_s3_bucket", "properties": {"bucket": "${var.x}"}}, True),
        ({"type": "aws_s3_bucket", "properties": {"versioning": "${var.x}"}}, True),
        ({"type": "aws_glue_job", "properties": {"any": "thing"}}, True),
        ({"type": "aws_kms_key", "count": "${var.x}"}, True),
        ({"type": "aws_s3_bucket", "properties": {"buket": "a"}}, False),
        ({"type": "aws_s3_bucket", "properties": {"versioning": {"enabled": "perhaps"}}}, False),
        ({"type": "aws_s3_bucket", "properties": {"acl": "everyone"}}, False),
        ({"type": "aws_s3_bucket", "properties": {"tags": {"a": ["b"]}}}, False),
        ({"type": "aws_subnet"}, False),
        ({"type": "bucket"}, False),
        ({"type": "aws_kms_key", "count": -1}, False),
        ({"type": "aws_kms_key", "propertys": {}}, False),
    ],
)
def test_resources_are_checked_by_their_kind(
    resource: dict[str, Any], fits: bool, validator: Any
) -> None:
    document = {**HEAD, "resources": [{"name": "a", **resource}]}
    assert validator.is_valid(document) is fits


@pytest.mark.parametrize("provider", ["azure", "gcp"])
@pytest.mark.parametrize(
    ("kind", "properties", "fits"),
    [
        ("first", {}, None),
        ("aws_s3_bucket", {"bucket": "a"}, False),
        ("first", {"nonsense": True}, False),
    ],
)
def test_every_cloud_has_a_schema_of_its_own(
    provider: str,
    kind: str,
    properties: dict[str, Any],
    fits: bool | None,
    validators: dict[str, Any],
) -> None:
    first = {"azure": "azurerm_resource_group", "gcp": "google_compute_network"}[provider]
    resource = {"name": "a", "type": first if kind == "first" else kind, "properties": properties}
    document = {**HEAD, "provider": provider, "resources": [resource]}
    if fits is None:
        wanted = {"name": "a", "location": "westeurope"} if provider == "azure" else {"name": "a"}
        assert not validators[provider].is_valid(document)
        document["resources"] = [{**resource, "properties": wanted}]
        assert validators[provider].is_valid(document)
    else:
        assert validators[provider].is_valid(document) is fits


def test_a_schema_is_small_enough_to_be_loaded_by_an_editor() -> None:
    """300 kB for the most kinds; editors take schemas of several megabytes."""
    for provider in get_args(Provider):
        assert len(json.dumps(json_schema(load_catalog(), provider))) < 1_000_000
