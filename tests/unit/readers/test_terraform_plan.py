"""Plans of Terraform as blueprints: real ones, ones of our own shape, and broken ones."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers import read_file, read_text
from dharma.catalog import canonical, load_catalog, write
from dharma.catalog.plan_shape import plan_shape
from dharma.core.errors import DharmaError, InvalidTemplate
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.nodes import ResourceRef, Unknown, VariableRef

TERRAFORM = shutil.which("terraform")
ROOT = """
variable "secret" {
  type      = string
  sensitive = true
  default   = "hunter2"
}
variable "stage" {
  type    = string
  default = "dev"
}
resource "terraform_data" "a" {
  count = 2
  input = { x = count.index, y = "${var.stage}-a" }
}
resource "terraform_data" "b" {
  for_each         = toset(["k one", "k2"])
  input            = terraform_data.a[0].id
  triggers_replace = [terraform_data.a[1].output, each.key]
}
resource "terraform_data" "s" {
  input      = var.secret
  depends_on = [terraform_data.b, module.m]
}
module "m" {
  source   = "./mod"
  for_each = { p = 1 }
  up       = terraform_data.a[0].id
}
resource "terraform_data" "text" {
  input = "x-${module.m["p"].out}-${terraform_data.a[0].id}"
}
resource "terraform_data" "from_module" {
  input = module.m["p"].out
}
output "text" { value = "${terraform_data.a[0].id}-${terraform_data.a[1].id}" }
output "id" {
  value       = terraform_data.s.id
  description = "Of s"
}
output "secret" {
  value     = var.secret
  sensitive = true
}
output "known" { value = [var.stage] }
"""
MODULE = """
variable "up" { type = string }
resource "terraform_data" "inner" { input = var.up }
output "out" { value = terraform_data.inner.id }
"""


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Blueprint]:
    if TERRAFORM is None:
        pytest.skip("no terraform binary")
    folder = tmp_path_factory.mktemp("plan")
    (folder / "main.tf").write_text(ROOT)
    (folder / "mod").mkdir()
    (folder / "mod" / "main.tf").write_text(MODULE)
    environment = {"PATH": os.environ["PATH"], "TF_CLI_CONFIG_FILE": os.devnull}
    for command in (["init"], ["plan", "-out=p"]):
        subprocess.run(
            [TERRAFORM, *command], cwd=folder, env=environment, check=True, capture_output=True
        )
    shown = subprocess.run(
        [TERRAFORM, "show", "-json", "p"],
        cwd=folder, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    file = folder / "web.tfplan.json"
    file.write_bytes(shown.stdout)
    result = read_file(file)
    assert result.source_format == "terraform-plan"
    return file, result.blueprint


def properties(blueprint: Blueprint) -> dict[str, Any]:
    return {r.origin.address or "": r.properties for r in blueprint.resources}


def test_instances_and_modules_are_resources_of_their_own(planned: tuple[Path, Blueprint]) -> None:
    _, blueprint = planned
    assert {r.origin.address: r.name for r in blueprint.resources} == {
        "terraform_data.a[0]": "a_0",
        "terraform_data.a[1]": "a_1",
        'terraform_data.b["k one"]': "b_k_one",
        'terraform_data.b["k2"]': "b_k2",
        "terraform_data.s": "s",
        "terraform_data.text": "text",
        "terraform_data.from_module": "from_module",
        'module.m["p"].terraform_data.inner': "m_p_inner",
    }


def test_known_values_are_read_and_unknown_ones_are_references(
    planned: tuple[Path, Blueprint],
) -> None:
    found = properties(planned[1])
    first = ResourceRef("terraform_data.a_0", ("id",))
    assert found["terraform_data.a[0]"]["input"] == {"x": 0, "y": "dev-a"}
    assert found['terraform_data.b["k2"]']["input"] == first
    assert found['terraform_data.b["k2"]']["triggers_replace"] == [
        ResourceRef("terraform_data.a_1", ("output",)),
        "k2",
    ]
    # Through the module's output and the module's input, down to the resource.
    inner = ResourceRef("terraform_data.m_p_inner", ("id",))
    assert found["terraform_data.from_module"]["input"] == inner
    assert found['module.m["p"].terraform_data.inner']["input"] == first


def test_text_around_references_is_unknown_and_names_them(planned: tuple[Path, Blueprint]) -> None:
    value = properties(planned[1])["terraform_data.text"]["input"]
    assert isinstance(value, Unknown)
    assert 'module.m["p"].out, terraform_data.a[0].id' in value.reason


def test_a_secret_is_never_read(planned: tuple[Path, Blueprint]) -> None:
    file, blueprint = planned
    assert "hunter2" in file.read_text()
    assert "hunter2" not in repr(blueprint)
    assert properties(blueprint)["terraform_data.s"]["input"] == VariableRef("secret")
    assert [(v.name, v.sensitive, v.required) for v in blueprint.variables] == [
        ("secret", True, True)
    ]


def test_what_is_waited_for_is_every_instance(planned: tuple[Path, Blueprint]) -> None:
    waits = {r.name: r.depends_on for r in planned[1].resources}
    assert waits["s"] == (
        "terraform_data.b_k_one",
        "terraform_data.b_k2",
        "terraform_data.m_p_inner",
    )


def test_outputs_are_read(planned: tuple[Path, Blueprint]) -> None:
    outputs = {o.name: o for o in planned[1].outputs}
    assert outputs["id"].value == ResourceRef("terraform_data.s", ("id",))
    assert outputs["id"].description == "Of s"
    assert outputs["secret"].sensitive
    assert outputs["secret"].value == VariableRef("secret")
    assert outputs["known"].value == ["dev"]
    assert isinstance(outputs["text"].value, Unknown)


NETWORK = [
    Resource("aws_vpc", "main", {"cidr_block": "10.0.0.0/16", "tags": {"a": "b"}}),
    Resource("aws_subnet", "a", {"vpc_id": ResourceRef("aws_vpc.main", ("id",)),
                                 "cidr_block": "10.0.0.0/24"}),
    Resource("aws_subnet", "b", {"vpc_id": ResourceRef("aws_vpc.main", ("id",)),
                                 "cidr_block": "10.0.1.0/24"}),
    Resource("aws_s3_bucket", "assets", {
        "bucket": "assets", "versioning": {"enabled": True},
        "policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*"}]},
    }),
    Resource("aws_db_subnet_group", "main", {
        "description": "All",
        "subnet_ids": [ResourceRef("aws_subnet.a", ("id",)), ResourceRef("aws_subnet.b", ("id",))],
    }),
    Resource("aws_security_group", "web", {
        "description": "Web", "vpc_id": ResourceRef("aws_vpc.main", ("id",)),
        "ingress": [{"protocol": "tcp", "from_port": 1, "to_port": 2, "cidr_ipv4": "0.0.0.0/0"}],
    }, depends_on=("aws_s3_bucket.assets",)),
]  # fmt: skip


def test_a_document_in_plan_shape_reads_back_as_its_resources() -> None:
    catalog = load_catalog()
    document, _ = write(NETWORK, "terraform", catalog)
    result = read_text(json.dumps(plan_shape(document)), "plan.json")
    assert canonical(result.blueprint.resources, catalog) == canonical(NETWORK, catalog)
    assert [n for n in result.notes if n.kind != "approximated"] == []


def update_plan() -> dict[str, Any]:
    """A plan over what exists: ids are known, and references still say what refers to what."""
    document, _ = write(NETWORK[:2], "terraform", load_catalog())
    plan = plan_shape(document)
    network, subnet = plan["planned_values"]["root_module"]["resources"]
    network["values"].update({"id": "vpc-1", "arn": "arn:x", "tags_all": {"a": "b"}, "ipam": 7})
    subnet["values"].update({"id": "subnet-1", "vpc_id": "vpc-1", "assign_x": None})
    for change, resource in zip(plan["resource_changes"], (network, subnet), strict=True):
        change["change"].update({"after": resource["values"], "after_unknown": {}})
    return plan


def test_a_known_identifier_that_was_written_as_a_reference_is_the_reference() -> None:
    result = read_text(json.dumps(update_plan()))
    subnet = next(r for r in result.blueprint.resources if r.type == "aws_subnet")
    assert subnet.properties["vpc_id"] == ResourceRef("aws_vpc.main", ("id",))


def test_what_the_provider_computed_is_neither_read_nor_complained_of() -> None:
    result = read_text(json.dumps(update_plan()))
    network = next(r for r in result.blueprint.resources if r.type == "aws_vpc")
    assert set(network.properties) == {"cidr_block", "tags"}
    assert result.notes == ()


JUNK = st.sampled_from([None, True, 7, "x", "", [], {}, [None], {"references": ["module.x"]},
                        {"references": [1, "a", "var.", "data.x", "aws_vpc.main[9].id"]},
                        "module.a[", 'aws_vpc.main["x"]', {"a": {"b": []}}])  # fmt: skip


def broken(node: Any, path: list[int], junk: Any) -> Any:
    """The node with one place inside it replaced."""
    if not path or not isinstance(node, dict | list) or not node:
        return junk
    made = copy.copy(node)
    keys = list(node) if isinstance(node, dict) else range(len(node))
    key: Any = keys[path[0] % len(keys)]
    made[key] = broken(node[key], path[1:], junk)
    return made


@settings(max_examples=250, deadline=None)
@given(st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=9), min_size=1, max_size=3), JUNK)
def test_no_plan_crashes_the_reader(paths: list[list[int]], junk: Any) -> None:
    plan: Any = update_plan()
    for path in paths:
        plan = broken(plan, path, junk)
    with contextlib.suppress(DharmaError):
        read_text(json.dumps(plan), "plan.json")


def test_a_module_that_refers_to_itself_ends() -> None:
    plan = update_plan()
    loop = {"references": ["module.m.out", "module.m"]}
    plan["configuration"]["root_module"]["module_calls"] = {
        "m": {"module": {"outputs": {"out": {"expression": {"references": ["var.x"]}}}},
              "expressions": {"x": loop}}
    }  # fmt: skip
    plan["configuration"]["root_module"]["resources"][1]["expressions"]["vpc_id"] = loop
    plan["resource_changes"][1]["change"]["after_unknown"] = {"vpc_id": True}
    result = read_text(json.dumps(plan))
    subnet = next(r for r in result.blueprint.resources if r.type == "aws_subnet")
    assert isinstance(subnet.properties["vpc_id"], Unknown)


def test_an_address_that_stands_twice_is_refused_so_that_neither_is_passed_over() -> None:
    queue = {
        "address": "aws_sqs_queue.jobs",
        "mode": "managed",
        "type": "aws_sqs_queue",
        "name": "jobs",
        "values": {},
    }
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [queue, queue]}},
    }
    with pytest.raises(InvalidTemplate, match=r"aws_sqs_queue\.jobs.* stands twice"):
        read_text(json.dumps(plan), "plan.json")
