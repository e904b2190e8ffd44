"""`POST /iac/convert`: a source in another format, or as a proposal for another cloud."""

from __future__ import annotations

import json
from typing import Any

TEMPLATE = json.dumps(
    {
        "Resources": {
            "Assets": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
            }
        }
    }
)


def test_a_template_becomes_a_blueprint_or_code(api: Any) -> None:
    body = {"content": TEMPLATE, "filename": "web.json"}
    reply = api.call("POST", "/iac/convert", body)
    assert reply.status == 200, reply.body
    assert "type: aws_s3_bucket" in reply.body["files"]["blueprint.yaml"]
    assert reply.body["review"] is None
    code = api.call("POST", "/iac/convert", {**body, "format": "terraform"}).body
    assert any("aws_s3_bucket" in text for text in code["files"].values())


def test_a_proposal_for_another_cloud_comes_with_its_review(api: Any) -> None:
    body = {"content": TEMPLATE, "filename": "web.json", "to": "gcp", "region": "eu-west-1"}
    reply = api.call("POST", "/iac/convert", body)
    assert reply.status == 200, reply.body
    assert "google_storage_bucket" in reply.body["files"]["blueprint.yaml"]
    review = reply.body["review"]
    assert (review["from"], review["to"], review["region"]) == ("aws", "gcp", "europe-west1")
    assert review["needsReview"] is True
    (bucket,) = review["resources"]
    assert {"from": "versioning.enabled", "to": "versioning.enabled"} in bucket["carried"]


def test_what_cannot_be_converted_says_why(api: Any) -> None:
    body = {"content": TEMPLATE, "filename": "web.json"}
    same = api.call("POST", "/iac/convert", {**body, "to": "aws"})
    assert same.status == 400
    wrong = api.call("POST", "/iac/convert", {**body, "to": "gcp", "format": "cloudformation"})
    assert wrong.status == 422
    assert api.call("POST", "/iac/convert", {**body, "to": "ibm"}).status in (400, 422)
