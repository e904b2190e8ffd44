"""docs/aws-cost.md holds what the product says of its own template. Seconds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "aws-cost.md").read_text()
SCALES = {"idle": "idle", "1,000": "1-thousand", "100,000": "100-thousand"}
SCALES["10,000,000"] = "10-million"
WITH_A_CACHE = (
    "--var",
    "cache_vpc_id=vpc-0a1b2c3d",
    "--var",
    "cache_subnet_ids=subnet-0a1b2c3d,subnet-0b1c2d3e",
)


def estimate(scale: str, *parameters: str) -> dict[str, Any]:
    program = Path(sys.executable).parent / "iac-dharma"
    usage = ("--usage-file", f"infra/usage/{SCALES[scale]}.yaml", "--format", "json")
    run = subprocess.run(
        [program, "cost", "infra/template.yaml", *usage, *parameters],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    said: dict[str, Any] = json.loads(run.stdout)
    return said


@pytest.mark.parametrize("scale", SCALES)
def test_the_sums_are_those_of_the_product(scale: str) -> None:
    row = re.search(rf"^\| {scale} \| [\d,]+ \| ([\d,.]+) \| ([\d,.]+) \|$", PAGE, re.MULTILINE)
    assert row is not None
    plain, cached = estimate(scale), estimate(scale, *WITH_A_CACHE)
    said = [f"{e['totalMonthlyCost']:,.2f}" for e in (plain, cached)]
    assert said == list(row.groups())


def test_nothing_is_left_to_usage_and_only_computed_alarms_are_not_priced() -> None:
    said = estimate("10,000,000", *WITH_A_CACHE)
    assert said["usageBased"] == []
    assert {gap["resourceType"] for gap in said["unpriced"]} == {"aws_cloudwatch_metric_alarm"}
    assert len(said["unpriced"]) == 5


def test_every_address_of_the_usage_files_is_in_the_template() -> None:
    said = estimate("10,000,000", *WITH_A_CACHE)
    priced = {line["address"] for line in said["breakdown"]}
    for name in SCALES.values():
        usage = yaml.safe_load((ROOT / "infra" / "usage" / f"{name}.yaml").read_text())
        assert set(usage["resource_usage"]) <= priced
