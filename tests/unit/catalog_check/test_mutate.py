"""The mutation harness breaks what it says it breaks, and its judge notices and overlooks."""

from __future__ import annotations

import pytest

from dharma.catalog.loading import load_kind_data
from scripts.catalog_check.mutate import FACTS, judge
from scripts.catalog_check.mutations import Mutation, mutations

DATA = load_kind_data()


def of(kind: str) -> dict[str, Mutation]:
    return {str(mutation): mutation for mutation in mutations(DATA[kind])}


def test_every_mutation_changes_one_thing_and_leaves_the_catalog_alone() -> None:
    before = repr(DATA["aws_s3_bucket"])
    found = list(mutations(DATA["aws_s3_bucket"]))
    assert len(found) > 200
    assert all(mutation.data != DATA["aws_s3_bucket"] for mutation in found)
    assert repr(DATA["aws_s3_bucket"]) == before


@pytest.mark.parametrize(
    ("kind", "mutation", "verdict"),
    [
        ("aws_sqs_queue", "drop rule cloudformation.map.delay_seconds", "schemas"),
        ("aws_sqs_queue", "swap attributes cloudformation.attributes.name/url", "schemas"),
        ("aws_cloudtrail", "drop attribute cloudformation.attributes.id", "schemas"),
        ("aws_subnet", "drop property properties.vpc_id", "loading"),
        ("aws_kms_key", "drop rule terraform.map.policy", "example"),
        ("aws_sqs_queue", "drop default properties.delay_seconds.default", None),
    ],
)
def test_the_judge_names_the_check_that_notices(
    kind: str, mutation: str, verdict: str | None
) -> None:
    found = of(kind)
    assert mutation in found, [name for name in found if name.split()[:2] == mutation.split()[:2]]
    assert judge(found[mutation], kind, DATA) == verdict


def test_what_survives_in_a_small_kind_are_facts_that_no_schema_tells() -> None:
    survivors = [
        str(mutation)
        for mutation in mutations(DATA["aws_kms_alias"])
        if mutation.operator not in FACTS and judge(mutation, "aws_kms_alias", DATA) is None
    ]
    assert survivors == []
