"""What of Terraform code no table reads, and what only Terraform can tell, is written again as it
was; where the code is judged, it is unknown."""

from __future__ import annotations

import pytest

from dharma.blueprint.readers.result import ReadResult
from dharma.catalog import load_catalog
from dharma.generator import generate
from dharma.model.expressions.nodes import Unknown, is_known
from tests.unit.readers.terraform_folder import properties, read, resources

NODE_POOL = """
variable "confidential" { default = false }

resource "google_container_node_pool" "p" {
  name    = "p"
  cluster = "c"

  node_config {
    machine_type                = "e2-medium"
    enable_confidential_storage = true

    dynamic "gvnic" {
      for_each = var.confidential ? [1] : []
      content {
        enabled = true
      }
    }
  }
}
"""
GROUP = """
variable "tags" { type = map(string) }

resource "aws_autoscaling_group" "g" {
  max_size = 1
  min_size = 1

  dynamic "tag" {
    for_each = var.tags
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }
}
"""
QUEUE = 'resource "aws_sqs_queue" "q" {\n  name = %s\n}\n'


def written(result: ReadResult, name: str = "main.tf") -> str:
    return generate(result.blueprint, "terraform", load_catalog()).files[name]


def test_settings_in_a_block_that_the_catalog_does_not_know_are_written_again() -> None:
    result = read(main=NODE_POOL)
    kept = resources(result)["google_container_node_pool.p"].native["terraform"]
    assert kept["node_config"][0]["enable_confidential_storage"] is True  # type: ignore[index, call-overload]
    assert {n.kind for n in result.notes} == {"passed_through"}
    text = written(result)
    assert text.count("node_config {") == 1
    assert "    enable_confidential_storage = true\n" in text
    assert '    dynamic "gvnic" {\n      for_each = var.confidential ? [1] : []\n' in text
    again = read(main=text, variables=written(result, "variables.tf"))
    assert properties(again, "google_container_node_pool.p") == properties(
        result, "google_container_node_pool.p"
    )
    assert resources(again)["google_container_node_pool.p"].native == {"terraform": kept}


def test_an_argument_of_which_the_tables_make_nothing_is_written_again() -> None:
    result = read(main=GROUP)
    assert "tags" not in properties(result, "aws_autoscaling_group.g")
    assert [n.kind for n in result.notes] == ["passed_through"]
    text = written(result)
    assert '  dynamic "tag" {\n    for_each = var.tags\n' in text
    assert "      value               = tag.value\n" in text


def test_an_argument_of_which_the_tables_make_nothing_is_unknown_where_it_is_judged() -> None:
    result = read(main=GROUP, expand=True)
    assert isinstance(properties(result, "aws_autoscaling_group.g")["tags"], Unknown)


@pytest.mark.parametrize(
    "expression",
    ["timestamp()", "path.cwd", 'filebase64sha256("out/code.zip")', 'file("~/.ssh/id_rsa.pub")',
     'pathexpand("~/x")', 'formatdate("YYYY", timestamp())', 'try(file("a.txt"), "b")'],
)  # fmt: skip
def test_what_only_terraform_can_tell_is_written_as_it_was(expression: str) -> None:
    result = read(main=QUEUE % expression)
    assert f"  name = {expression}\n" in written(result)
    judged = properties(read(main=QUEUE % expression, expand=True), "aws_sqs_queue.q")["name"]
    assert not is_known(judged) or judged == "b"


def test_modules_may_need_each_other() -> None:
    """Terraform orders their outputs and inputs, not the modules."""
    result = read(
        main='module "a" {\n  source = "x/a/aws"\n  role = module.b.role\n}\n'
        'module "b" {\n  source = "x/b/aws"\n  cluster = module.a.name\n}\n'
    )
    text = written(result)
    assert "  role   = module.b.role\n" in text
    assert "  cluster = module.a.name\n" in text


@pytest.mark.parametrize(
    "path", ['tags["Name"]', "scaling_config[0].desired_size", 'tags["a:b/c"]', "all"]
)
def test_paths_of_changes_to_ignore_are_written_as_they_were(path: str) -> None:
    given = path if path == "all" else f"[{path}]"
    code = 'resource "aws_vpc" "v" {\n  lifecycle {\n    ignore_changes = %s\n  }\n}\n'
    assert f"    ignore_changes = {given}\n" in written(read(main=code % given))


def test_the_iterator_of_a_dynamic_block_is_an_object() -> None:
    code = """
variable "rules" { default = [{ days = 3 }] }
resource "aws_sqs_queue" "q" {
  dynamic "x" {
    for_each = lookup({ a = var.rules }, "a", null)
    content {
      days = lookup(x, "value", null).days
      dynamic "y" {
        for_each = lookup(x, "nothing", null) == null ? [] : [1]
        content {}
      }
    }
  }
}
"""
    result = read(main=code, expand=True)
    assert resources(result)["aws_sqs_queue.q"].native["terraform"] == {"x": [{"days": 3, "y": []}]}


def test_a_provisioner_that_runs_when_something_goes_is_no_expression() -> None:
    code = """
resource "null_resource" "n" {
  provisioner "local-exec" {
    when       = destroy
    on_failure = continue
    command    = "rm x"
  }
}
"""
    assert [n.path for n in read(main=code).notes if n.path] == ["provisioner"]


def test_a_type_with_defaults_is_written_again() -> None:
    type = 'map(object({ name = optional(string, "a.b-c"), sizes = optional(list(number), [1]) }))'
    code = f'variable "v" {{\n  type = {type}\n}}\n'
    assert f"  type = {type}\n" in written(read(main=code), "variables.tf")


def test_a_block_that_is_there_unless_something_holds_keeps_its_condition() -> None:
    code = """
variable "name" { default = null }
resource "google_compute_firewall" "f" {
  name    = "f"
  network = "n"

  dynamic "log_config" {
    for_each = var.name == null ? [] : [var.name]
    content {
      metadata = log_config.value
    }
  }
}
"""
    result = read(main=code)
    text = written(result)
    assert '  dynamic "log_config" {\n    for_each = var.name == null ? [] : [1]\n' in text
    again = read(main=text, variables=written(result, "variables.tf"))
    assert properties(again, "google_compute_firewall.f") == properties(
        result, "google_compute_firewall.f"
    )
