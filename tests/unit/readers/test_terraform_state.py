"""A Terraform state: values, references found again, secrets hidden."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dharma.blueprint.readers import read_text
from dharma.blueprint.readers.result import ReadResult
from dharma.core.errors import InvalidTemplate
from dharma.model.expressions.nodes import ResourceRef, Unknown


def entry(type: str, name: str, *instances: dict[str, Any], **said: Any) -> dict[str, Any]:
    provider = 'provider["registry.terraform.io/hashicorp/aws"]'
    return {"mode": "managed", "type": type, "name": name, "provider": provider,
            "instances": list(instances), **said}  # fmt: skip


def state(*resources: dict[str, Any], **said: Any) -> str:
    return json.dumps(
        {"version": 4, "terraform_version": "1.11.4", "serial": 3, "lineage": "x",
         "resources": list(resources), "outputs": {}, "check_results": None, **said}
    )  # fmt: skip


def read(*resources: dict[str, Any], **said: Any) -> ReadResult:
    return read_text(state(*resources, **said), "prod.tfstate")


VPC = entry("aws_vpc", "main", {"attributes": {"id": "vpc-1", "cidr_block": "10.0.0.0/16"}})


def test_a_value_that_was_a_reference_is_one_again() -> None:
    subnet = {"id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24"}
    result = read(
        VPC, entry("aws_subnet", "a", {"attributes": subnet, "dependencies": ["aws_vpc.main"]})
    )
    assert result.source_format == "terraform-state"
    assert result.blueprint.name == "prod"
    properties = {r.address: r.properties for r in result.blueprint.resources}
    assert properties == {
        "aws_vpc.main": {"cidr_block": "10.0.0.0/16"},
        "aws_subnet.a": {"vpc_id": ResourceRef("aws_vpc.main", ("id",)),
                         "cidr_block": "10.0.1.0/24"},
    }  # fmt: skip


def test_without_the_dependency_equal_text_is_only_text() -> None:
    result = read(VPC, entry("aws_subnet", "a", {"attributes": {"vpc_id": "vpc-1"}}))
    assert result.blueprint.resources[1].properties["vpc_id"] == "vpc-1"


def test_satellites_are_folded_into_their_owner() -> None:
    versioning = {"bucket": "b", "versioning_configuration": [{"status": "Enabled"}]}
    result = read(
        entry("aws_s3_bucket", "b", {"attributes": {"id": "b", "bucket": "b"}}),
        entry(
            "aws_s3_bucket_versioning",
            "b",
            {"attributes": versioning, "dependencies": ["aws_s3_bucket.b"]},
        ),
    )
    (bucket,) = result.blueprint.resources
    assert bucket.properties["versioning"] == {"enabled": True}


def test_instances_and_modules_are_resources_of_their_own() -> None:
    queues = [{"index_key": key, "attributes": {"name": f"q-{key}"}} for key in ("a", "b")]
    counted = [{"index_key": 0, "attributes": {"name": "zero"}}]
    result = read(
        entry("aws_sqs_queue", "q", *queues, module='module.web["x"]'),
        entry("aws_sqs_queue", "c", *counted),
    )
    assert {r.origin.address: r.properties["name"] for r in result.blueprint.resources} == {
        'module.web["x"].aws_sqs_queue.q["a"]': "q-a",
        'module.web["x"].aws_sqs_queue.q["b"]': "q-b",
        "aws_sqs_queue.c[0]": "zero",
    }


SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    "path",
    [
        [[{"type": "get_attr", "value": "password"}]],
        [[{"type": "get_attr", "value": {"value": "password", "type": "string"}}]],
        # A path that is not understood hides all.
        [[{"type": "strange"}]],
    ],
)
def test_secrets_are_never_read(path: list[Any]) -> None:
    database = {"attributes": {"id": "db", "username": "u", "password": SECRET},
                "sensitive_attributes": path}  # fmt: skip
    result = read(
        entry("aws_db_instance", "db", database),
        outputs={"p": {"value": SECRET, "type": "string", "sensitive": True}},
    )
    assert SECRET not in repr(result)
    assert isinstance(result.blueprint.resources[0].properties["password"], Unknown)
    assert isinstance(result.blueprint.outputs[0].value, Unknown)


def test_data_sources_and_deposed_objects_are_no_resources() -> None:
    result = read(
        entry("aws_ami", "a", {"attributes": {"id": "ami-1"}}, mode="data"),
        entry("aws_vpc", "v", {"deposed": "1234", "attributes": {"id": "vpc-2"}}),
    )
    assert result.blueprint.resources == ()


def test_what_is_not_understood_is_told_once_for_a_resource() -> None:
    result = read(entry("aws_sqs_queue", "q", {"attributes": {"odd": "x", "strange": 1}}))
    (note,) = result.notes
    assert (note.path, note.address) == ("odd, strange", "aws_sqs_queue.q")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"version": 3, "terraform_version": "0.11"}', "version 3"),
        ('{"version": 4, "terraform_version": "1.11"}', "no list of resources"),
        ('{"version": 4, "terraform_version": "1", "resources": [1]}', r"resources\[0\]"),
        ('{"version": 4, "terraform_version": "1", "resources": [{"mode": "managed"}]}', "type"),
    ],
)
def test_what_is_no_state_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidTemplate, match=message):
        read_text(text, "x.tfstate")


def test_an_address_that_stands_twice_is_refused_so_that_neither_is_passed_over() -> None:
    queue = {
        "mode": "managed",
        "type": "aws_sqs_queue",
        "name": "jobs",
        "instances": [{"attributes": {}}],
    }
    state = {"version": 4, "terraform_version": "1.9.0", "resources": [queue, queue]}
    with pytest.raises(InvalidTemplate, match=r"aws_sqs_queue\.jobs.* stands twice"):
        read_text(json.dumps(state), "state.json")
