"""ARM templates of others as blueprints."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dharma.blueprint.readers import ReadResult, read_text
from dharma.catalog import load_catalog
from dharma.core.errors import InvalidTemplate
from dharma.generator import generate
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    ForList,
    Index,
    ResourceRef,
    Symbol,
    Template,
    VariableRef,
)

CATALOG = load_catalog()
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
GROUP = ResourceRef("azurerm_resource_group.main", ("name",))
VNET = {
    "type": "Microsoft.Network/virtualNetworks",
    "apiVersion": "2020-05-01",
    "name": "[variables('vnetName')]",
    "location": "[parameters('location')]",
    "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
}


def read(resources: Any, **sections: Any) -> ReadResult:
    template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": resources}
    template["parameters"] = {
        "location": {"type": "string", "defaultValue": "[resourceGroup().location]"},
        **sections.pop("parameters", {}),
    }
    template["variables"] = {"vnetName": "net", **sections.pop("variables", {})}
    return read_text(json.dumps(template | sections), "azuredeploy.json", CATALOG)


def resources(result: ReadResult) -> dict[str, Resource]:
    return {resource.address: resource for resource in result.blueprint.resources}


def one(resource: dict[str, Any], **sections: Any) -> Resource:
    found = resources(read([resource], **sections))
    (only,) = [r for r in found.values() if r.type != "azurerm_resource_group"]
    return only


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


def test_the_group_of_the_deployment_becomes_a_resource_that_all_are_in() -> None:
    result = read([disk()])
    group = resources(result)["azurerm_resource_group.main"]
    assert group.properties == {
        "name": VariableRef("resource_group_name"),
        "location": VariableRef("location"),
    }
    assert resources(result)["azurerm_managed_disk.data"].properties["resource_group_name"] == GROUP
    assert any("became azurerm_resource_group.main" in n.message for n in result.notes)
    declared = {v.name: v.required for v in result.blueprint.variables}
    assert declared == {"resource_group_name": True, "location": True}


def test_a_computed_default_is_left_out_and_said() -> None:
    result = read([disk()])
    (note,) = [n for n in result.notes if n.path == "defaultValue"]
    assert note.message == (
        "the default [resourceGroup().location] is computed by Azure: give a value"
    )


def test_a_child_that_waits_for_its_parent_refers_to_it_and_another_one_names_it() -> None:
    subnet = {
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "apiVersion": "2020-05-01",
        "name": "[concat(variables('vnetName'), '/app')]",
        "properties": {"addressPrefix": "10.0.1.0/24"},
    }
    alone = resources(read([subnet]))["azurerm_subnet.app"]
    assert alone.properties["virtual_network_name"] == "net"
    assert alone.properties["address_prefixes"] == ["10.0.1.0/24"]
    waits = {**subnet, "dependsOn": ["[variables('vnetName')]"]}
    found = resources(read([waits, VNET]))["azurerm_subnet.app"]
    assert found.properties["virtual_network_name"] == ResourceRef(
        "azurerm_virtual_network.net", ("name",)
    )
    assert found.depends_on == ()


def test_a_child_inside_its_parent_is_a_resource_of_its_own() -> None:
    inside = {
        "type": "subnets",
        "apiVersion": "2020-05-01",
        "name": "app",
        "properties": {"addressPrefixes": ["10.0.1.0/24"]},
    }
    found = resources(read([{**VNET, "resources": [inside]}]))
    assert found["azurerm_subnet.app"].properties["virtual_network_name"] == ResourceRef(
        "azurerm_virtual_network.net", ("name",)
    )


def test_what_is_awaited_without_a_reference_stays_a_dependency() -> None:
    types = "Microsoft.Network/virtualNetworks"
    for spelled in (f"[resourceId('{types}', 'net')]", f"[concat('{types}/', 'net')]", "net"):
        found = resources(read([VNET, disk(dependsOn=[spelled])]))["azurerm_managed_disk.data"]
        assert found.depends_on == ("azurerm_virtual_network.net",)
    result = read([disk(dependsOn=["nobody"])])
    assert [n.message for n in result.notes if n.path == "dependsOn"] == [
        "nobody is no resource of this template"
    ]


def test_an_id_of_something_else_is_written_out() -> None:
    identifier = "[resourceId('other', 'Microsoft.Compute/snapshots', 'old')]"
    properties = {"creationData": {"createOption": "Copy", "sourceResourceId": identifier}}
    found = one(disk(properties=properties))
    assert found.properties["source_resource_id"] == Template(
        (
            "/subscriptions/",
            Ambient("subscription_id"),
            "/resourceGroups/other/providers/Microsoft.Compute/snapshots/old",
        )
    )


def test_loops_are_counted_and_their_instances_referred_to() -> None:
    nic = {
        "type": "Microsoft.Network/publicIPAddresses",
        "apiVersion": "2020-05-01",
        "name": "[concat('ip', copyIndex())]",
        "location": "westeurope",
        "copy": {"name": "ips", "count": "[parameters('number')]"},
        "properties": {"publicIPAllocationMethod": "Static"},
    }
    output = {"value": "[reference(resourceId('Microsoft.Network/publicIPAddresses', 'ip2'))]"}
    output = {"first": {"type": "string", "value": output["value"][:-1] + ".ipAddress]"}}
    result = read([nic], parameters={"number": {"type": "int"}}, outputs=output)
    found = resources(result)["azurerm_public_ip.ip"]
    assert found.count == VariableRef("number")
    assert found.properties["name"] == Template(("ip", Symbol(("count", "index"))))
    (shown,) = result.blueprint.outputs
    assert shown.value == ResourceRef("azurerm_public_ip.ip", ("ip_address",), 2)


def test_repeated_properties_are_written_out_where_their_number_is_known() -> None:
    def tags(count: Any) -> dict[str, Any]:
        loop = {"name": "list", "count": count, "input": "[concat('v', copyIndex('list', 1))]"}
        return {"variables": {"values": {"copy": [loop]}}}

    properties = {
        "creationData": {"createOption": "Empty"},
        "tier": "[join(variables('values').list, '-')]",
    }
    known = one(disk(tags={"all": "[join(variables('values').list, '-')]"}), **tags(2))
    assert known.properties["tags"] == {"all": Call("join", ("-", ["v1", "v2"]))}
    unknown = one(
        disk(tags={"all": properties["tier"]}),
        parameters={"number": {"type": "int"}},
        **tags("[parameters('number')]"),
    )
    repeated = ForList(
        None,
        "list",
        Call("range", (VariableRef("number"),)),
        Template(("v", Binary("+", Symbol(("list",)), 1))),
    )
    assert unknown.properties["tags"] == {"all": Call("join", ("-", repeated))}


def test_functions_become_their_counterparts() -> None:
    parameters = {"a": {"type": "string"}, "n": {"type": "int"}, "list": {"type": "array"}}
    spelled: dict[str, Any] = {
        "[toLower(parameters('a'))]": Call("lower", (VariableRef("a"),)),
        "[if(equals(parameters('a'), 'x'), 'y', 'z')]": Conditional(
            Binary("==", VariableRef("a"), "x"), "y", "z"
        ),
        "[format('{0}-{1}{{}}', parameters('a'), parameters('n'))]": Template(
            (VariableRef("a"), "-", VariableRef("n"), "{}")
        ),
        "[split(parameters('a'), ',')[0]]": Index(Call("split", (",", VariableRef("a"))), 0),
        "[subscription().tenantId]": Ambient("tenant_id"),
        "[[literal]": "[literal]",
        "[uniqueString(parameters('a'))]": Call("provider::arm::uniqueString", (VariableRef("a"),)),
        "[json('{\"k\": 1}').k]": "1",
    }
    for text, value in spelled.items():
        found = one(disk(tags={"t": text}), parameters=parameters)
        assert found.properties["tags"] == {"t": value}, text


def test_an_unknown_function_is_kept_and_reported_with_its_place() -> None:
    result = read([disk(tags={"t": "[dateTimeAdd('2020', 'P1D')]"})])
    (note,) = [n for n in result.notes if "only Azure computes" in n.message]
    assert (note.address, note.path) == ("resources[0]", "tags.t")
    assert note.origin.line == 1


def test_a_nested_template_is_read_with_its_own_parameters() -> None:
    inner = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"size": {"type": "int"}},
        "variables": {"n": "inner"},
        "resources": [
            disk(
                name="[variables('n')]",
                properties={
                    "creationData": {"createOption": "Empty"},
                    "diskSizeGB": "[parameters('size')]",
                },
            )
        ],
    }
    nested = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2021-04-01",
        "name": "nested",
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {"size": {"value": 64}},
            "template": inner,
        },
    }
    found = resources(read([nested]))["azurerm_managed_disk.inner"]
    assert found.properties["disk_size_gb"] == 64
    linked = {**nested, "properties": {"templateLink": {"uri": "https://example.org/t.json"}}}
    result = read([linked])
    assert [n.message for n in result.notes if n.address == "resources[0]"] == [
        "the template that it links to is not here: it is kept",
        "the catalog has no kind for Azure::Microsoft::Resources::deployments",
    ]


def test_a_type_that_the_catalog_does_not_know_passes_through() -> None:
    strange = {
        "type": "Microsoft.Fabric/capacities",
        "apiVersion": "2023-11-01",
        "name": "f",
        "location": "westeurope",
        "sku": {"name": "F2"},
    }
    result = read([strange])
    found = resources(result)["Azure::Microsoft::Fabric::capacities.f"]
    assert found.properties["sku"] == {"name": "F2"}
    assert found.native == {"arm": {"apiVersion": "2023-11-01"}}


def test_machines_of_one_type_are_told_apart() -> None:
    machine = {
        "type": "Microsoft.Compute/virtualMachines",
        "apiVersion": "2023-03-01",
        "name": "vm",
        "location": "westeurope",
        "properties": {"osProfile": {"linuxConfiguration": {"provisionVMAgent": True}}},
    }
    assert one(machine).type == "azurerm_linux_virtual_machine"


def test_what_azure_allows_beyond_json_is_read_and_lines_are_those_of_the_file() -> None:
    text = "\n".join(
        [
            '{ // a comment with "quotes"',
            f'  "$schema": "{SCHEMA}",',
            '  "resources": [',
            "    /* several",
            "       lines */",
            '    {"type": "Microsoft.Compute/disks", "apiVersion": "2023-01-02",',
            '     "name": "x", "location": "westeurope", "tags": {"u": "http://x",},',
            '     "properties": {"creationData": {"createOption": "Empty"}}}',
            '    , {"type": "Microsoft.Compute/disks", "apiVersion": "2023-01-02",',
            '     "name": "y", "tags": {"t": "one',
            'two"}},',
            "  ], // the last",
            "}",
        ]
    )
    result = read_text(text, "azuredeploy.json", CATALOG)
    found = [r for r in result.blueprint.resources if r.type == "azurerm_managed_disk"]
    assert [(r.origin.line, r.properties["tags"]) for r in found] == [
        (6, {"u": "http://x"}),
        (9, {"t": "one\ntwo"}),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps({"$schema": SCHEMA}), "the template has no resources"),
        ("param name string\n", "bicep build"),
        ("resource x 'Microsoft.Storage/storageAccounts@2023-01-01' = {\n", "bicep build"),
        (
            json.dumps({"$schema": SCHEMA.replace("Template", "Parameters"), "parameters": {}}),
            "the parameters of an ARM template",
        ),
    ],
)
def test_what_cannot_be_read_says_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(InvalidTemplate) as caught:
        read_text(text, "x", CATALOG)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        {"variables": {"a": "[variables('b')]", "b": "[variables('a')]"}},
        {"variables": {"a": "[variables('nowhere')]"}},
        {"variables": {"a": "[broken(]"}},
    ],
)
def test_what_has_no_value_is_unknown_and_said(said: dict[str, Any]) -> None:
    result = read([disk(tags={"t": "[variables('a')]"})], **said)
    assert any(n.path == "tags.t" and n.kind == "not_understood" for n in result.notes)


def test_subnets_inside_their_network_are_resources_that_others_refer_to() -> None:
    inside = [
        {"name": "app", "properties": {"addressPrefix": "10.0.1.0/24"}},
        {"name": "data", "properties": {"addressPrefix": "10.0.2.0/24"}},
    ]
    network = {**VNET, "properties": {**VNET["properties"], "subnets": inside}}  # type: ignore[dict-item]
    identifier = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'data')]"
    nic = {
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": "2020-05-01",
        "name": "nic",
        "location": "westeurope",
        "dependsOn": ["[resourceId('Microsoft.Network/virtualNetworks/', 'net')]"],
        "properties": {
            "ipConfigurations": [
                {
                    "name": "a",
                    "properties": {
                        "privateIPAllocationMethod": "Dynamic",
                        "subnet": {"id": identifier},
                    },
                }
            ]
        },
    }
    result = read([network, nic])
    found = resources(result)
    assert [n.message for n in result.notes if n.kind == "not_understood"] == []
    assert found["azurerm_subnet.data"].properties["address_prefixes"] == ["10.0.2.0/24"]
    (configuration,) = found["azurerm_network_interface.nic"].properties["ip_configuration"]  # type: ignore[misc]
    assert configuration["subnet_id"] == ResourceRef("azurerm_subnet.data", ("id",))  # type: ignore[index,call-overload]


def test_the_pools_that_an_address_is_in_stay_with_it_and_are_written_again() -> None:
    pool = "[resourceId('Microsoft.Network/loadBalancers/backendAddressPools', 'lb', 'web')]"
    addresses = [
        {"name": "first", "properties": {"privateIPAllocationMethod": "Dynamic"}},
        {
            "name": "second",
            "properties": {
                "privateIPAllocationMethod": "Dynamic",
                "loadBalancerBackendAddressPools": [{"id": pool}],
            },
        },
    ]
    card = {
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": "2023-05-01",
        "name": "card",
        "properties": {"ipConfigurations": addresses},
    }
    balancer = {
        "type": "Microsoft.Network/loadBalancers",
        "apiVersion": "2023-05-01",
        "name": "lb",
        "properties": {"backendAddressPools": [{"name": "web"}]},
    }
    result = read([card, balancer])
    assert [n.path for n in result.notes if n.kind == "not_understood"] == []
    written = json.loads(generate(result.blueprint, "arm", CATALOG).files["azuredeploy.json"])
    (back,) = [r for r in written["resources"] if r["name"] == "card"]
    first, second = back["properties"]["ipConfigurations"]
    assert "loadBalancerBackendAddressPools" not in first["properties"]
    assert second["properties"]["loadBalancerBackendAddressPools"] == [{"id": pool}]
    assert pool in back["dependsOn"]


def test_what_was_kept_of_an_element_that_is_no_more_is_named() -> None:
    rule = {"name": "old", "properties": {"privateIPAllocationMethod": "Dynamic", "shiny": 1}}
    card = {
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": "2023-05-01",
        "name": "card",
        "properties": {"ipConfigurations": [rule]},
    }
    result = read([card])
    (one,) = [r for r in result.blueprint.resources if r.type == "azurerm_network_interface"]
    renamed = [{**one.properties["ip_configuration"][0], "name": "new"}]  # type: ignore[index,dict-item]
    changed = replace(one, properties={**one.properties, "ip_configuration": renamed})
    resources = tuple(changed if r is one else r for r in result.blueprint.resources)
    code = generate(replace(result.blueprint, resources=resources), "arm", CATALOG)
    (note,) = [n for n in code.warnings if n.path.startswith("native.")]
    assert note.path == "native.arm.properties.ipConfigurations.[old]"
    assert "shiny" not in code.files["azuredeploy.json"]


@pytest.mark.parametrize(
    ("said", "meant"), [(True, True), (False, False), ("true", True), ("false", False)]
)
def test_purge_protection_that_is_said_to_be_off_is_off(said: Any, meant: bool) -> None:
    vault = {
        "type": "Microsoft.KeyVault/vaults",
        "apiVersion": "2023-07-01",
        "name": "v",
        "location": "westeurope",
        "properties": {
            "tenantId": "t",
            "sku": {"family": "A", "name": "standard"},
            "enablePurgeProtection": said,
        },
    }
    result = read([vault])
    found = resources(result)["azurerm_key_vault.v"].properties
    assert found.get("purge_protection_enabled", False) == meant
    assert [n.message for n in result.notes if n.kind == "not_understood"] == []


def test_an_identity_of_none_is_none_and_a_slash_behind_a_type_says_nothing() -> None:
    store = {
        "type": "Microsoft.Storage/storageAccounts/",
        "apiVersion": "2023-01-01",
        "name": "store",
        "location": "westeurope",
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
        "identity": {"type": "None"},
        "properties": {},
    }
    result = read([store])
    assert "identity" not in resources(result)["azurerm_storage_account.store"].properties
    assert [n.message for n in result.notes if n.kind == "not_understood"] == []
