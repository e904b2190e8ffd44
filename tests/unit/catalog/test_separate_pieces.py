"""Elements of a set that a format has inside of their owner or as resources of their own: policies
of a key vault, routes, addresses of a NAT gateway, policies of several principals."""

from __future__ import annotations

import pytest

from dharma.catalog import Document, Part, canonical, load_catalog, read, write
from dharma.catalog.document import Format
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import ResourceRef, Value

CATALOG = load_catalog()
PLACE: dict[str, Value] = {"resource_group_name": "rg", "location": "westeurope"}


def policy(object_id: Value) -> dict[str, Value]:
    return {"tenant_id": "t", "object_id": object_id, "secret_permissions": ["Get"]}


def vault(*policies: Value) -> Resource:
    properties: dict[str, Value] = {"name": "v", "tenant_id": "t", "sku_name": "standard", **PLACE}
    return Resource("azurerm_key_vault", "v", {**properties, "access_policy": list(policies)})


def types_of(resources: list[Resource], format: Format) -> list[str]:
    document, _ = write(resources, format, CATALOG)
    back, notes = read(document, CATALOG)
    assert notes == []
    assert canonical(back, CATALOG) == canonical(resources, CATALOG)
    return [part.type for part in document.parts]


def test_policies_stand_in_their_vault() -> None:
    assert types_of([vault(policy("a"), policy("b"))], "terraform") == ["azurerm_key_vault"]


def test_policies_of_what_needs_the_vault_are_resources_of_their_own() -> None:
    app: dict[str, Value] = {"name": "web", "service_plan_id": "plan", "site_config": {}, **PLACE}
    secret = ResourceRef("azurerm_key_vault.v", ("vault_uri",))
    identity = ResourceRef("azurerm_linux_web_app.web", ("identity", 0, "principal_id"))
    site = Resource("azurerm_linux_web_app", "web", {**app, "app_settings": {"vault": secret}})
    both = [vault(policy(identity), policy("b")), site]
    assert types_of(both, "terraform") == [
        "azurerm_key_vault",
        "azurerm_key_vault_access_policy",
        "azurerm_key_vault_access_policy",
        "azurerm_linux_web_app",
    ]


def test_the_address_of_what_the_table_serves_makes_a_route_of_its_own() -> None:
    route: dict[str, Value] = {
        "name": "out",
        "address_prefix": "0.0.0.0/0",
        "next_hop_type": "VirtualAppliance",
        "next_hop_in_ip_address": ResourceRef(
            "azurerm_network_interface.nva", ("private_ip_address",)
        ),
    }
    table = Resource("azurerm_route_table", "t", {"name": "t", "route": [route], **PLACE})
    subnet = Resource(
        "azurerm_subnet",
        "s",
        {
            "name": "s",
            "resource_group_name": "rg",
            "virtual_network_name": "n",
            "address_prefixes": ["10.0.0.0/24"],
            "route_table_id": ResourceRef("azurerm_route_table.t", ("id",)),
        },
    )
    address: Value = {
        "name": "a",
        "private_ip_address_allocation": "Dynamic",
        "subnet_id": ResourceRef("azurerm_subnet.s", ("id",)),
    }
    nva = Resource(
        "azurerm_network_interface", "nva", {"name": "nva", "ip_configuration": [address], **PLACE}
    )
    arm = types_of([table, subnet, nva], "arm")
    assert "Microsoft.Network/routeTables/routes" in arm
    assert "azurerm_route" not in types_of([table, subnet, nva], "terraform")


def test_routes_of_terraform_code_are_read_into_their_table() -> None:
    main = Part(
        "azurerm_route_table.t", "azurerm_route_table", {"name": "t", "resource_group_name": "rg"}
    )
    said: dict[str, Value] = {
        "name": "out",
        "address_prefix": "0.0.0.0/0",
        "next_hop_type": "Internet",
    }
    further: dict[str, Value] = {
        "route_table_name": ResourceRef("azurerm_route_table.t", ("name",)),
        "resource_group_name": "rg",
    }
    part = Part("azurerm_route.r", "azurerm_route", {**said, **further})
    ((table,), notes) = read(Document("terraform", [main, part]), CATALOG)
    assert table.properties["route"] == [said]
    assert notes == []


def test_a_nat_gateway_has_any_number_of_addresses() -> None:
    gateway = Resource(
        "azurerm_nat_gateway",
        "n",
        {
            "name": "n",
            "public_ip_address_ids": ["/ip/a", "/ip/b"],
            "public_ip_prefix_ids": ["/prefix/a"],
            **PLACE,
        },
    )
    assert types_of([gateway], "arm") == ["Microsoft.Network/natGateways"]
    assert types_of([gateway], "terraform")[1:] == [
        "azurerm_nat_gateway_public_ip_association",
        "azurerm_nat_gateway_public_ip_association",
        "azurerm_nat_gateway_public_ip_prefix_association",
    ]


@pytest.mark.parametrize("here", [True, False])
def test_a_policy_that_is_attached_to_several_is_attached_to_each_or_stays_what_it_is(
    here: bool,
) -> None:
    role = Part("aws_iam_role.r", "aws_iam_role", {"name": "r"})
    user = Part("aws_iam_user.u", "aws_iam_user", {"name": "u"})
    attachment = Part(
        "aws_iam_policy_attachment.a",
        "aws_iam_policy_attachment",
        {
            "name": "a",
            "roles": [ResourceRef("aws_iam_role.r", ("name",))],
            "users": [ResourceRef("aws_iam_user.u", ("name",))],
            "groups": [],
            "policy_arn": "arn:p",
        },
    )
    parts = [role, user, attachment] if here else [role, attachment]
    found, _ = read(Document("terraform", parts), CATALOG)
    attached = {r.address for r in found if r.properties.get("managed_policy_arns") == ["arn:p"]}
    assert attached == ({"aws_iam_role.r", "aws_iam_user.u"} if here else set())
    assert ("aws_iam_policy_attachment.a" in {r.address for r in found}) is not here
