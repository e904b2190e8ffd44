"""A literal that the format wants beside a value, where the value itself is missing; and parents
that were named where the newer provider wants their id."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dharma.blueprint.readers import read_text
from dharma.catalog import Document, Part, load_catalog, read, write
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import ResourceRef, Value

CATALOG = load_catalog()
MACHINES = "Microsoft.Compute/virtualMachines"
TRUSTED: dict[str, Value] = {"properties": {"securityProfile": {"securityType": "TrustedLaunch"}}}


def machine(profile: dict[str, Value], *, keeps: bool = True) -> tuple[Resource, list[str]]:
    linux = {"osProfile": {"linuxConfiguration": {}}}
    arguments: dict[str, Value] = {
        "name": "m",
        "location": "westeurope",
        "properties": {**linux, "securityProfile": profile},
    }
    (resource,), notes = read(
        Document("arm", [Part("m", MACHINES, arguments)], keeps_unread=keeps), CATALOG
    )
    return resource, [n.path for n in notes if "securityType" in n.path]


def test_a_trusted_launch_without_settings_is_kept() -> None:
    resource, notes = machine({"securityType": "TrustedLaunch"})
    assert notes == ["properties.securityProfile.securityType"]
    assert resource.native["arm"] == TRUSTED
    unkept, told = machine({"securityType": "TrustedLaunch"}, keeps=False)
    assert (unkept.native, told) == ({}, ["properties.securityProfile.securityType"])


@pytest.mark.parametrize(
    "profile",
    [
        {"securityType": "TrustedLaunch", "uefiSettings": {"vTpmEnabled": True}},
        {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": False}},
        {"securityType": "Standard"},
        {},
    ],
)
def test_one_that_a_value_says_or_that_switches_off_is_not_told(profile: dict[str, Value]) -> None:
    resource, notes = machine(profile)
    assert (dict(resource.native), notes) == ({}, [])


def test_a_switch_without_its_value_is_kept_in_a_registry_too() -> None:
    arguments: dict[str, Value] = {
        "name": "images",
        "location": "westeurope",
        "sku": {"name": "Premium"},
        "properties": {"policies": {"retentionPolicy": {"status": "enabled"}}},
    }
    part = Part("r", "Microsoft.ContainerRegistry/registries", arguments)
    (resource,), _ = read(Document("arm", [part], keeps_unread=True), CATALOG)
    policies = {"policies": {"retentionPolicy": {"status": "enabled"}}}
    assert resource.native == {"arm": {"properties": policies}}


def terraform(kind: str, name: str, arguments: str) -> Resource:
    text = f"""
resource "azurerm_storage_account" "data" {{ name = "data" }}
resource "azurerm_eventhub_namespace" "main" {{ name = "main" }}
resource "{kind}" "{name}" {{
  name = "{name}"
  {arguments}
}}
"""
    result = read_text(text, "main.tf", CATALOG)
    (found,) = (r for r in result.blueprint.resources if r.address == f"{kind}.{name}")
    return found


@pytest.mark.parametrize(
    ("kind", "old", "new", "owner"),
    [
        ("azurerm_storage_container", "storage_account_name", "storage_account_id",
         "azurerm_storage_account.data"),
        ("azurerm_eventhub", "namespace_name", "namespace_id",
         "azurerm_eventhub_namespace.main"),
    ],
)  # fmt: skip
def test_a_parent_may_be_named_as_azurerm_3_does(kind: str, old: str, new: str, owner: str) -> None:
    found = terraform(kind, "x", f"{old} = {owner}.name")
    assert found.properties[new] == ResourceRef(owner, ("id",))
    # Whose name it is cannot be told: it stays for Terraform, which knows.
    spelled = terraform(kind, "x", f'{old} = "somebody"')
    assert new not in spelled.properties
    assert spelled.native == {"terraform": {old: "somebody"}}


def test_the_group_that_azurerm_3_wanted_of_an_event_hub_means_nothing() -> None:
    text = """
resource "azurerm_eventhub_namespace" "main" {
  name = "main"
}
resource "azurerm_eventhub" "x" {
  name                = "x"
  resource_group_name = "web"
  namespace_name      = azurerm_eventhub_namespace.main.name
}
"""
    assert [n for n in read_text(text, "main.tf", CATALOG).notes if "eventhub.x" in n.address] == []


def scale_set(**said: Any) -> Resource:
    properties: dict[str, Value] = {
        "name": "web",
        "resource_group_name": "g",
        "location": "westeurope",
        "sku": "Standard_B2s",
        "admin_username": "operator",
        "os_disk": {"caching": "ReadWrite", "storage_account_type": "Standard_LRS"},
        "network_interface": [{"name": "n", "ip_configuration": [{"name": "i"}]}],
    }
    return Resource("azurerm_linux_virtual_machine_scale_set", "web", {**properties, **said})


def test_a_scale_set_may_leave_its_number_and_the_names_of_its_machines_to_azure() -> None:
    document, notes = write([scale_set()], "arm", CATALOG)
    assert notes == []
    (part,) = document.parts
    assert part.arguments["sku"] == {"name": "Standard_B2s", "capacity": 0}
    assert "computerNamePrefix" not in json.dumps(part.arguments, default=repr)
    (resource,), _ = read(document, CATALOG)
    assert resource.properties.get("instances", 0) == 0
