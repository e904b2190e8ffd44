"""What is written of the examples is what the formats' own schemas allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog, read, write
from dharma.catalog.document import Document, Part
from dharma.catalog.formats import Format
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Conditional, ResourceRef, Value, VariableRef
from scripts.catalog_check.conform import faults
from tests.unit.examples import EXAMPLES, KINDS, REFUSED, written_in

CATALOG = load_catalog()
WRITTEN = [
    pytest.param(file, format, id=f"{file.stem}-{format}")
    for file, format in written_in([*EXAMPLES, *KINDS])
]


@pytest.mark.parametrize(("name", "format"), REFUSED)
def test_what_a_format_cannot_say_of_an_example_is_refused(name: str, format: Format) -> None:
    (file,) = [file for file in KINDS if file.stem == name]
    blueprint = load_blueprint(file.read_bytes(), file.name)
    with pytest.raises(NotExpressible, match=REFUSED[name, format]):
        write(blueprint.resources, format, CATALOG)


@pytest.mark.parametrize(("file", "format"), WRITTEN)
def test_the_schemas_allow_what_is_written_of_an_example(file: Path, format: Format) -> None:
    blueprint = load_blueprint(file.read_bytes(), file.name)
    document, _ = write(blueprint.resources, format, CATALOG)
    assert faults(document) == []


@pytest.mark.parametrize(("file", "format"), WRITTEN)
def test_what_was_written_of_an_example_is_understood_without_rest(
    file: Path, format: Format
) -> None:
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
