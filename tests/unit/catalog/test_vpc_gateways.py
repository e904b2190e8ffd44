"""What waits for a gateway, told from the resources alone."""

from __future__ import annotations

from dharma.catalog.vpc_gateways import (
    gateway_dependencies,
    with_gateway_dependencies,
    without_gateway_dependencies,
)
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import ResourceRef, Value


def ref(address: str) -> ResourceRef:
    return ResourceRef(address, ("id",))


def network(name: str) -> list[Resource]:
    return [
        Resource("aws_vpc", name, {"cidr_block": "10.0.0.0/16"}),
        Resource("aws_internet_gateway", name, {"vpc_id": ref(f"aws_vpc.{name}")}),
        Resource("aws_subnet", name, {"vpc_id": ref(f"aws_vpc.{name}")}),
    ]


def waits(*resources: Resource) -> dict[str, tuple[str, ...]]:
    return gateway_dependencies(resources)


def balancer(**properties: Value) -> Resource:
    return Resource("aws_lb", "x", {"subnets": [ref("aws_subnet.a")], **properties})


def test_each_waits_for_the_gateway_of_its_own_vpc() -> None:
    nat = Resource(
        "aws_nat_gateway",
        "n",
        {"subnet_id": ref("aws_subnet.a"), "allocation_id": ref("aws_eip.e")},
    )
    found = waits(*network("a"), *network("b"), nat, Resource("aws_eip", "e"), balancer())
    only = ("aws_internet_gateway.a",)
    assert found == {"aws_nat_gateway.n": only, "aws_eip.e": only, "aws_lb.x": only}


def test_an_address_that_nothing_uses_belongs_to_the_only_network() -> None:
    lonely = Resource("aws_eip", "e")
    assert waits(*network("a"), lonely) == {"aws_eip.e": ("aws_internet_gateway.a",)}
    assert waits(*network("a"), *network("b"), lonely) == {}


def test_what_stays_inside_waits_for_nothing() -> None:
    private = Resource(
        "aws_nat_gateway", "n", {"subnet_id": ref("aws_subnet.a"), "connectivity_type": "private"}
    )
    database = Resource("aws_db_instance", "d", {"publicly_accessible": False})
    assert waits(*network("a"), private, database, balancer(internal=True)) == {}
    assert waits(balancer()) == {}


def test_a_public_database_is_found_through_its_subnet_group() -> None:
    group = Resource("aws_db_subnet_group", "g", {"subnet_ids": [ref("aws_subnet.a")]})
    name = ResourceRef("aws_db_subnet_group.g", ("name",))
    database = Resource(
        "aws_db_instance", "d", {"publicly_accessible": True, "db_subnet_group_name": name}
    )
    found = waits(*network("a"), group, database)
    assert found == {"aws_db_instance.d": ("aws_internet_gateway.a",)}


def test_nothing_waits_for_what_depends_on_it() -> None:
    looped = Resource("aws_internet_gateway", "a", {"vpc_id": ref("aws_vpc.a")},
                      depends_on=("aws_eip.e",))  # fmt: skip
    resources = [network("a")[0], looped, Resource("aws_eip", "e")]
    assert waits(*resources) == {"aws_eip.e": ()}
    assert with_gateway_dependencies(resources)[2].depends_on == ()


def test_what_is_added_is_taken_away_again_and_nothing_else() -> None:
    before = (
        *network("a"),
        Resource("aws_eip", "e", depends_on=("aws_vpc.a",)),
        Resource("aws_subnet", "s", {}, depends_on=("aws_internet_gateway.a",)),
    )
    added = with_gateway_dependencies(before)
    assert added[3].depends_on == ("aws_vpc.a", "aws_internet_gateway.a")
    assert without_gateway_dependencies(added) == before
