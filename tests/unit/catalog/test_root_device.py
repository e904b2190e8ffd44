"""An instance's root device: a block in Terraform, one of the mappings in CloudFormation."""

from __future__ import annotations

import pytest

from dharma.catalog import canonical, load_catalog, read, write
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Unknown, Value

CATALOG = load_catalog()
DATA: dict[str, Value] = {"device_name": "/dev/sdf", "volume_size": 100, "encrypted": True}


def instance(root: Value, *, data: bool = True) -> Resource:
    properties: dict[str, Value] = {"ami": "ami-1", "root_block_device": root}
    if data:
        properties["ebs_block_device"] = [DATA]
    return Resource("aws_instance", "app", properties)


@pytest.mark.parametrize("data", [True, False])
@pytest.mark.parametrize("name", [None, "/dev/sda1"])
def test_the_root_device_comes_back_from_the_mappings(name: str | None, data: bool) -> None:
    root: dict[str, Value] = {"volume_size": 20, "volume_type": "gp3", "encrypted": True}
    resource = instance(root | ({"device_name": name} if name else {}), data=data)
    document, notes = write([resource], "cloudformation", CATALOG)
    assert notes == []
    mappings = document.parts[0].arguments["BlockDeviceMappings"]
    assert isinstance(mappings, list)
    assert mappings[0] == {
        "DeviceName": name or "/dev/xvda",
        "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True},
    }
    back, notes = read(document, CATALOG)
    assert notes == []
    assert canonical(back, CATALOG) == canonical([resource], CATALOG)


def test_terraform_takes_the_name_from_the_image() -> None:
    resource = instance({"volume_size": 20, "device_name": "/dev/sda1"})
    document, notes = write([resource], "terraform", CATALOG)
    assert document.parts[0].arguments["root_block_device"] == [{"volume_size": 20}]
    assert [note.path for note in notes] == ["root_block_device.device_name"]


def test_what_an_instance_cannot_say_in_cloudformation_is_an_error() -> None:
    with pytest.raises(NotExpressible, match=r"aws_instance\.app\.root_block_device\.throughput"):
        write([instance({"throughput": 250})], "cloudformation", CATALOG)


def test_a_root_device_that_is_not_spelled_out_is_noted() -> None:
    _, notes = write([instance(Unknown("later"))], "cloudformation", CATALOG)
    assert [(note.kind, note.path) for note in notes] == [("no_counterpart", "root_block_device")]


def test_a_launch_configuration_says_the_throughput_of_its_root_device() -> None:
    properties: dict[str, Value] = {
        "image_id": "ami-1", "instance_type": "t3.small", "root_block_device": {"throughput": 250},
    }  # fmt: skip
    resource = Resource("aws_launch_configuration", "app", properties)
    document, _ = write([resource], "cloudformation", CATALOG)
    assert document.parts[0].arguments["BlockDeviceMappings"] == [
        {"DeviceName": "/dev/xvda", "Ebs": {"Throughput": 250}}
    ]
    back, notes = read(document, CATALOG)
    assert (canonical(back, CATALOG), notes) == (canonical([resource], CATALOG), [])
