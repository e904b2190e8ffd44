"""What of Terraform code is not known raises a doubt in the verdict: it never passes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from dharma.blueprint.resolution import resolve
from dharma.catalog import load_catalog
from dharma.costing.estimate import estimate
from dharma.costing.price_book import PriceBook
from dharma.guardrails.check import check
from dharma.guardrails.engine import PolicyEngine
from dharma.guardrails.library import load_policies
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.nodes import Unknown
from tests.unit.readers.terraform_folder import read

CATALOG = load_catalog()
GROUP = """
variable "ranges" { type = list(string) }
resource "aws_security_group" "web" {
  name = "web"
  ingress {
    description = "web"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
  %s
}
"""
DYNAMIC = """
  dynamic "ingress" {
    for_each = %s
    content {
      description = "ssh"
      from_port   = 22
      to_port     = 22
      protocol    = "tcp"
      cidr_blocks = [ingress.value]
    }
  }
"""
RULE = """
resource "aws_security_group_rule" "ssh" {
  %s
  security_group_id = aws_security_group.web.id
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = %s
}
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[PolicyEngine]:
    with PolicyEngine(load_policies()) as running:
        yield running


def outcome(engine: PolicyEngine, code: str) -> str:
    resolved = resolve(read(expand=True, main=code).blueprint, region="eu-west-1")
    verdict = check(resolved, CATALOG, engine)
    return {p.policy: p.outcome for p in verdict.policies}["aws_security_group_open_to_world"]


@pytest.mark.parametrize(
    ("inside", "beside", "expected"),
    [
        ("", "", "pass"),
        (DYNAMIC % '["10.0.0.0/8"]', "", "pass"),
        (DYNAMIC % '["10.0.0.0/8", "0.0.0.0/0"]', "", "fail"),
        (DYNAMIC % "var.ranges", "", "unknown"),
        (DYNAMIC % "toset(var.ranges)", "", "unknown"),
        (DYNAMIC % '[var.ranges[0], "10.0.0.0/8"]', "", "unknown"),
        (DYNAMIC % 'length(var.ranges) > 0 ? ["0.0.0.0/0"] : []', "", "unknown"),
        ("", RULE % ("", '["0.0.0.0/0"]'), "fail"),
        ("", RULE % ("", "var.ranges"), "unknown"),
        ("", RULE % ("for_each = toset(var.ranges)", "[each.value]"), "unknown"),
        ("", RULE % ("count = length(var.ranges)", "[var.ranges[count.index]]"), "unknown"),
    ],
    ids=[
        "no-more",
        "known-list",
        "known-list-open",
        "unknown-list",
        "unknown-set",
        "unknown-element",
        "unknown-switch",
        "rule-open",
        "rule-unknown",
        "rules-of-an-unknown-set",
        "rules-of-an-unknown-number",
    ],
)
def test_rules_that_nobody_knows_are_a_doubt(
    engine: PolicyEngine, inside: str, beside: str, expected: str
) -> None:
    assert outcome(engine, GROUP % inside + beside) == expected


def test_a_bucket_whose_settings_may_be_there_is_a_doubt(engine: PolicyEngine) -> None:
    code = """
variable "names" { type = set(string) }
resource "aws_s3_bucket" "b" {}
resource "aws_s3_bucket_versioning" "b" {
  for_each = var.names
  bucket   = aws_s3_bucket.b.id
  versioning_configuration { status = "Enabled" }
}
"""
    resolved = resolve(read(expand=True, main=code).blueprint, region="eu-west-1")
    outcomes = {p.policy: p.outcome for p in check(resolved, CATALOG, engine).policies}
    assert outcomes["aws_s3_bucket_versioning"] == "unknown"


def test_code_is_written_with_what_could_not_be_folded_beside_its_owner() -> None:
    code = GROUP % "" + RULE % ("for_each = toset(var.ranges)", "[each.value]")
    result = read(main=code)
    assert [r.type for r in result.blueprint.resources] == [
        "aws_security_group",
        "aws_security_group_rule",
    ]
    assert "Unknown" not in repr(result.blueprint.resources)
    told = [n.message for n in result.notes]
    assert told == [
        "not as a part of what it belongs to: it has a loop that its owner has not",
    ]
    assert [n.kind for n in result.notes] == ["passed_through"]


PARTLY = """
variable "more" { type = list(number) }
resource "aws_security_group" "g" {
  name = "g"
  %s
  dynamic "ingress" {
    for_each = %s
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}
"""
SSH = """
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
"""


@pytest.mark.parametrize(
    ("block", "elements", "outcome"),
    [
        (SSH, "var.more", "fail"),
        (SSH.replace("22", "443"), "var.more", "unknown"),
        ("", "concat([22], var.more)", "fail"),
        ("", "concat(var.more, [22])", "fail"),
        ("", "concat([443], var.more)", "unknown"),
        ("", "var.more", "unknown"),
    ],
)
def test_rules_that_are_known_are_judged_beside_those_that_are_not(
    block: str, elements: str, outcome: str, engine: PolicyEngine
) -> None:
    result = read(expand=True, main=PARTLY % (block, elements))
    resolved = resolve(result.blueprint, region="eu-west-1")
    outcomes = {p.policy: p.outcome for p in check(resolved, CATALOG, engine).policies}
    assert outcomes["aws_security_group_open_to_world"] == outcome


def test_an_element_that_is_not_known_stops_no_analysis(engine: PolicyEngine) -> None:
    """Of every kind, in every list whose elements may be known in part."""
    book = PriceBook.open()
    for provider in ("aws", "azure", "gcp"):
        lists = {
            (kind.name, bag.declared.name)
            for kind in CATALOG.kinds(provider)
            for mapping in kind.mappings.values()
            for bag in mapping.bags
            if bag.declared.holds_objects
        }
        made = tuple(
            Resource(kind, f"r{number}", {name: [Unknown("nobody said")]})
            for number, (kind, name) in enumerate(sorted(lists))
        )
        resolved = resolve(Blueprint("x", "1.0.0", provider, resources=made), region=None)
        estimate(resolved, book, today=date(2026, 11, 29))
        verdict = check(resolved, CATALOG, engine)
        assert not [p for p in verdict.policies if p.outcome == "error"]
