"""What is written of the examples is what the formats' own schemas allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog, read, write
from dharma.catalog.document import Document, Format, Part
from dharma.catalog.formats import FORMATS_OF
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.nodes import Conditional, ResourceRef, Value, VariableRef
from scripts.catalog_check.conform import faults

CATALOG = load_catalog()
# Where an example says what a format cannot, with the error that tells of it.
REFUSED = {
    ("google_kms_crypto_key", "deployment_manager"): "rotation_period: the API wants the time",
}


def formats_of(blueprint: Blueprint) -> list[Format]:
    """The formats that all kinds of a blueprint have."""
    kinds = [CATALOG.kind(resource.type) for resource in blueprint.resources]
    return [
        format
        for format in FORMATS_OF[blueprint.provider]
        if all(kind is not None and format in kind.mappings for kind in kinds)
    ]


EXAMPLES = [
    pytest.param(file, format, id=f"{file.stem}-{format}")
    for file in sorted((Path(__file__).parents[3] / "examples").glob("**/*.yaml"))
    for format in formats_of(load_blueprint(file.read_bytes(), file.name))
]


@pytest.mark.parametrize(("file", "format"), EXAMPLES)
def test_the_schemas_allow_what_is_written_of_an_example(file: Path, format: Format) -> None:
    blueprint = load_blueprint(file.read_bytes(), file.name)
    if (file.stem, format) in REFUSED:
        with pytest.raises(NotExpressible, match=REFUSED[file.stem, format]):
            write(blueprint.resources, format, CATALOG)
        return
    document, _ = write(blueprint.resources, format, CATALOG)
    assert faults(document) == []


@pytest.mark.parametrize(("file", "format"), EXAMPLES)
def test_what_was_written_of_an_example_is_understood_without_rest(
    file: Path, format: Format
) -> None:
    if (file.stem, format) in REFUSED:
        pytest.skip("the format cannot say it")
    blueprint = load_blueprint(file.read_bytes(), file.name)
    document, _ = write(blueprint.resources, format, CATALOG)
    _, notes = read(document, CATALOG)
    assert notes == []


FAULTS: list[tuple[Format, str, dict[str, Value], str]] = [
    ("terraform", "aws_vpc", {"cidr": "10.0.0.0/8"}, "cidr: does not exist"),
    ("terraform", "aws_vpc", {"arn": "x"}, "arn: can only be read"),
    ("terraform", "aws_subnet", {}, "vpc_id: is required"),
    ("terraform", "aws_vpc", {"enable_dns_support": "yes"}, "'yes' is a string, not a bool"),
    ("terraform", "aws_lb", {"access_logs": {"bucket": "b"}}, "an object, not a list"),
    (
        "terraform",
        "aws_lb",
        {"access_logs": [{"bucket": "a"}, {"bucket": "b"}]},
        "access_logs: stands once, not 2 times",
    ),
    (
        "terraform",
        "aws_lb",
        {"access_logs": [{"prefix": "p"}]},
        "access_logs[0].bucket: is required",
    ),
    ("cloudformation", "AWS::EC2::VPC", {}, "one of CidrBlock, Ipv4IpamPoolId is required"),
    (
        "cloudformation",
        "AWS::EC2::VPC",
        {"CidrBlock": Conditional(VariableRef("x"), 7, "10.0.0.0/8")},
        "CidrBlock: 7 is a number, not a string",
    ),
    (
        "cloudformation",
        "AWS::EC2::VPC",
        {"CidrBlock": "10.0.0.0/8", "InstanceTenancy": "shared"},
        "InstanceTenancy: 'shared' is not allowed",
    ),
]


@pytest.mark.parametrize(("format", "native", "arguments", "expected"), FAULTS)
def test_what_a_schema_does_not_allow_is_found(
    format: Format, native: str, arguments: dict[str, Value], expected: str
) -> None:
    found = faults(Document(format, [Part("it", native, arguments)]))
    assert any(expected in fault for fault in found), found


def test_every_spelling_of_an_attribute_is_read_and_the_first_is_written() -> None:
    vpc = Part("Vpc", "AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"})
    for spelling in ("Ref", "VpcId"):
        subnet = Part(
            "Subnet",
            "AWS::EC2::Subnet",
            {"VpcId": ResourceRef("Vpc", (spelling,)), "CidrBlock": "10.0.1.0/24"},
        )
        resources, notes = read(Document("cloudformation", [vpc, subnet]), CATALOG)
        assert notes == []
        document, _ = write(resources, "cloudformation", CATALOG)
        (written,) = (part for part in document.parts if part.type == "AWS::EC2::Subnet")
        assert written.arguments["VpcId"] == ResourceRef(document.parts[0].address, ("Ref",))


@pytest.mark.parametrize("owner", [("AllocationId", "AllocationId"), ("EIP", "Ref")])
def test_an_address_is_associated_under_either_of_its_names(owner: tuple[str, str]) -> None:
    argument, attribute = owner
    association = Part(
        "Association",
        "AWS::EC2::EIPAssociation",
        {argument: ResourceRef("Ip", (attribute,)), "InstanceId": "i-1"},
    )
    document = Document("cloudformation", [Part("Ip", "AWS::EC2::EIP", {}), association])
    resources, notes = read(document, CATALOG)
    assert notes == []
    assert [r.properties for r in resources] == [{"instance": "i-1"}]


def test_what_a_format_would_decide_by_itself_is_always_said() -> None:
    database = Resource("aws_db_instance", "data", {"instance_class": "db.t4g.small"})
    document, _ = write([database], "cloudformation", CATALOG)
    assert document.parts[0].arguments["PubliclyAccessible"] is False
    resources, notes = read(document, CATALOG)
    assert (resources[0].properties.get("publicly_accessible"), notes) in ((None, []), (False, []))
