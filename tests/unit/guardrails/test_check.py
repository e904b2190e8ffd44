"""Blueprint in, verdict out: the built-in library over the real catalog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import jsonschema
import pytest

from dharma.catalog.catalog import Catalog
from dharma.catalog.loading import load_kind_data
from dharma.guardrails.check import check
from dharma.guardrails.engine import PolicyEngine
from dharma.guardrails.exceptions import PolicyException
from dharma.guardrails.library import load_policies, policy_from_text
from dharma.guardrails.verdict import Verdict
from dharma.guardrails.verdict_schema import VERDICT
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance
from dharma.model.expressions.nodes import ResourceRef, Unknown, Value
from dharma.model.origin import Origin

CATALOG = Catalog(load_kind_data())
LATER = Unknown("var.environment has no value")


def _blueprint(**properties: dict[str, Value]) -> ResolvedBlueprint:
    """One resource per kind, each on a line of its own."""
    instances = tuple(
        ResourceInstance(f"{kind}.main", kind, "main", given, origin=Origin("web.yaml", line))
        for line, (kind, given) in enumerate(properties.items(), start=1)
    )
    return ResolvedBlueprint("web", "1.0.0", "aws", instances)


SOUND = _blueprint(
    aws_kms_key={"enable_key_rotation": True, "tags": {"team": "web"}},
    aws_s3_bucket={
        "versioning": {"enabled": True},
        "server_side_encryption": {
            "algorithm": "aws:kms",
            "kms_key": ResourceRef("aws_kms_key.main", ("arn",)),
        },
        "tags": {"team": "web"},
    },
    aws_db_instance={
        "instance_class": "db.t3.micro",
        "storage_encrypted": True,
        "backup_retention_period": 7,
        "password": "hunter22!",
        "tags": {"team": "web"},
    },
)
UNSOUND = _blueprint(
    aws_security_group={
        "ingress": [
            {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "0.0.0.0/0"},
            {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "0.0.0.0/0"},
        ],
        "tags": {"team": "web"},
    },
    aws_kms_key={"enable_key_rotation": LATER, "tags": {"team": "web"}},
)


@pytest.fixture(scope="module")
def engine() -> Iterator[PolicyEngine]:
    with PolicyEngine(load_policies()) as running:
        yield running


def _told(verdict: Verdict) -> list[tuple[str, str, str | None, int | None]]:
    return [(f.status, f.policy, f.path, f.line) for f in verdict.findings]


def test_a_sound_blueprint_passes_every_policy_that_applies(engine: PolicyEngine) -> None:
    verdict = check(SOUND, CATALOG, engine)
    assert _told(verdict) == []
    assert (verdict.outcome, verdict.blocking, verdict.resources) == ("pass", False, 3)
    outcomes = {p.policy: p.outcome for p in verdict.policies}
    assert outcomes["aws_kms_key_rotation"] == "pass"
    assert outcomes["aws_sqs_queue_encryption"] == "not_applicable"
    assert outcomes["monthly_budget"] == "not_applicable"
    assert set(outcomes.values()) == {"pass", "not_applicable"}


def test_an_unsound_blueprint_fails_with_place_and_doubt(engine: PolicyEngine) -> None:
    verdict = check(UNSOUND, CATALOG, engine)
    assert _told(verdict) == [
        ("fail", "aws_security_group_open_to_world", "ingress.0.cidr_ipv4", 1),
        ("unknown", "aws_kms_key_rotation", "enable_key_rotation", 2),
    ]
    assert verdict.findings[0].message == "0.0.0.0/0 may reach SSH (22)"
    assert "var.environment has no value" in verdict.findings[1].message
    assert verdict.blocking
    told = verdict.to_dict()
    jsonschema.Draft202012Validator(VERDICT).validate(told)
    assert told["summary"]["failures"] == 1


def test_an_exception_lets_it_pass_until_its_last_day(engine: PolicyEngine) -> None:
    bastion = PolicyException(
        "e1",
        "aws_security_group_open_to_world",
        "aws_security_group.main",
        "a bastion",
        "ada",
        date(2026, 12, 31),
    )

    def judged(today: date) -> Verdict:
        return check(UNSOUND, CATALOG, engine, exceptions=[bastion], today=today)

    verdict = judged(date(2026, 12, 31))
    assert (verdict.outcome, verdict.blocking) == ("unknown", False)
    assert verdict.to_dict()["summary"]["exempted"] == 1
    assert judged(date(2027, 1, 1)).blocking


PLAN = {
    "changes": [{"address": "aws_db_instance.main", "kind": "aws_db_instance", "action": "replace"}]
}
COST = {"totalMonthlyCost": 61.5, "currency": "USD", "unpriced": []}

ON_PLAN: list[tuple[str, dict[str, Any], list[str]]] = [
    ("a plan that keeps what there is", {"plan": {"changes": []}}, []),
    ("a plan that loses data", {"plan": PLAN}, ["data_loss"]),
    (
        "a plan that loses data with consent",
        {"plan": PLAN, "parameters": {"data_loss": {"allow": ["aws_db_instance.main"]}}},
        [],
    ),
    ("a price without a budget", {"cost": COST}, []),
    (
        "a price above the budget",
        {"cost": COST, "parameters": {"monthly_budget": {"amount": 50}}},
        ["monthly_budget"],
    ),
    (
        "a price within the budget",
        {"cost": COST, "parameters": {"monthly_budget": {"amount": 70}}},
        [],
    ),
]


@pytest.mark.parametrize(
    ("given", "policies"), [c[1:] for c in ON_PLAN], ids=[c[0] for c in ON_PLAN]
)
def test_plan_and_price_are_judged_beside_the_design(
    engine: PolicyEngine, given: dict[str, Any], policies: list[str]
) -> None:
    verdict = check(SOUND, CATALOG, engine, **given)
    assert [f.policy for f in verdict.findings] == policies


def test_a_resource_that_may_not_exist_only_raises_doubts(engine: PolicyEngine) -> None:
    perhaps = replace(UNSOUND, resources=tuple(replace(r, exists=None) for r in UNSOUND.resources))
    assert check(perhaps, CATALOG, engine).outcome == "unknown"


def test_a_policy_for_terraform_plans_judges_a_blueprint() -> None:
    text = """package main

deny[msg] {
  change := input.resource_changes[_]
  change.type == "aws_db_instance"
  change.change.after.instance_class == "db.t3.micro"
  msg := sprintf("%s is too small", [change.address])
}
"""
    library = load_policies(built_in=False)
    library += type(library)((policy_from_text(text, "small.rego"),))
    with PolicyEngine(library) as running:
        verdict = check(SOUND, CATALOG, running)
    assert [f.message for f in verdict.findings] == ["aws_db_instance.main is too small"]


def test_a_part_of_what_is_elsewhere_is_judged_by_what_it_says(engine: PolicyEngine) -> None:
    rule: dict[str, Value] = {
        "GroupId": LATER, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"
    }  # fmt: skip
    verdict = check(_blueprint(**{"AWS::EC2::SecurityGroupIngress": rule}), CATALOG, engine)
    assert _told(verdict) == [
        ("fail", "aws_security_group_open_to_world", "ingress.0.cidr_ipv4", 1)
    ]


def test_of_a_part_of_what_is_elsewhere_only_its_own_doubts_count(engine: PolicyEngine) -> None:
    """A policy of a bucket says nothing about the bucket's encryption, and nobody asks for it."""
    document: Value = {"Statement": {"Effect": "Allow", "Principal": LATER, "Action": "s3:*"}}
    given: dict[str, Value] = {"bucket": "assets", "policy": document}
    verdict = check(_blueprint(aws_s3_bucket_policy=given), CATALOG, engine)
    assert [(f.policy, f.status) for f in verdict.findings] == [
        ("aws_s3_bucket_public_policy", "unknown")
    ]
    outcomes = {result.policy: result.outcome for result in verdict.policies}
    assert outcomes["aws_s3_bucket_versioning"] == "not_applicable"
