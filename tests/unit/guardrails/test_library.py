"""Policies on disk: what is found, what is read of it, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from dharma.core.errors import InvalidInput, LimitExceeded
from dharma.guardrails.header import read_header
from dharma.guardrails.library import MAX_POLICY_BYTES, load_policies, policy_from_text

HEADED = """# Copyright of somebody
# METADATA
# scope: package
# title: Queues are named
# description: One line
#   and another: with a colon
# related_resources:
#   - https://example.org/queues
#   - https://example.org/names
# custom:
#   id: named
#   severity: low
#   category: best-practice
#   kinds: [aws_sqs_queue, "aws_sns_topic"]
#   remediation: Name it.
package team.named

deny contains "x"
"""


def test_a_header_is_read_with_its_lists_and_continued_lines() -> None:
    policy = policy_from_text(HEADED, "named.rego")
    assert (policy.id, policy.title, policy.severity) == ("named", "Queues are named", "low")
    assert policy.category == "best-practice"
    assert policy.kinds == ("aws_sqs_queue", "aws_sns_topic")
    assert policy.description == "One line and another: with a colon"
    assert policy.source == "https://example.org/queues"
    assert policy.remediation == "Name it."


def test_a_policy_without_a_header_is_known_by_its_package_and_blocks() -> None:
    policy = policy_from_text("# package no.this\npackage a.b\n\ndeny contains 1\n", "f.rego")
    assert (policy.id, policy.title, policy.severity, policy.kinds) == ("a.b", "a.b", "high", ())
    assert read_header("package a\n") == {}


def test_a_severity_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'huge' is none of critical, high, medium, low"):
        policy_from_text(HEADED.replace("low", "huge"), "named.rego")


def test_a_folder_gives_its_policies_without_their_examples(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.rego").write_text("package a\n\ndeny contains 1\n")
    (tmp_path / "a_test.rego").write_text("package a_test\n\ntest_x if true\n")
    (tmp_path / "readme.md").write_text("no policy")
    assert [p.id for p in load_policies([tmp_path], built_in=False).policies] == ["a"]


def test_users_policies_stand_beside_the_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.rego").write_text(HEADED)
    library = load_policies([tmp_path / "mine.rego"])
    assert library.get("named") is not None
    assert library.get("aws_kms_key_rotation") is not None
    assert [p.id for p in library.only(["named"]).policies] == ["named"]
    assert library.without(["named"]).get("named") is None


def test_a_file_given_twice_is_loaded_once(tmp_path: Path) -> None:
    (tmp_path / "mine.rego").write_text(HEADED)
    library = load_policies([tmp_path, tmp_path / "mine.rego"], built_in=False)
    assert len(library.policies) == 1


def test_a_policy_that_is_asked_for_and_not_there_is_named() -> None:
    with pytest.raises(InvalidInput, match="there is no policy aws_kms_key_rotatoin"):
        load_policies().only(["aws_kms_key_rotatoin"])


def test_what_cannot_be_read_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such policy file"):
        load_policies([tmp_path / "missing"], built_in=False)
    with pytest.raises(InvalidInput, match=r"no \.rego file"):
        load_policies([tmp_path], built_in=False)
    latin = tmp_path / "latin.rego"
    latin.write_bytes("package é".encode("latin-1"))
    with pytest.raises(InvalidInput, match=r"latin\.rego: not UTF-8"):
        load_policies([latin], built_in=False)
    large = tmp_path / "large.rego"
    large.write_text("package a\n" + "#" * MAX_POLICY_BYTES)
    with pytest.raises(LimitExceeded, match="a policy may have"):
        load_policies([large], built_in=False)


@pytest.mark.parametrize(
    ("body", "reads"),
    [
        ("deny contains 1 if input.resource_changes", True),
        ("deny contains 1 if input.planned_values", True),
        ('deny contains 1 if input["configuration"]', True),
        ("deny contains 1 if walk(input, [_, 1])", True),
        ("deny contains 1 if { some x in input }", True),
        ("deny contains 1 if f(input)", True),
        ("deny contains 1 if input.resources.aws_x", False),
        ("# resource_changes\ndeny contains 1 if input.cost", False),
        ("import data.dharma.lib\ndeny contains 1 if lib.resources(1)", False),
    ],
)
def test_terraforms_shape_is_only_made_for_policies_that_may_look_at_it(
    body: str, reads: bool
) -> None:
    assert policy_from_text(f"package a\n\n{body}\n", "a.rego").reads_plan_shape is reads


def test_no_built_in_policy_needs_terraforms_shape() -> None:
    assert not load_policies().reads_plan_shape
