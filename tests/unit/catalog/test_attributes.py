"""Attributes that a format computes, knows through a property, or cannot say."""

from __future__ import annotations

import pytest

from dharma.catalog import canonical, load_catalog, read, write
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Conditional, ResourceRef, Template, Value, VariableRef

CATALOG = load_catalog()
EIP = Resource("aws_eip", "one", {"domain": "vpc"})
ALLOCATION = ResourceRef("aws_eip.one", ("id",))


def nat_gateway(**properties: Value) -> Resource:
    subnet = {"subnet_id": "subnet-1"}
    return Resource("aws_nat_gateway", "nat", {**subnet, **properties})


def described(value: Value) -> Resource:
    return Resource("aws_kms_key", "key", {"description": value})


def written(value: Value, *others: Resource) -> Value:
    document, _ = write([described(value), *others], "cloudformation", CATALOG)
    return document.parts[0].arguments["Description"]


def came_back(value: Value, *others: Resource) -> None:
    resources = [described(value), *others]
    document, _ = write(resources, "cloudformation", CATALOG)
    back, notes = read(document, CATALOG)
    assert notes == []
    assert canonical(back, CATALOG) == canonical(resources, CATALOG)


def test_a_computed_attribute_of_two_native_ones_is_written_and_recognised() -> None:
    database = Resource("aws_db_instance", "db", {"instance_class": "db.t3.micro"})
    endpoint = ResourceRef("aws_db_instance.db", ("endpoint",))
    assert written(endpoint, database) == Template(
        (
            ResourceRef("DbDBInstance", ("Endpoint", "Address")),
            ":",
            ResourceRef("DbDBInstance", ("Endpoint", "Port")),
        )
    )
    came_back(endpoint, database)
    came_back(Template(("http://", endpoint, "/x")), database)


def test_the_address_of_a_nat_gateway_is_that_of_its_elastic_ip() -> None:
    address = ResourceRef("aws_nat_gateway.nat", ("public_ip",))
    gateway = nat_gateway(allocation_id=ALLOCATION)
    assert written(address, gateway, EIP) == ResourceRef("OneAddress", ("Ref",))
    came_back(address, gateway, EIP)
    maybe = nat_gateway(allocation_id=Conditional(VariableRef("public"), ALLOCATION, None))
    assert written(address, maybe, EIP) == Conditional(
        VariableRef("public"), ResourceRef("OneAddress", ("Ref",)), None
    )


def test_an_attribute_through_a_property_needs_the_property_to_refer_to_a_resource() -> None:
    address = ResourceRef("aws_nat_gateway.nat", ("public_ip",))
    for gateway in (nat_gateway(), nat_gateway(allocation_id="eipalloc-1")):
        with pytest.raises(NotExpressible, match="known only through allocation_id"):
            written(address, gateway)


def test_an_impossible_attribute_is_refused_with_its_reason_or_said_by_its_value() -> None:
    name = ResourceRef("aws_secretsmanager_secret.s", ("name",))
    with pytest.raises(NotExpressible, match="CloudFormation knows the ARN alone"):
        written(name, Resource("aws_secretsmanager_secret", "s", {}))
    named = Resource("aws_secretsmanager_secret", "s", {"name": "token"})
    assert written(name, named) == "token"
    came_back(name, named)


def test_two_attributes_with_one_native_name_are_the_same() -> None:
    trail = Resource("aws_cloudtrail", "t", {"s3_bucket_name": "logs"})
    came_back(ResourceRef("aws_cloudtrail.t", ("id",)), trail)


def test_a_resource_of_which_only_a_value_is_written_still_comes_first() -> None:
    database = Resource("aws_db_instance", "db", {"engine": "postgres"})
    engine = ResourceRef("aws_db_instance.db", ("engine",))
    for value in (engine, Template(("runs on ", engine))):
        document, _ = write([described(value), database], "cloudformation", CATALOG)
        assert document.parts[0].order_only == ("DbDBInstance",)
        came_back(value, database)
    endpoint = ResourceRef("aws_db_instance.db", ("endpoint",))
    document, _ = write([described([engine, endpoint]), database], "cloudformation", CATALOG)
    assert document.parts[0].order_only == (), "the other reference says it"
