"""tfparse, another implementation of Terraform's language, has the same values wherever both know
them: in what we write, and in code that uses what the language has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.generator import generate
from scripts.tfparse_agreement import Tfparse, compare
from tests.unit.examples import EXAMPLES, KINDS

LANGUAGE = """
variable "environment" {
  type    = string
  default = "dev"
}
variable "zones" {
  type    = list(string)
  default = ["a", "b", "c"]
}
variable "rules" {
  type = map(object({ port = number, open = optional(bool, false) }))
  default = {
    web = { port = 443, open = true }
    ssh = { port = 22 }
  }
}
locals {
  name   = "${var.environment}-shop"
  tags   = merge({ Name = local.name }, { Team = "web" })
  open   = { for k, v in var.rules : k => v.port if v.open }
  joined = join("-", [for z in var.zones : upper(z)])
  text   = <<-EOT
    first
      %{for z in var.zones~}
      zone ${z}
      %{endfor~}
  EOT
}
resource "aws_vpc" "main" {
  cidr_block           = "10.${length(var.zones)}.0.0/16"
  enable_dns_hostnames = var.environment == "dev" ? true : null
  tags                 = local.tags
}
resource "aws_subnet" "zone" {
  for_each          = { for i, z in var.zones : z => i }
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, each.value)
  availability_zone = "eu-central-1${each.key}"
  tags              = merge(local.tags, { Name = format("%s-%02d", local.name, each.value) })
}
resource "aws_security_group" "web" {
  name   = replace(local.name, "/[^a-z]/", "_")
  vpc_id = aws_vpc.main.id
  dynamic "ingress" {
    for_each = local.open
    content {
      description = ingress.key
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = concat(["10.0.0.0/8"], [for n in range(2) : cidrsubnet("172.16.0.0/12", 4, n)])
  }
}
resource "aws_sqs_queue" "jobs" {
  count                      = 2
  name                       = "${local.name}-${count.index}"
  visibility_timeout_seconds = max(30, 20 * (count.index + 1))
  delay_seconds              = ceil(7 / 2) % 3
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["sqs:*"], Resource = "*" }]
  })
  tags = { for k, v in local.tags : lower(k) => base64encode(v) }
}
resource "aws_ssm_parameter" "text" {
  name  = trimsuffix("/${local.joined}/", "/")
  type  = "String"
  value = local.text
  tags = {
    lookup   = lookup(local.tags, "None", "nothing")
    try      = try(local.tags.None, "tried")
    coalesce = coalesce("", "x")
    flat     = join(",", flatten([["a"], [["b"], "c"]]))
    set      = join(",", toset(["b", "a", "b"]))
    keys     = join(",", keys(var.rules))
    hash     = sha256("x")
    slice    = join(",", slice(var.zones, 1, 3))
    regex    = regex("[a-z]+", "12abc34")
    splat    = join(",", values(var.rules)[*].port)
    yaml     = yamldecode("a: [1, 2]").a[1]
    title    = title("web shop")
    number   = 3.50
    big      = 12345678901234567890
  }
}
module "queue" {
  source   = "./queue"
  for_each = toset(["x", "y"])
  name     = each.key
  size     = length(var.zones)
}
"""
QUEUE = """
variable "name" { type = string }
variable "size" { type = number }
variable "delay" {
  type     = number
  default  = 5
  nullable = false
}
resource "aws_sqs_queue" "q" {
  name             = "${var.name}-q"
  delay_seconds    = var.delay
  max_message_size = var.size * 1024
}
resource "aws_sqs_queue" "dead" {
  count = var.size > 2 ? 1 : 0
  name  = "${var.name}-dead"
}
output "name" { value = aws_sqs_queue.q.name }
"""


@pytest.fixture(scope="module")
def tfparse() -> Iterator[Tfparse]:
    with Tfparse() as process:
        yield process


def agreed(folder: Path, tfparse: Tfparse) -> tuple[int, int]:
    """Resources that both have and values that both know; nothing is different."""
    found = compare(folder, folder, tfparse)
    assert found.error is None
    assert [str(disagreement) for disagreement in found.disagreements] == []
    return found.resources, found.equal


def test_the_language_means_the_same_there(tmp_path: Path, tfparse: Tfparse) -> None:
    (tmp_path / "main.tf").write_text(LANGUAGE)
    (tmp_path / "queue").mkdir()
    (tmp_path / "queue" / "main.tf").write_text(QUEUE)
    assert agreed(tmp_path, tfparse) == (12, 59)


@pytest.mark.parametrize("example", [*EXAMPLES, *KINDS], ids=lambda path: path.stem)
def test_what_we_write_means_the_same_there(
    example: Path, tmp_path: Path, tfparse: Tfparse
) -> None:
    catalog = load_catalog()
    code = generate(load_blueprint(example.read_bytes()), "terraform", catalog)
    for name, text in code.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    resources, equal = agreed(tmp_path, tfparse)
    assert resources > 0
    assert equal > 0


def test_a_difference_is_seen(tmp_path: Path, tfparse: Tfparse) -> None:
    code = 'resource "aws_sqs_queue" "q" {\n  name = "%s"\n}\n'
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, name in ((here, "a"), (there, "b")):
        folder.mkdir()
        (folder / "main.tf").write_text(code % name)

    class Elsewhere(Tfparse):
        def read(self, folder: Path) -> dict[str, object]:
            return tfparse.read(there)

    with Elsewhere() as other:
        (found,) = compare(here, here, other).disagreements
    assert str(found) == 'aws_sqs_queue.q name: "a" here, "b" there'
