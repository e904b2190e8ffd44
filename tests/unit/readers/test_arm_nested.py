"""ARM templates of others that are deployed to a subscription or have templates nested in them."""

from __future__ import annotations

import json
from typing import Any

from dharma.blueprint.readers import ReadResult, read_text
from dharma.catalog import load_catalog
from dharma.generator import generate
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    ResourceRef,
    Template,
    Unknown,
    VariableRef,
)

CATALOG = load_catalog()
SCHEMAS = "https://schema.management.azure.com/schemas"
GROUP_SCHEMA = f"{SCHEMAS}/2019-04-01/deploymentTemplate.json#"
SUBSCRIPTION_SCHEMA = f"{SCHEMAS}/2018-05-01/subscriptionDeploymentTemplate.json#"
SUBSCRIPTION = Template(("/subscriptions/", Ambient("subscription_id")))
DISKS = "Microsoft.Compute/disks"
DEPLOYMENTS = "Microsoft.Resources/deployments"


def disk(name: str, **said: Any) -> dict[str, Any]:
    properties = {"creationData": {"createOption": "Empty"}, **said.pop("properties", {})}
    return {
        "type": DISKS,
        "apiVersion": "2023-01-02",
        "name": name,
        "location": "westeurope",
        "sku": {"name": "Premium_LRS"},
        "properties": properties,
        **said,
    }


def group(name: str, **said: Any) -> dict[str, Any]:
    return {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2022-09-01",
        "name": name,
        "location": "[deployment().location]",
        **said,
    }


def nested(name: str, *resources: dict[str, Any], **said: Any) -> dict[str, Any]:
    """A nested template of inner scope; `given` are its parameters."""
    given = said.pop("given", {})
    template = {
        "$schema": GROUP_SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {n: {"type": "string"} for n in given} | said.pop("parameters", {}),
        "variables": said.pop("variables", {}),
        "resources": list(resources),
        "outputs": {n: {"type": "string", "value": v} for n, v in said.pop("outputs", {}).items()},
    }
    properties = {
        "mode": "Incremental",
        "expressionEvaluationOptions": {"scope": said.pop("scope_of", "inner")},
        "parameters": {n: {"value": v} for n, v in given.items()},
        "template": template,
    }
    return {
        "type": DEPLOYMENTS, "apiVersion": "2021-04-01", "name": name, "properties": properties,
        **said,
    }  # fmt: skip


def read(*resources: Any, schema: str = SUBSCRIPTION_SCHEMA, **sections: Any) -> ReadResult:
    template = {
        "$schema": schema,
        "contentVersion": "1.0.0.0",
        "parameters": {"rg": {"type": "string"}, "stage": {"type": "string"}},
        "resources": list(resources),
    }
    return read_text(json.dumps(template | sections), "azuredeploy.json", CATALOG)


def found(result: ReadResult) -> dict[str, Resource]:
    return {resource.address: resource for resource in result.blueprint.resources}


def named(name: str) -> ResourceRef:
    return ResourceRef(f"azurerm_resource_group.{name}", ("name",))


A_DISK = ResourceRef("azurerm_managed_disk.a", ("id",))


def test_a_nested_template_is_in_the_group_that_it_is_deployed_to() -> None:
    """Wherever the group stands in the list, and however its name is spelled."""
    for spelled in ("[parameters('rg')]", "[concat(parameters('rg'))]", "fixed"):
        name = "fixed" if spelled == "fixed" else "[parameters('rg')]"
        result = read(nested("n", disk("a"), resourceGroup=spelled), group(name))
        (address,) = [a for a in found(result) if "resource_group" in a]
        place = found(result)["azurerm_managed_disk.a"].properties["resource_group_name"]
        assert place == ResourceRef(address, ("name",))


def test_a_group_that_is_no_resource_of_the_template_stays_a_name() -> None:
    result = read(nested("n", disk("a"), resourceGroup="[parameters('rg')]"))
    assert found(result)["azurerm_managed_disk.a"].properties["resource_group_name"] == VariableRef(
        "rg"
    )
    inner = read(nested("n", disk("a"), resourceGroup="elsewhere"), schema=GROUP_SCHEMA)
    assert found(inner)["azurerm_managed_disk.a"].properties["resource_group_name"] == "elsewhere"


def test_the_group_of_an_inner_template_is_its_own() -> None:
    own = disk("a", location="[resourceGroup().location]")
    result = read(group("g"), nested("n", own, resourceGroup="g"))
    assert found(result)["azurerm_managed_disk.a"].properties["location"] == ResourceRef(
        "azurerm_resource_group.g", ("location",)
    )


def test_ids_say_their_group_in_several_ways() -> None:
    prefix = "format('/subscriptions/{0}/resourceGroups/{1}', subscription().subscriptionId, 'g')"
    for spelled in (
        f"resourceId('g', '{DISKS}', 'a')",
        f"resourceId(subscription().subscriptionId, 'g', '{DISKS}', 'a')",
        f"extensionResourceId({prefix}, '{DISKS}', 'a')",
    ):
        copy = disk("b", properties={"creationData": {
            "createOption": "Copy", "sourceResourceId": f"[{spelled}]"}})  # fmt: skip
        result = read(
            group("g"), group("h"),
            nested("n", disk("a"), resourceGroup="g"), nested("m", copy, resourceGroup="h"),
        )  # fmt: skip
        assert found(result)["azurerm_managed_disk.b"].properties["source_resource_id"] == A_DISK


def test_of_two_with_the_same_name_the_one_in_the_named_group_is_meant() -> None:
    for there in ("g", "h"):
        copy = disk("b", properties={"creationData": {
            "createOption": "Copy",
            "sourceResourceId": f"[resourceId('{there}', '{DISKS}', 'a')]"}})  # fmt: skip
        result = read(
            group("g"), group("h"),
            nested("n", disk("a"), resourceGroup="g"), nested("m", disk("a"), resourceGroup="h"),
            nested("o", copy, resourceGroup="g"),
        )  # fmt: skip
        resources = found(result)
        source = resources["azurerm_managed_disk.b"].properties["source_resource_id"]
        assert isinstance(source, ResourceRef)
        assert resources[source.address].properties["resource_group_name"] == named(there)


def test_what_one_template_puts_out_another_is_given() -> None:
    output = {"disk": f"[resourceId('{DISKS}', 'a')]"}
    copy = disk("b", properties={"creationData": {
        "createOption": "Copy", "sourceResourceId": "[parameters('source')]"}})  # fmt: skip
    references = (
        "reference('n').outputs.disk.value",
        f"reference(resourceId('{DEPLOYMENTS}', 'n')).outputs.disk.value",
        f"reference(resourceId('{DEPLOYMENTS}', 'n'), '2021-04-01', 'full')"
        ".properties.outputs.disk.value",
    )
    for reference in references:
        # The one that is given the value stands first.
        result = read(
            nested("m", copy, given={"source": f"[{reference}]"}, resourceGroup="g"),
            nested("n", disk("a"), outputs=output, resourceGroup="g"),
            outputs={"id": {"type": "string", "value": f"[{reference}]"}},
        )
        assert found(result)["azurerm_managed_disk.b"].properties["source_resource_id"] == A_DISK
        assert result.blueprint.outputs[0].value == A_DISK


def test_outputs_that_go_in_a_circle_end() -> None:
    around = {"x": "[parameters('y')]"}
    result = read(
        nested("m", disk("a"), given={"y": "[reference('n').outputs.x.value]"}, outputs=around),
        nested("n", disk("b"), given={"y": "[reference('m').outputs.x.value]"}, outputs=around),
        outputs={"o": {"type": "string", "value": "[reference('m').outputs.x.value]"}},
    )
    assert isinstance(result.blueprint.outputs[0].value, Unknown)


def test_defaults_of_an_inner_template_are_its_own() -> None:
    twice = {"type": "string", "defaultValue": "[concat(parameters('one'), variables('end'))]"}
    result = read(
        nested(
            "n", disk("[parameters('two')]"), given={"one": "x"}, parameters={"two": twice},
            variables={"end": "y"}, resourceGroup="g",
        )
    )  # fmt: skip
    assert found(result)["azurerm_managed_disk.xy"].properties["name"] == "xy"


def test_a_secret_of_a_key_vault_is_not_known() -> None:
    secret = nested("n", disk("a", tags={"s": "[parameters('s')]"}), given={"s": ""})
    vault = {"keyVault": {"id": "/subscriptions/x"}, "secretName": "s"}
    secret["properties"]["parameters"]["s"] = {"reference": vault}
    tags = found(read(secret))["azurerm_managed_disk.a"].properties["tags"]
    assert tags == {"s": Unknown("s is a secret of a key vault")}


def test_the_condition_of_a_deployment_holds_for_what_it_deploys() -> None:
    prod = "[equals(parameters('stage'), 'prod')]"
    is_prod = Binary("==", VariableRef("stage"), "prod")
    own = disk("b", condition="[equals(parameters('rg'), 'x')]", tags={})
    result = read(nested("n", disk("a"), own, condition=prod, scope_of="outer", resourceGroup="g"))
    resources = found(result)
    assert resources["azurerm_managed_disk.a"].condition == is_prod
    assert resources["azurerm_managed_disk.b"].condition == Binary(
        "&&", is_prod, Binary("==", VariableRef("rg"), "x")
    )
    # What is in a group is there only if the group is.
    within = read(
        group("g", condition=prod), nested("n", disk("a"), condition=prod, resourceGroup="g")
    )
    assert found(within)["azurerm_managed_disk.a"].condition is None


def test_where_a_deployment_waits_its_resources_do() -> None:
    waits = [f"[resourceId('{DEPLOYMENTS}', 'n')]"]
    result = read(
        nested("n", disk("a"), disk("b", dependsOn=["a"])),
        nested("m", disk("c"), disk("d", dependsOn=["c"]), dependsOn=waits),
        disk("e", dependsOn=["n"]),
        schema=GROUP_SCHEMA,
    )
    depends_on = {r.name: r.depends_on for r in result.blueprint.resources if "disk" in r.type}
    assert depends_on == {
        "a": (),
        "b": ("azurerm_managed_disk.a",),
        "c": ("azurerm_managed_disk.b",),  # and so for the other one of its deployment
        "d": ("azurerm_managed_disk.c",),
        "e": ("azurerm_managed_disk.b",),
    }
    missing = read(nested("m", disk("c"), dependsOn=["nobody"]))
    assert [n.message for n in missing.notes if n.path == "dependsOn"] == [
        "nobody is no resource of this template"
    ]


def test_resources_of_the_subscription_say_so() -> None:
    role = {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": "2022-04-01",
        "name": "[guid(subscription().id)]",
        "properties": {"principalId": "p", "roleDefinitionId": "r"},
    }
    policy = {
        "type": "Microsoft.Authorization/policyDefinitions",
        "apiVersion": "2021-06-01",
        "name": "p",
        "properties": {"policyType": "Custom"},
    }
    resources = found(read(role, policy))
    (assignment,) = [r for a, r in resources.items() if "role_assignment" in a]
    (definition,) = [r for a, r in resources.items() if "policyDefinitions" in a]
    assert assignment.properties["scope"] == SUBSCRIPTION
    assert definition.properties["scope"] == SUBSCRIPTION
    in_group = found(read(group("g"), nested("n", role, resourceGroup="g")))
    (assignment,) = [r for a, r in in_group.items() if "role_assignment" in a]
    assert assignment.properties["scope"] == ResourceRef("azurerm_resource_group.g", ("id",))
    named_group = found(read(nested("n", role, resourceGroup="[parameters('rg')]")))
    (assignment,) = named_group.values()
    assert assignment.properties["scope"] == Template(
        ("/subscriptions/", Ambient("subscription_id"), "/resourceGroups/", VariableRef("rg"))
    )


def test_another_subscription_is_reported() -> None:
    result = read(nested("n", disk("a"), resourceGroup="g", subscriptionId="[parameters('rg')]"))
    assert any("another subscription" in note.message for note in result.notes)
    own = "[subscription().subscriptionId]"
    same = read(nested("n", disk("a"), resourceGroup="g", subscriptionId=own))
    assert same.notes == ()


def test_a_name_of_one_template_means_nothing_in_another() -> None:
    """Both call their disk `[parameters('name')]`; only one of them is waited for."""
    tagged = disk("[parameters('name')]", tags={"other": "[parameters('name')]"})
    waits = [f"[resourceId('{DEPLOYMENTS}', 'n')]"]
    result = read(
        nested("n", disk("[parameters('name')]"), given={"name": "a"}),
        nested("m", tagged, given={"name": "b"}, dependsOn=waits),
    )
    assert found(result)["azurerm_managed_disk.b"].properties["tags"] == {"other": "b"}


def test_an_extension_in_its_older_form_has_the_scope_that_its_name_says() -> None:
    role = {
        "type": f"{DISKS}/providers/roleAssignments",
        "apiVersion": "2018-09-01-preview",
        "name": "[concat('data', '/Microsoft.Authorization/', guid('a'))]",
        "properties": {"principalId": "p", "roleDefinitionId": "r"},
    }
    blobs = {
        "type": "Microsoft.Storage/storageAccounts/blobServices/providers/diagnosticSettings",
        "apiVersion": "2017-05-01-preview",
        "name": "store/default/Microsoft.Insights/logs",
        "location": "westeurope",
        "properties": {"workspaceId": "w"},
    }
    within = {
        "type": "providers/diagnosticSettings",
        "apiVersion": "2017-05-01-preview",
        "name": "Microsoft.Insights/service",
        "properties": {"workspaceId": "w"},
    }
    store = {
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2023-01-01",
        "name": "store",
        "location": "westeurope",
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
        "properties": {},
    }
    away = {**role, "name": "elsewhere/Microsoft.Authorization/00000000"}
    account = {**store, "resources": [within]}
    result = read(disk("data"), account, role, blobs, away, schema=GROUP_SCHEMA)
    said = {address: r.properties for address, r in found(result).items()}
    roles = [r.properties["scope"] for r in result.blueprint.resources if "role" in r.type]
    disk_id = ResourceRef("azurerm_managed_disk.data", ("id",))
    store_id = ResourceRef("azurerm_storage_account.store", ("id",))
    assert roles[0] == disk_id
    assert isinstance(roles[1], Template)
    assert roles[1].parts[-1] == "/providers/Microsoft.Compute/disks/elsewhere"
    settings = "azurerm_monitor_diagnostic_setting"
    assert said[f"{settings}.service"]["target_resource_id"] == store_id
    assert said[f"{settings}.logs"]["target_resource_id"] == Template(
        (store_id, "/blobServices/default")
    )
    assert [n.message for n in result.notes if n.kind == "not_understood"] == []


def test_loops_over_variables_and_outputs_are_written_out() -> None:
    loop = {
        "name": "disks",
        "count": 2,
        "input": {"name": "[concat('d', copyIndex('disks', 1))]"},
    }
    outputs = {
        "all": {
            "type": "array",
            "copy": {"count": 2, "input": "[variables('disks')[copyIndex()].name]"},
        }
    }
    result = read(
        disk("[variables('disks')[1].name]"),
        nested("n", outputs={}),
        variables={"copy": [loop], "other": 1},
        outputs=outputs,
        schema=GROUP_SCHEMA,
    )
    assert found(result)["azurerm_managed_disk.d2"].properties["name"] == "d2"
    assert result.blueprint.outputs[0].value == ["d1", "d2"]
    assert [n.message for n in result.notes if n.kind == "not_understood"] == []


def test_a_nested_template_has_loops_over_variables_and_outputs_too() -> None:
    inner = nested(
        "n", variables={"copy": [{"name": "v", "count": 2, "input": "[copyIndex('v')]"}]}
    )
    template = inner["properties"]["template"]
    template["outputs"] = {
        "o": {"type": "array", "copy": {"count": 2, "input": "[variables('v')[copyIndex()]]"}}
    }
    shown = {"o": {"type": "array", "value": "[reference('n').outputs.o.value]"}}
    result = read(inner, outputs=shown, schema=GROUP_SCHEMA)
    assert result.blueprint.outputs[0].value == [0, 1]


def test_parameters_and_members_of_the_group_are_known_in_any_case() -> None:
    inner = nested(
        "n", disk("[parameters('diskName')]"), parameters={"diskName": {"type": "string"}}
    )
    inner["properties"]["parameters"] = {"DISKNAME": {"value": "[resourceGroup().Name]"}}
    result = read(inner, schema=GROUP_SCHEMA)
    (made,) = [r for r in result.blueprint.resources if r.type == "azurerm_managed_disk"]
    assert made.properties["name"] == named("main")


def test_what_azure_answers_about_the_keys_of_a_resource_is_written_again() -> None:
    account = {
        "type": "Microsoft.Automation/automationAccounts",
        "apiVersion": "2023-11-01",
        "name": "dsc",
        "location": "westeurope",
        "properties": {"sku": {"name": "Basic"}},
    }
    identifier = "resourceId('Microsoft.Automation/automationAccounts', 'dsc')"
    key = f"[listKeys({identifier}, '2023-11-01').Keys[0].value]"
    result = read(account, disk("a", tags={"key": key}), schema=GROUP_SCHEMA)
    code = generate(result.blueprint, "arm", CATALOG).files["azuredeploy.json"]
    assert ".Keys[0].value]" in code


def test_a_scope_that_a_blueprint_has_no_word_for_is_reported() -> None:
    for scope, said in (("managementGroup", "a management group"), ("tenant", "the tenant")):
        schema = f"{SCHEMAS}/2019-08-01/{scope}DeploymentTemplate.json#"
        notes = [n for n in read(schema=schema).notes if n.address == "$schema"]
        message = f"it is deployed to {said}: it is read, and written, without that"
        assert [(n.kind, n.message) for n in notes] == [("not_understood", message)]
    assert [n for n in read().notes if n.address == "$schema"] == []
