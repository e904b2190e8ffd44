"""`convert` and `import`: one format in, another out, and what was carried over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CODE = """\
variable "env" { default = "dev" }

data "aws_ami" "web" {}

resource "aws_sqs_queue" "jobs" {
  name = "${var.env}-jobs"
}

resource "aws_instance" "web" {
  ami           = data.aws_ami.web.id
  instance_type = "t3.micro"
}
"""
JSON = ("--format", "json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "web"
    made.mkdir()
    (made / "main.tf").write_text(CODE)
    return made


def test_terraform_code_becomes_a_template_with_parameters(dharma: Any, folder: Path) -> None:
    said = dharma("convert", folder, "-f", "cloudformation")
    assert said.code == 0
    assert 'QueueName: !Sub "${Env}-jobs"' in said.out
    assert "AmiWebId:" in said.out


def test_a_template_becomes_terraform_and_comes_back(dharma: Any, folder: Path) -> None:
    template = folder / "template.yaml"
    template.write_text("Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n")
    assert dharma("convert", template, "-f", "terraform", "-o", folder / "out").code == 0
    said = dharma("convert", folder / "out", "-f", "cloudformation")
    assert "Type: AWS::SQS::Queue" in said.out


def test_an_import_writes_a_valid_blueprint_and_says_that_nothing_was_lost(
    dharma: Any, folder: Path
) -> None:
    target = folder / "blueprint.yaml"
    said = dharma("import", folder, "-o", target)
    assert said.code == 0
    assert "resources: 2 mapped, 0 passed through" in said.out
    assert "main.tf:3: data.aws_ami.web.id" in said.out
    assert dharma("validate", target).code == 0


def test_an_import_that_loses_something_says_what_and_exits_2(dharma: Any, folder: Path) -> None:
    (folder / "more.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
    said = dharma("import", folder, "-o", folder / "b.yaml", *JSON)
    assert said.code == 2
    assert said.json["fidelity"]["lost"] == 1
    (lost,) = [n for n in said.json["notes"] if n["kind"] == "no_counterpart"]
    assert (lost["address"], lost["line"]) == ("backend.s3", 2)
    assert lost["file"].endswith("more.tf")


def test_an_import_overwrites_nothing_unless_told(dharma: Any, folder: Path) -> None:
    target = folder / "b.yaml"
    target.write_text("mine")
    assert dharma("import", folder, "-o", target).code == 1
    assert target.read_text() == "mine"
    assert dharma("import", folder, "-o", target, "--force").code == 0


def test_check_and_cost_put_the_values_in(dharma: Any, folder: Path) -> None:
    (folder / "open.tf").write_text(
        'variable "open" { default = false }\nresource "aws_security_group" "sg" {\n'
        "  count = var.open ? 1 : 0\n  ingress {\n    from_port = 22\n    to_port = 22\n"
        '    protocol = "tcp"\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n'
    )
    assert "SSH" not in dharma("check", folder).out
    said = dharma("check", folder, "--var", "open=true")
    assert said.code == 2
    assert "open.tf:2" in said.out
    assert dharma("cost", folder, *JSON).json["totalMonthlyCost"] > 0
