"""What Terraform code says beside resources is listed truly, and is never a crash."""

from __future__ import annotations

import pytest

from dharma.catalog import load_catalog
from dharma.generator import generate
from tests.unit.readers.terraform_folder import read, resources, told

CODE = """
terraform {
  required_version = ">= 1.5"
  cloud {
    organization = "acme"
    workspaces { name = "x" }
  }
}
variable "token" {
  type      = string
  ephemeral = true
  sensitive = true
}
variable "nn" {
  type     = string
  nullable = false
  default  = "d"
}
ephemeral "aws_secretsmanager_secret_version" "s" {
  secret_id = "x"
}
check "health" {
  data "http" "x" { url = "https://example.org" }
  assert {
    condition     = data.http.x.status_code == 200
    error_message = "no"
  }
}
resource "aws_db_instance" "db" {
  identifier          = "db"
  engine              = "postgres"
  instance_class      = "db.t3.micro"
  allocated_storage   = 20
  username            = "u"
  password_wo         = ephemeral.aws_secretsmanager_secret_version.s.secret_string
  password_wo_version = 1
  timeouts {
    create = "60m"
  }
  connection {
    type = "ssh"
    host = self.address
  }
  provisioner "remote-exec" {
    inline = ["echo ${self.address}"]
    connection {
      type = "ssh"
    }
  }
  lifecycle {
    precondition {
      condition     = var.nn != ""
      error_message = "no"
    }
    replace_triggered_by = [terraform_data.t]
  }
}
resource "terraform_data" "t" {
  input = provider::aws::arn_parse("arn:aws:s3:::b").resource
}
resource "aws_sqs_queue" "q" {
  name = provider::aws::trim_iam_role_path("x")
}
output "o" {
  value     = aws_db_instance.db.address
  ephemeral = true
  precondition {
    condition     = var.nn == "d"
    error_message = "x"
  }
}
"""


@pytest.mark.parametrize("expand", [False, True], ids=["expressions", "values"])
def test_everything_that_is_not_carried_over_is_listed_with_its_line(expand: bool) -> None:
    result = read(expand=expand, main=CODE)
    assert list(resources(result)) == ["aws_db_instance.db", "terraform_data.t", "aws_sqs_queue.q"]
    lines = CODE.splitlines()
    found = {}
    for line in told(result):
        place, subject, _ = line.split(" ", 2)
        found[subject, line.split(" ", 2)[2].split(":")[0]] = lines[
            int(place.rpartition(":")[2]) - 1
        ].strip()
    # What is said of states and of null means nothing where values are judged.
    of_code = {
        ("var.token", "ephemeral"): "ephemeral = true",
        ("var.nn", "nullable"): "nullable = false",
        ("output.o", "ephemeral"): "ephemeral = true",
    }
    assert found == {
        ("aws_db_instance.db", "lifecycle.replace_triggered_by"): (
            "replace_triggered_by = [terraform_data.t]"
        ),
        ("aws_db_instance.db", "lifecycle.precondition"): "precondition {",
        ("aws_db_instance.db", "connection"): "connection {",
        ("aws_db_instance.db", "provisioner"): 'provisioner "remote-exec" {',
        ("aws_db_instance.db", "timeouts"): "timeouts {",
        ("aws_db_instance.db", "password_wo"): (
            "password_wo         = ephemeral.aws_secretsmanager_secret_version.s.secret_string"
        ),
        ("aws_db_instance.db", "password_wo_version"): "password_wo_version = 1",
        ("ephemeral.aws_secretsmanager_secret_version.s", ""): (
            'ephemeral "aws_secretsmanager_secret_version" "s" {'
        ),
        ("check.health", ""): 'check "health" {',
        ("cloud", ""): "cloud {",
        ("terraform_data.t", ""): 'resource "terraform_data" "t" {',
        ("output.o", "precondition"): "precondition {",
        **({} if expand else of_code),
    }


def test_what_is_a_part_of_terraform_is_no_provider_to_install() -> None:
    code = generate(read(main=CODE).blueprint, "terraform", load_catalog())
    assert "hashicorp/terraform" not in "".join(code.files.values())
