"""The schema for editors: a valid schema, which takes what the validation takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml

from dharma.blueprint.schema import json_schema
from dharma.catalog import load_catalog
from dharma.model.blueprint import Provider

EXAMPLES = sorted(Path(__file__).parents[3].glob("examples/**/*.yaml"))
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
