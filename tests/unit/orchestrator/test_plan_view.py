"""The plan as people see it."""

from __future__ import annotations

from dharma.orchestrator.plan import Change, PathChange, Plan
from dharma.orchestrator.plan_view import render


def test_a_plan_reads_like_terraforms() -> None:
    made = Plan(
        changes=(
            Change(
                "aws_s3_bucket.assets", "aws_s3_bucket", "create", None, {"bucket": "a", "n": 1}
            ),
            Change("aws_kms_key.data", "aws_kms_key", "no-op", {}, {}),
            Change(
                "aws_vpc.main",
                "aws_vpc",
                "replace",
                {},
                {},
                (PathChange("cidr_block", "10.0.0.0/16", "10.1.0.0/16", forces_replacement=True),),
                "cidr_block cannot be changed in place",
            ),
            Change(
                "aws_sqs_queue.jobs",
                "aws_sqs_queue",
                "update",
                {},
                {},
                (
                    PathChange("tags.team", None, "web"),
                    PathChange("delay_seconds", 5, None),
                    PathChange("visibility_timeout_seconds", 30, 60),
                ),
            ),
            Change(
                "aws_eip.old", "aws_eip", "delete", {}, None, reason="no longer in the blueprint"
            ),
        ),
        outputs=(PathChange("url", None, "(known after apply)"),),
    )
    assert (
        render(made)
        == """\
# aws_s3_bucket.assets will be created
+ aws_s3_bucket.assets
    + bucket: "a"
    + n: 1

# aws_vpc.main must be replaced (cidr_block cannot be changed in place)
-/+ aws_vpc.main
    ~ cidr_block: "10.0.0.0/16" -> "10.1.0.0/16"  # forces replacement

# aws_sqs_queue.jobs will be updated in place
~ aws_sqs_queue.jobs
    + tags.team: "web"
    - delay_seconds: 5
    ~ visibility_timeout_seconds: 30 -> 60

# aws_eip.old will be destroyed (no longer in the blueprint)
- aws_eip.old

Outputs:
  + url: "(known after apply)"

Plan: 1 to create, 1 to update, 1 to replace, 1 to destroy.
"""
    )
