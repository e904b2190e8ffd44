"""`ignore_changes` in the names of blueprints and in Terraform's."""

from __future__ import annotations

import pytest

from dharma.blueprint.validation import review
from dharma.catalog import load_catalog
from dharma.catalog.ignored_changes import IgnoredChanges
from dharma.generator import generate
from tests.unit.readers.terraform_folder import read, resources

CATALOG = load_catalog()
BUCKET = """
resource "aws_s3_bucket" "b" {
  bucket = "b"

  lifecycle {
    ignore_changes = [tags["Name"], object_lock_enabled]
  }
}

resource "aws_s3_bucket_versioning" "b" {
  bucket = aws_s3_bucket.b.id

  versioning_configuration {
    status = "Enabled"
  }

  lifecycle {
    ignore_changes = [versioning_configuration[0].status]
  }
}
"""


def _node_group(*, to_model: bool) -> IgnoredChanges:
    kind = CATALOG.kind("aws_eks_node_group")
    assert kind is not None
    assert kind.terraform is not None
    return IgnoredChanges(kind.terraform.table, kind.terraform.bags, to_model=to_model)


@pytest.mark.parametrize(
    ("terraform", "model"),
    [
        ("scaling_config[0].desired_size", "scaling_config.desired_size"),
        ("scaling_config", "scaling_config"),
        ("scaling_config[0]", "scaling_config"),
        ("taint[1].key", "taint[1].key"),
        ('labels["a:b/c"]', 'labels["a:b/c"]'),
        ("labels.app", "labels.app"),
    ],
)
def test_a_path_of_terraform_is_one_of_the_model(terraform: str, model: str) -> None:
    assert _node_group(to_model=True).translated(terraform) == (model,)


def test_a_name_that_no_rule_knows_has_no_counterpart() -> None:
    assert _node_group(to_model=True).translated("cluster_endpoint") == ()


@pytest.mark.parametrize("name", CATALOG.names())
def test_every_property_comes_back_through_terraform(name: str) -> None:
    kind = CATALOG.kind(name)
    assert kind is not None
    mapping = kind.terraform
    assert mapping is not None
    for table, bags in [
        (mapping.table, mapping.bags),
        *((a.table, ()) for a in mapping.attachments),
    ]:
        there = IgnoredChanges(table, bags, to_model=False)
        back = IgnoredChanges(table, bags, to_model=True)
        for rule in table.all_rules():
            # An element that is told by what it holds has no path: the whole list stands for it.
            if rule.only is None and not any(step.where for step in rule.native):
                path = ".".join(rule.model)
                found = {
                    text for native in there.translated(path) for text in back.translated(native)
                }
                assert found == {path}


def test_what_is_ignored_of_a_satellite_is_ignored_of_its_owner_and_written_there_again() -> None:
    result = read(main=BUCKET)
    bucket = resources(result)["aws_s3_bucket.b"]
    assert bucket.lifecycle.ignore_changes == (
        'tags["Name"]', "object_lock_enabled", "versioning.enabled",
    )  # fmt: skip
    assert [note for note in result.notes if note.path == "lifecycle"] == []
    assert review(result.blueprint, CATALOG).faults == []
    text = generate(result.blueprint, "terraform", CATALOG).files["main.tf"]
    bucket_text, versioning_text = text.split('resource "aws_s3_bucket_versioning"')
    assert 'ignore_changes = [tags["Name"], object_lock_enabled]' in bucket_text
    assert "ignore_changes = [versioning_configuration[0].status]" in versioning_text


def test_pulumi_gets_the_paths_of_its_own_schema() -> None:
    block = (
        "  lifecycle {\n    ignore_changes = [scaling_config[0].desired_size, taint[1].key]\n  }\n"
    )
    code = (
        'resource "aws_eks_node_group" "g" {\n  cluster_name = "c"\n  node_role_arn = "r"\n'
        '  subnet_ids = ["s"]\n  scaling_config {\n    desired_size = 1\n    max_size = 1\n'
        f"    min_size = 1\n  }}\n{block}}}\n"
    )
    text = generate(read(main=code).blueprint, "pulumi-python", CATALOG).files["__main__.py"]
    assert 'ignore_changes=["scalingConfig.desiredSize", "taints[1].key"]' in " ".join(text.split())


def test_a_name_that_only_terraform_knows_is_a_warning_and_a_slip_is_a_fault() -> None:
    code = 'resource "aws_kms_key" "k" {\n  lifecycle {\n    ignore_changes = [%s]\n  }\n}\n'
    own = review(read(main=code % "custom_key_store_id").blueprint, CATALOG)
    assert own.faults == []
    slip = review(read(main=code % "tag").blueprint, CATALOG)
    assert "did you mean tags?" in str(slip.faults[0])
