"""Calls of well-known modules that are not on disk: analyses see what they make, and code that is
written again keeps the calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CODE = """
module "vpc" {
  source             = "terraform-aws-modules/vpc/aws"
  azs                = ["us-east-1a"]
  public_subnets     = ["10.0.1.0/24"]
  private_subnets    = ["10.0.2.0/24"]
  enable_nat_gateway = true
}
module "admin" {
  source              = "terraform-aws-modules/security-group/aws"
  name                = "admin"
  vpc_id              = module.vpc.vpc_id
  ingress_cidr_blocks = ["0.0.0.0/0"]
  ingress_rules       = ["ssh-tcp"]
}
"""


def test_check_finds_what_such_a_module_opens(dharma: Any) -> None:
    Path("main.tf").write_text(CODE)
    said = dharma("check", ".", "--format", "json")
    assert said.code == 2
    found = [f for f in said.json["findings"] if "admin" in f["address"] and f["status"] == "fail"]
    assert any("22" in finding["message"] for finding in found), found
    assert {(finding["file"], finding["line"]) for finding in found} == {("main.tf", 9)}


def test_cost_prices_what_such_a_module_makes(dharma: Any) -> None:
    Path("main.tf").write_text(CODE)
    said = dharma("cost", ".", "--format", "json")
    priced = {line["resourceType"] for line in said.json["breakdown"]}
    assert "aws_nat_gateway" in priced


def test_written_code_keeps_the_call(dharma: Any) -> None:
    Path("main.tf").write_text(CODE)
    assert dharma("convert", ".", "-f", "terraform", "-o", "out").code in (0, 2)
    text = "".join(path.read_text() for path in Path("out").rglob("*.tf"))
    assert 'source = "terraform-aws-modules/vpc/aws"' in " ".join(text.split())
    assert "aws_nat_gateway" not in text
