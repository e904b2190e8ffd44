"""`convert --to`: a proposal for another cloud, with its report and the exit code of findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
BUCKET = ROOT / "templates/aws/private-bucket.yaml"


def test_the_blueprint_is_printed_and_the_report_goes_beside_it(dharma: Any) -> None:
    said = dharma("convert", BUCKET, "--to", "gcp")
    assert said.code == 2
    assert "provider: gcp" in said.out
    assert "aws_s3_bucket.data -> google_storage_bucket.data" in said.err
    assert "without counterpart; for review" in said.err


def test_the_proposal_is_written_as_code_of_its_cloud(dharma: Any, tmp_path: Path) -> None:
    said = dharma("convert", BUCKET, "--to", "gcp", "-f", "terraform", "-o", tmp_path / "code")
    assert said.code == 2, said.err
    assert 'resource "google_storage_bucket" "data"' in (tmp_path / "code/main.tf").read_text()
    assert "for review" in said.out


def test_json_holds_the_review(dharma: Any) -> None:
    said = dharma("convert", BUCKET, "--to", "azure", "--region", "eu-west-1", "--format", "json")
    assert said.code == 2
    review = said.json["review"]
    assert (review["from"], review["to"], review["region"]) == ("aws", "azure", "northeurope")
    assert review["needsReview"] is True
    bucket = next(r for r in review["resources"] if r["address"] == "aws_s3_bucket.data")
    assert bucket["counterparts"][0] == "azurerm_storage_account.data"
    assert {"from": "versioning.enabled", "to": "blob_properties.versioning_enabled"} in bucket[
        "carried"
    ]


def test_what_cannot_be_meant_is_refused(dharma: Any) -> None:
    assert "--to a cloud" in dharma("convert", BUCKET).err
    assert "there is no --to" in dharma("convert", BUCKET, "-f", "arm", "--region", "x").err
    assert "already" in dharma("convert", BUCKET, "--to", "aws").err
    refused = dharma("convert", BUCKET, "--to", "gcp", "-f", "cloudformation")
    assert refused.code == 1


def test_the_documentation_shows_what_is_said(
    dharma: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = (ROOT / "docs/cross-cloud.md").read_text(encoding="utf-8")
    command, _, shown = page.split("```console\n")[1].split("\n```")[0].partition("\n")
    assert command == (
        "$ iac-dharma convert templates/aws/private-bucket.yaml --to gcp -o proposal"
    )
    monkeypatch.chdir(tmp_path)
    said = dharma("convert", BUCKET, "--to", "gcp", "-o", "proposal")
    assert said.out.strip() == shown.strip()


def test_every_concept_of_the_table_is_listed_in_the_documentation() -> None:
    from dharma.blueprint.crosscloud.equivalents import load_equivalents

    last = (ROOT / "docs/cross-cloud.md").read_text(encoding="utf-8").split("What there is:")[1]
    words = {"object_bucket": "object storage", "static_address": "public address"}
    words |= {"firewall": "firewall rules", "nat": "NAT gateway", "kms_key": "key"}
    for name in load_equivalents().concepts:
        assert words.get(name, name.replace("_", " ")).lower() in last.lower(), name
