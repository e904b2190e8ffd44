"""Components and quantities against labelled cases of a peer, where that data is at hand.

Only kinds whose Terraform attributes are the model's own names are taken as they stand. Figures are
not compared: some of the book's prices were read off the same cases.
"""

from __future__ import annotations

import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dharma.costing.estimate import estimate
from dharma.costing.price_book import PriceBook
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance

CASES = Path(__file__).parents[4] / "shared/data/cost-cases/cases.jsonl.gz"
KINDS = {"aws_ebs_volume", "aws_kms_key", "aws_cloudwatch_log_group"}

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the labelled cases are not here")


def name(address: str) -> str:
    return address.split(".")[1].split("[", maxsplit=1)[0]


def cases() -> list[dict[str, Any]]:
    if not CASES.exists():
        return []
    with gzip.open(CASES, "rt") as file:
        found = [json.loads(line) for line in file]
    return [
        case
        for case in found
        if case["cloud"] == "aws" and KINDS & {row["type"] for row in case["expected"]}
    ]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["case"])
def test_components_and_quantities_agree_with_the_peer(case: dict[str, Any]) -> None:
    resources = tuple(
        ResourceInstance(r["address"], r["type"], name(r["address"]), r["attributes"])
        for r in case["resources"]
        if r["type"] in KINDS
    )
    resolved = ResolvedBlueprint("case", "1.0.0", "aws", resources, region="us-east-1")
    result = estimate(resolved, PriceBook.open(), case["usage"], today=date(2026, 11, 1))
    got = {
        (line.address, line.component): None if line.quantity is None else float(line.quantity)
        for line in result.lines
    }
    expected = {
        (row["address"], " > ".join(row["path"])): row["qty"]
        for row in case["expected"]
        if row["type"] in KINDS
    }
    assert {key: Decimal(str(v)) if v is not None else None for key, v in got.items()} == {
        key: Decimal(str(v)) if v is not None else None for key, v in expected.items()
    }
