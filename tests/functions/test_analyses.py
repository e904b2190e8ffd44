"""Routes that judge, price and write a blueprint. The guardrails start their evaluating process."""

from __future__ import annotations

import json
from typing import Any

import pytest

TEXT = """\
apiVersion: dharma/v1
kind: Blueprint
name: web
version: 1.0.0
provider: aws
variables:
  - name: size
    type: string
    default: t3.micro
  - name: stage
    type: string
    required: true
resources:
  - name: assets
    type: aws_s3_bucket
    properties:
      bucket: ${var.stage}-web-assets
  - name: main
    type: aws_vpc
    properties:
      cidr_block: 10.0.0.0/16
  - name: a
    type: aws_subnet
    properties:
      vpc_id: ${aws_vpc.main.id}
      cidr_block: 10.0.1.0/24
  - name: outside
    type: aws_nat_gateway
    properties:
      allocation_id: ${aws_eip.outside.allocation_id}
      subnet_id: ${aws_subnet.a.id}
  - name: outside
    type: aws_eip
    properties:
      domain: vpc
"""
ROUTES = ["/iac/generate", "/guardrails/validate", "/costing/estimate"]
TEMPLATE = json.dumps(
    {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Assets": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "b-1"}},
            "Odd": {"Type": "AWS::SQS::Queue", "Properties": {"Nobody": "knows"}},
        },
    }
)


def test_terraform_is_written_with_references(api: Any) -> None:
    reply = api.call("POST", "/iac/generate", {"content": TEXT, "format": "terraform"})
    assert reply.status == 200, reply.text
    files = reply.body["files"]
    assert {"main.tf", "variables.tf", "providers.tf", "versions.tf"} <= set(files)
    assert "aws_vpc.main.id" in files["main.tf"]
    assert reply.body["format"] == "terraform"


def test_cloudformation_is_written_in_both_spellings(api: Any) -> None:
    body = {"content": TEXT, "format": "cloudformation"}
    assert "template.yaml" in api.call("POST", "/iac/generate", body).body["files"]
    as_json = api.call("POST", "/iac/generate", {**body, "jsonTemplate": True}).body["files"]
    assert "AWS::EC2::VPC" in json.dumps(json.loads(as_json["template.json"]))


def test_terraform_keeps_its_state_where_it_is_told(api: Any) -> None:
    backend = {"bucket": "states", "key": "web/terraform.tfstate", "region": "eu-west-1"}
    files = api.call("POST", "/iac/generate", {"content": TEXT, "backend": backend}).body["files"]
    assert '"states"' in files["backend.tf"]


def test_policies_judge_and_name_the_resource(api: Any) -> None:
    reply = api.call("POST", "/guardrails/validate", {"content": TEXT, "filename": "web.yaml"})
    assert reply.status == 200, reply.text
    verdict = reply.body
    assert verdict["outcome"] in {"fail", "unknown"}
    found = [f for f in verdict["findings"] if f["address"] == "aws_s3_bucket.assets"]
    assert found
    assert {f["file"] for f in found} == {"web.yaml"}
    assert all(f["line"] for f in found)


def test_a_price_has_lines_with_source_and_date(api: Any) -> None:
    reply = api.call("POST", "/costing/estimate", {"content": TEXT, "region": "us-east-1"})
    assert reply.status == 200, reply.text
    estimate = reply.body
    assert {"totalMonthlyCost", "breakdown", "optimizationSavings", "confidence"} <= set(estimate)
    nat = [line for line in estimate["breakdown"] if "nat" in str(line).lower()]
    assert nat
    assert estimate["totalMonthlyCost"] > 0


def test_usage_that_is_no_figure_is_refused_by_its_place(api: Any) -> None:
    usage = {"aws_nat_gateway.outside": {"monthly_data_processed_gb": "lots"}}
    reply = api.call("POST", "/costing/estimate", {"content": TEXT, "usage": usage})
    assert reply.status == 400, reply.text
    (detail,) = reply.body["details"]
    assert detail["field"] == "aws_nat_gateway.outside.monthly_data_processed_gb"


def test_code_with_modules_is_judged_and_priced_under_its_own_addresses(api: Any) -> None:
    files = {
        "main.tf": 'module "dead" {\n  source = "./dead"\n}',
        "dead/main.tf": 'resource "aws_sqs_queue" "letters" {}',
    }
    verdict = api.call("POST", "/guardrails/validate", {"files": files}).body
    assert "module.dead.aws_sqs_queue.letters" in {f["address"] for f in verdict["findings"]}
    price = api.call("POST", "/costing/estimate", {"files": files}).body
    assert {line["address"] for line in price["usageBased"]} == {
        "module.dead.aws_sqs_queue.letters"
    }


@pytest.mark.parametrize("route", ROUTES)
def test_a_blueprint_of_the_library_is_found_by_name_and_version(api: Any, route: str) -> None:
    created = api.call("POST", "/blueprints", {"content": TEXT})
    assert created.status == 201, created.text
    api.call("POST", "/blueprints/web/versions", {})
    for source in (
        {"blueprintId": "web"},
        {"blueprintId": created.body["id"]},
        {"blueprintId": "web", "version": "1.0.0"},
    ):
        assert api.call("POST", route, source).status == 200
    assert api.call("POST", route, {"blueprintId": "web"}, tenant="other").status == 404
    assert api.call("POST", route, {"blueprintId": "web", "version": "2.0.0"}).status == 404


@pytest.mark.parametrize("route", ROUTES)
def test_a_foreign_format_is_taken_as_it_is_with_notes(api: Any, route: str) -> None:
    reply = api.call("POST", route, {"content": TEMPLATE, "filename": "web.json"})
    assert reply.status == 200, reply.text
    assert any("Nobody" in note["path"] for note in reply.body["notes"])


def test_what_the_target_cannot_say_is_named(api: Any) -> None:
    unknown = TEMPLATE.replace("AWS::SQS::Queue", "AWS::Nobody::Knows")
    reply = api.call("POST", "/iac/generate", {"content": unknown})
    assert (reply.status, reply.code) == (422, "NotExpressible")
    assert "AWS::Nobody::Knows" in reply.body["detail"]


def test_an_environment_gives_its_variables_and_region(api: Any) -> None:
    api.call(
        "POST",
        "/environments",
        {
            "name": "prod",
            "region": "eu-west-1",
            "variables": {"stage": {"value": "production"}, "other": {"value": 1}},
        },
    )
    body = {"content": TEXT, "environment": "prod", "format": "terraform"}
    files = api.call("POST", "/iac/generate", body).body["files"]
    assert "eu-west-1" in files["variables.tf"]
    here = api.call("POST", "/costing/estimate", {"content": TEXT, "environment": "prod"}).body
    assert {line["region"] for line in here["breakdown"]} == {"eu-west-1"}
    assert api.call("POST", "/costing/estimate", {**body, "environment": "none"}).status in (
        400,
        404,
    )


def test_secrets_of_an_environment_are_in_no_analysis(api: Any) -> None:
    secret = "hunter2-hunter2"
    variables = {"word": {"value": secret, "sensitive": True}}
    api.call("POST", "/environments", {"name": "prod", "variables": variables})
    # Neither written out nor told by what it decides; and the default is not taken for it.
    text = """\
apiVersion: dharma/v1
kind: Blueprint
name: nosy
version: 1.0.0
provider: aws
variables:
  - {name: word, type: string, default: plain}
resources:
  - name: long
    type: aws_nat_gateway
    condition: ${length(var.word) == 15}
    properties: {allocation_id: "${var.word}", subnet_id: subnet-1}
  - name: short
    type: aws_nat_gateway
    condition: ${length(var.word) == 5}
    properties: {allocation_id: "${var.word}", subnet_id: subnet-1}
"""
    for route in ROUTES:
        reply = api.call("POST", route, {"content": text, "environment": "prod"})
        assert reply.status == 200, reply.text
        assert secret not in reply.text
        assert ("nat_gateway.long" in reply.text) == ("nat_gateway.short" in reply.text)
    code = api.call("POST", "/iac/generate", {"content": text, "environment": "prod"}).body
    assert "sensitive = true" in code["files"]["variables.tf"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": TEXT, "blueprintId": "web"},
        {"content": ""},
        {"content": "\0"},
        {"content": TEXT.replace("aws_vpc", "aws_vpcc")},
        {"content": TEXT, "variables": {"size": [1]}},
        {"content": TEXT, "variables": {"nobody": 1}},
        {"content": TEXT, "colour": "red"},
        {"content": TEXT, "environment": "nowhere"},
    ],
    ids=lambda body: str(body)[-40:],
)
def test_bad_input_is_a_4xx_with_a_reason(api: Any, route: str, body: dict[str, Any]) -> None:
    reply = api.call("POST", route, body)
    assert 400 <= reply.status < 500, reply.text
    assert reply.body["detail"]


def test_an_unknown_target_or_mode_is_refused(api: Any) -> None:
    assert api.call("POST", "/iac/generate", {"content": TEXT, "format": "cobol"}).status == 400
    assert api.call("POST", "/guardrails/validate", {"content": TEXT, "mode": "x"}).status == 400


def test_a_viewer_may_analyse(api: Any) -> None:
    for route in ROUTES:
        assert api.call("POST", route, {"content": TEXT}, roles="viewer").status == 200
        assert api.call("POST", route, {"content": TEXT}, roles="").status == 403


LOCK = """\
apiVersion: dharma/v1
kind: Blueprint
name: curious
version: 1.0.0
provider: aws
variables:
  - {name: word, type: string%s}
resources:
  - name: jobs
    type: aws_sqs_queue
    count: ${var.word == "Hush-9Qx" ? 2 : 1}
    properties: {tags: {word: "${var.word}"}, delay_seconds: "${length(var.word)}"}
outputs:
  - {name: word, value: "${base64encode(var.word)}"}
"""


NETWORK = """
apiVersion: dharma/v1
kind: Blueprint
name: net
version: 1.0.0
provider: gcp
resources:
  - {name: main, type: google_compute_network, properties: {name: main}}
"""


def test_google_cloud_is_written_in_its_own_format_and_read_back(api: Any) -> None:
    body = {"content": NETWORK, "format": "deployment-manager"}
    written = api.call("POST", "/iac/generate", body).body["files"]["deployment.yaml"]
    assert "compute.v1.network" in written
    back = api.call("POST", "/iac/generate", {"content": written, "format": "terraform"})
    assert 'resource "google_compute_network" "main"' in back.body["files"]["main.tf"]


def test_googles_terraform_may_keep_its_state_in_cloud_storage(api: Any) -> None:
    body = {"content": NETWORK, "backend": {"bucket": "states", "prefix": "net"}}
    backend = api.call("POST", "/iac/generate", body).body["files"]["backend.tf"]
    assert 'backend "gcs"' in backend
    assert 'prefix = "net"' in backend


def test_a_format_of_another_cloud_is_refused(api: Any) -> None:
    reply = api.call("POST", "/iac/generate", {"content": NETWORK, "format": "cloudformation"})
    assert (reply.status, reply.body["code"]) == (422, "NotExpressible")


@pytest.mark.parametrize("format", ["terraform", "cloudformation"])
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "wish", ["", ', pattern: "^never$"', ", allowed: [a]", ", sensitive: true", ", default: x"]
)
def test_an_analysis_never_sees_the_secrets_of_an_environment(
    api: Any, route: str, wish: str, format: str
) -> None:
    """A viewer writes a blueprint of his own that asks for a secret and lets it be told."""
    secret = {"word": {"value": "Hush-9Qx", "sensitive": True}}
    environment = {"name": "live", "provider": "aws", "region": "eu-west-1", "variables": secret}
    assert api.call("POST", "/environments", environment).status == 201
    body = {"content": LOCK % wish, "environment": "live"}
    body |= {"format": format} if route == "/iac/generate" else {}
    reply = api.call("POST", route, body, roles="viewer")
    assert reply.status in (200, 422), reply.text
    assert "Hush-9Qx" not in reply.text
    assert "SHVzaC05UXg" not in reply.text
    assert "does not match" not in reply.text


TERRAFORM = {
    "main.tf": 'module "q" {\n  source = "./queue"\n  count  = var.many\n}\n'
    'variable "many" { default = 1 }\n',
    "queue/main.tf": 'resource "aws_security_group" "open" {\n  ingress {\n    from_port = 22\n'
    '    to_port = 22\n    protocol = "tcp"\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n',
}


def test_a_terraform_configuration_is_sent_as_its_files(api: Any) -> None:
    body = {"files": TERRAFORM, "variables": {"many": 2}}
    reply = api.call("POST", "/guardrails/validate", body)
    assert reply.status == 200
    found = [f for f in reply.body["findings"] if f["status"] == "fail"]
    assert {(f["file"], f["line"]) for f in found} == {("queue/main.tf", 1)}
    assert len({f["address"] for f in found}) == 2
    reply = api.call("POST", "/iac/generate", {"files": TERRAFORM, "format": "cloudformation"})
    assert reply.status == 200


def test_sent_files_lead_nowhere_else(api: Any) -> None:
    for path in ("../main.tf", "/etc/main.tf", "a/../../main.tf"):
        reply = api.call("POST", "/guardrails/validate", {"files": {path: "locals {}\n"}})
        assert reply.status == 400, path


@pytest.mark.parametrize("route", ROUTES)
def test_a_source_that_takes_too_long_is_refused_and_the_function_goes_on(
    api: Any, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = "\n".join(f'resource "aws_sqs_queue" "q{n}" {{ name = "q{n}" }}' for n in range(30_000))
    body = {"content": many, "filename": "main.tf", "format": "terraform"}
    if route != "/iac/generate":
        del body["format"]
    monkeypatch.setenv("DHARMA_READING_SECONDS", "1")
    reply = api.call("POST", route, body)
    assert reply.status == 413
    assert reply.body["code"] == "LimitExceeded"
    assert "main.tf: reading it needs more than" in json.dumps(reply.body)
    monkeypatch.delenv("DHARMA_READING_SECONDS")
    small = api.call("POST", route, {**body, "content": 'resource "aws_sqs_queue" "q" {}'})
    assert small.status == 200
