"""The product judges and prices its own template, as a user would. A few seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "infra/template.yaml"
WITH_A_CACHE = (
    "--var",
    "cache_vpc_id=vpc-0a1b2c3d",
    "--var",
    "cache_subnet_ids=subnet-0a1b2c3d,subnet-0b1c2d3e",
)


def told(*arguments: str) -> dict[str, Any]:
    program = Path(sys.executable).parent / "iac-dharma"
    run = subprocess.run(
        [program, *arguments, "--format", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in (0, 2), run.stdout + run.stderr
    document: dict[str, Any] = json.loads(run.stdout)
    return document


@pytest.mark.parametrize("parameters", [(), WITH_A_CACHE], ids=["as it is", "with a cache"])
def test_our_own_guardrails_find_nothing_but_what_sam_makes_without_tags(
    parameters: tuple[str, ...],
) -> None:
    findings = told("check", TEMPLATE, *parameters)["findings"]
    # SAM makes the rules of events and the role by which they start a state machine, without tags.
    found = {(f["severity"], f["policy"], f["address"].partition(".")[0]) for f in findings}
    assert found == {
        ("low", "required_tags", "aws_cloudwatch_event_rule"),
        ("low", "required_tags", "aws_iam_role"),
    }


def test_what_sam_stands_for_is_read() -> None:
    notes = told("check", TEMPLATE)["notes"]
    messages = [f"{n['address']}: {n['message']}" for n in notes]
    assert not any("AWS::Serverless" in m or "not written out" in m for m in messages)
