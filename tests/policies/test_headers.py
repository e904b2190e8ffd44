"""What every built-in policy promises about itself."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dharma.catalog.catalog import Catalog
from dharma.catalog.loading import load_kind_data
from dharma.guardrails.header import read_header
from dharma.guardrails.library import EVERY_KIND, load_policies
from dharma.guardrails.rewriting import rewrite
from dharma.guardrails.verdict import CATEGORIES, SEVERITIES

ROOT = Path(__file__).resolve().parents[2] / "policies"
POLICIES = load_policies(root=ROOT).policies
LIBRARY = sorted((ROOT / "lib").glob("*.rego"))
os.environ["RUST_BACKTRACE"] = "0"

each_policy = pytest.mark.parametrize("policy", POLICIES, ids=[p.id for p in POLICIES])


def _tree(text: str) -> dict[str, Any]:
    import regorus

    engine = regorus.Engine()
    engine.add_policy("policy.rego", text)
    tree: dict[str, Any] = json.loads(engine.get_ast_as_json())[0]["ast"]
    return tree


def test_there_are_at_least_fifteen_policies_and_all_categories_have_one() -> None:
    assert len(POLICIES) >= 15
    assert {policy.category for policy in POLICIES} == set(CATEGORIES)


def test_no_two_policies_share_an_id() -> None:
    assert len({policy.id for policy in POLICIES}) == len(POLICIES)


@each_policy
def test_a_header_is_complete(policy: Any) -> None:
    assert policy.title
    assert policy.title != policy.id
    assert policy.description
    assert policy.remediation
    assert policy.severity in SEVERITIES
    assert policy.source.startswith("https://")
    assert policy.kinds or policy.needs, "it names its kinds, or the part of the input it needs"


@each_policy
def test_the_file_stands_where_its_id_and_category_say(policy: Any) -> None:
    category, _, name = policy.path.split("/")
    assert (category, name) == (policy.category, f"{policy.id}.rego")
    assert re.search(rf"^package dharma\.{policy.id}$", policy.text, re.MULTILINE)


@each_policy
def test_the_header_says_the_same_to_a_yaml_parser(policy: Any) -> None:
    block = re.search(r"^# METADATA\n((?:#.*\n)+)", policy.text, re.MULTILINE)
    assert block is not None
    parsed = yaml.safe_load("\n".join(line[2:] for line in block.group(1).splitlines()))
    flat = {**{k: v for k, v in parsed.items() if k != "custom"}, **parsed["custom"]}
    ours = {k: v for k, v in read_header(policy.text).items() if k != "custom"}
    assert ours == flat


@each_policy
def test_the_kinds_are_in_the_catalog(policy: Any) -> None:
    catalog = Catalog(load_kind_data())
    assert [k for k in policy.kinds if k != EVERY_KIND and catalog.kind(k) is None] == []


@pytest.mark.parametrize("text", [p.text for p in POLICIES] + [f.read_text() for f in LIBRARY])
def test_our_own_modules_are_written_so_that_nothing_has_to_be_rewritten(text: str) -> None:
    assert rewrite(text, _tree) == text


@each_policy
def test_a_value_is_never_negated_because_an_unknown_one_would_pass_for_false(policy: Any) -> None:
    assert "not lib.value" not in policy.text
