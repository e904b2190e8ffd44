"""What of an ARM template no table reads stays with its resource, and is written again."""

from __future__ import annotations

import json
from typing import Any

from dharma.blueprint.readers import ReadResult, read_text
from dharma.catalog import load_catalog
from dharma.generator import generate
from dharma.model.blueprint import Resource

CATALOG = load_catalog()
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def read(*resources: dict[str, Any], **sections: Any) -> ReadResult:
    template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources)}
    return read_text(json.dumps(template | sections), "azuredeploy.json", CATALOG)


def only(result: ReadResult, kind: str) -> Resource:
    (found,) = [r for r in result.blueprint.resources if r.type == kind]
    return found


def written(result: ReadResult) -> list[dict[str, Any]]:
    (text,) = generate(result.blueprint, "arm", CATALOG).files.values()
    resources: list[dict[str, Any]] = json.loads(text)["resources"]
    return resources


def disk(**said: Any) -> dict[str, Any]:
    return {
        "type": "Microsoft.Compute/disks",
        "apiVersion": "2023-01-02",
        "name": "data",
        "location": "westeurope",
        "sku": {"name": "Premium_LRS"},
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 10},
        **said,
    }


def test_members_that_no_table_reads_are_kept_for_arm_and_written_again() -> None:
    body = disk(extendedLocation={"name": "lab", "type": "EdgeZone"})
    body["properties"]["burstingEnabled"] = "[equals(parameters('fast'), 'yes')]"
    result = read(body, parameters={"fast": {"type": "string"}})
    kept = only(result, "azurerm_managed_disk").native["arm"]
    assert kept["extendedLocation"] == {"name": "lab", "type": "EdgeZone"}
    assert [n.kind for n in result.notes if "burstingEnabled" in n.path] == ["passed_through"]
    (again,) = written(result)
    assert again["properties"]["burstingEnabled"] == "[equals(parameters('fast'), 'yes')]"
    assert again["properties"]["diskSizeGB"] == 10
    assert again["extendedLocation"] == body["extendedLocation"]


def test_what_is_kept_of_a_conditional_object_is_there_under_its_condition() -> None:
    body = disk()
    body["properties"] = (
        "[if(equals(parameters('large'), 'yes'),"
        " createObject('creationData', createObject('createOption', 'Empty'), 'diskSizeGB', 100),"
        " createObject('creationData', createObject('createOption', 'Empty'), 'diskSizeGB', 10))]"
    )
    body["tags"] = {"team": "web"}
    result = read(body, parameters={"large": {"type": "string"}})
    assert only(result, "azurerm_managed_disk").properties["tags"] == {"team": "web"}
    assert not [n for n in result.notes if n.kind == "not_understood"]


def test_names_of_properties_are_the_same_in_small_and_capital_letters() -> None:
    body = disk(SKU={"Name": "Premium_LRS"})
    del body["sku"]
    body["properties"] = {"CreationData": {"createoption": "Empty"}, "DiskSizeGb": 10}
    result = read(body)
    found = only(result, "azurerm_managed_disk")
    assert found.properties == only(read(disk()), "azurerm_managed_disk").properties
    assert found.native == {"arm": {}} or not found.native


def test_names_inside_the_elements_of_lists_are_spelled_too() -> None:
    body = {
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": "2023-01-02",
        "name": "nic",
        "location": "westeurope",
        "properties": {
            "ipConfigurations": [
                {
                    "Name": "first",
                    "properties": {
                        "PrivateIpAllocationMethod": "Dynamic",
                        "subnet": {"id": "/subscriptions/s/subnets/app"},
                        "publicIpAddress": {"id": "/subscriptions/s/publicIPAddresses/web"},
                    },
                }
            ]
        },
    }
    result = read(body)
    (configuration,) = only(result, "azurerm_network_interface").properties["ip_configuration"]  # type: ignore[misc]
    assert configuration == {
        "name": "first",
        "private_ip_address_allocation": "Dynamic",
        "subnet_id": "/subscriptions/s/subnets/app",
        "public_ip_address_id": "/subscriptions/s/publicIPAddresses/web",
    }
    assert not [n for n in result.notes if n.kind == "not_understood"]


def test_a_whole_resource_can_be_referred_to() -> None:
    result = read(
        {
            "type": "Microsoft.Confluent/organizations",
            "apiVersion": "2018-04-01",
            "name": "main",
            "location": "westeurope",
            "properties": {},
        },
        outputs={
            "all": {
                "type": "object",
                "value": "[reference(resourceId('Microsoft.Confluent/organizations', 'main'),"
                " '2018-04-01', 'full')]",
            }
        },
    )
    (text,) = generate(result.blueprint, "arm", CATALOG).files.values()
    assert json.loads(text)["outputs"]["all"]["value"] == (
        "[reference(resourceId('Microsoft.Confluent/organizations', 'main'), '2018-04-01', 'full')]"
    )
