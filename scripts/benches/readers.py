"""Reading Terraform code: `check` of one small file as a cold process, and folders of any size."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from figures import Row, cpu_seconds
from processes import command_cpu
from workload import blueprint_text

SMALL = """
variable "environment" { default = "dev" }

resource "aws_s3_bucket" "assets" {
  bucket = "${var.environment}-assets"
}

resource "aws_security_group" "web" {
  dynamic "ingress" {
    for_each = [22, 443]
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}
"""


def measure() -> Iterator[Row]:
    from dharma.blueprint.readers import boxed
    from dharma.blueprint.readers.terraform.opening import read_sent
    from dharma.blueprint.source import load_blueprint
    from dharma.catalog import load_catalog
    from dharma.generator import generate

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "main.tf"
        file.write_text(SMALL)
        cpu, peak = command_cpu("check", str(file))
        yield Row("check of a small .tf file, cold process", cpu, "s CPU", 0.75)
        yield Row("check of a small .tf file, peak memory", peak, "MiB")
    catalog = load_catalog()
    for count in (100, 1000, 10_000):
        blueprint = load_blueprint(blueprint_text(count))
        code = generate(blueprint, "terraform", catalog)
        sent = {path: text.encode() for path, text in code.files.items()}
        runs = 1 if count == 10_000 else 3
        for expand in (False, True):
            way = "values" if expand else "expressions"
            cpu = cpu_seconds(lambda s=sent, e=expand: read_sent(s, catalog, expand=e), runs)
            yield Row(f"read Terraform code, {count} resources, {way}", cpu, "s CPU")
            cpu = cpu_seconds(lambda s=sent, e=expand: boxed.read_sent(s, catalog, expand=e), runs)
            yield Row(f"... in a process of its own, {count} resources, {way}", cpu, "s CPU")
