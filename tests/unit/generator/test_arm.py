"""ARM templates: what they say, what they refuse, and that they read back as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dharma.blueprint.readers import read_text
from dharma.blueprint.source import load_blueprint
from dharma.catalog import canonical, load_catalog
from dharma.core.errors import NotExpressible
from dharma.generator import GenerateOptions, generate
from dharma.model.blueprint import Blueprint, Output, Resource, Variable
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    ResourceRef,
    Symbol,
    Template,
    Value,
    VariableRef,
)

CATALOG = load_catalog()
KINDS = sorted((Path(__file__).parents[3] / "examples" / "kinds").glob("azurerm_*.yaml"))
GROUP = Resource("azurerm_resource_group", "main", {"name": "web", "location": "westeurope"})
IN_GROUP: dict[str, Value] = {
    "resource_group_name": ResourceRef(GROUP.address, ("name",)),
    "location": ResourceRef(GROUP.address, ("location",)),
}


def disk(name: str = "data", **fields: Any) -> Resource:
    properties = {
        "name": f"{name}-disk",
        **IN_GROUP,
        "storage_account_type": "Premium_LRS",
        "create_option": "Empty",
        **fields.pop("properties", {}),
    }
    return Resource("azurerm_managed_disk", name, properties, **fields)


def template(*resources: Resource, **fields: Any) -> dict[str, Any]:
    """Of one group: what needs more is refused."""
    blueprint = Blueprint("web", "1.2.3", "azure", resources=(GROUP, *resources), **fields)
    options = GenerateOptions(scope="group")
    (text,) = generate(blueprint, "arm", CATALOG, options).files.values()
    found: dict[str, Any] = json.loads(text)
    return found


def gateway(listener: dict[str, Value]) -> Resource:
    properties = {"name": "gw", **IN_GROUP, "http_listener": [{"name": "https", **listener}]}
    return Resource("azurerm_application_gateway", "gw", properties)


PORT = "Microsoft.Network/applicationGateways/frontendPorts"
LISTENER: dict[str, Value] = {"protocol": "Https", "frontend_port_name": "https"}


def test_a_part_of_the_resource_itself_is_named_by_its_id() -> None:
    (found,) = template(gateway(LISTENER))["resources"]
    listener = found["properties"]["httpListeners"][0]["properties"]
    assert listener["frontendPort"] == {"id": f"[resourceId('{PORT}', 'gw', 'https')]"}
    assert "dependsOn" not in found


OWN_ID = "resourceId('Microsoft.Network/applicationGateways', 'gw')"


@pytest.mark.parametrize(
    "text",
    [
        f"[resourceId('{PORT}', 'gw', 'https')]",
        f"[resourceId('{PORT.lower()}', 'gw', 'https')]",
        f"[concat({OWN_ID}, '/frontendPorts/https')]",
        "[concat(variables('gateway'), '/frontendPorts/', 'https')]",
        "[format('{0}/frontendPorts/{1}', variables('gateway'), 'https')]",
    ],
)
def test_the_ids_of_own_parts_are_read_as_names(text: str) -> None:
    whole = template(gateway(LISTENER))
    whole["variables"] = {"gateway": f"[{OWN_ID}]"}
    listener = whole["resources"][0]["properties"]["httpListeners"][0]["properties"]
    listener["frontendPort"]["id"] = text
    result = read_text(json.dumps(whole), "azuredeploy.json", CATALOG)
    (found,) = (r for r in result.blueprint.resources if r.type == "azurerm_application_gateway")
    assert found.properties["http_listener"] == [{"name": "https", **LISTENER}]
    assert not result.notes


@pytest.mark.parametrize(
    "text",
    [
        f"[resourceId('{PORT}', 'other', 'https')]",
        f"[concat({OWN_ID}, '/frontendPorts/https/more')]",
        f"[concat({OWN_ID}, '/probes/https')]",
    ],
)
def test_the_id_of_something_else_is_reported(text: str) -> None:
    whole = template(gateway(LISTENER))
    listener = whole["resources"][0]["properties"]["httpListeners"][0]["properties"]
    listener["frontendPort"]["id"] = text
    notes = read_text(json.dumps(whole), "azuredeploy.json", CATALOG).notes
    assert any("own frontendPorts" in note.message for note in notes)


@pytest.mark.parametrize("example", KINDS, ids=lambda path: path.stem)
def test_a_template_reads_back_as_the_blueprint_that_it_is_of(example: Path) -> None:
    before = load_blueprint(example.read_bytes(), example.name)
    (text,) = generate(before, "arm", CATALOG).files.values()
    result = read_text(text, "azuredeploy.json", CATALOG)
    after = result.blueprint
    assert result.notes == ()
    assert (after.name, after.version, after.description) == (
        before.name,
        before.version,
        before.description,
    )
    assert after.variables == before.variables
    assert [(o.name, o.value) for o in after.outputs] == [(o.name, o.value) for o in before.outputs]
    assert canonical(after.resources, CATALOG) == canonical(before.resources, CATALOG)
    # From then on nothing changes any more.
    (second,) = generate(after, "arm", CATALOG).files.values()
    (third,) = generate(read_text(second).blueprint, "arm", CATALOG).files.values()
    assert third == second


def test_a_resource_stands_in_its_group_with_its_pinned_version() -> None:
    found = template(disk())["resources"]
    assert found == [
        {
            "type": "Microsoft.Compute/disks",
            "apiVersion": CATALOG.api_version("Microsoft.Compute/disks"),
            "name": "data-disk",
            "location": "[resourceGroup().location]",
            "sku": {"name": "Premium_LRS"},
            "metadata": {"dharma": {"name": "data"}},
            "properties": {"creationData": {"createOption": "Empty"}},
        }
    ]


def test_what_is_referred_to_is_waited_for_once_and_nothing_else() -> None:
    properties = {
        "create_option": "Copy",
        "source_resource_id": ResourceRef("azurerm_managed_disk.data", ("id",)),
    }
    found = template(disk(), disk("copy", properties=properties), disk("other"))["resources"]
    identifier = "[resourceId('Microsoft.Compute/disks', 'data-disk')]"
    assert [r.get("dependsOn") for r in found] == [None, [identifier], None]
    assert found[1]["properties"]["creationData"]["sourceResourceId"] == identifier
    waits = template(disk(), disk("b", depends_on=("azurerm_managed_disk.data",)))["resources"]
    assert waits[1]["dependsOn"] == [identifier]


def test_counts_are_copies_and_their_instances_are_named() -> None:
    name = Template(("data", Symbol(("count", "index"))))
    many = disk(count=VariableRef("number"), properties={"name": name})
    second = ResourceRef(many.address, ("id",), 1)
    copy = disk("copy", properties={"create_option": "Copy", "source_resource_id": second})
    variables = (Variable("number", "number", required=True),)
    found = template(many, copy, variables=variables)["resources"]
    assert found[0]["copy"] == {"name": "dataManagedDiskCopy", "count": "[parameters('number')]"}
    assert found[0]["name"] == "[format('data{0}', copyIndex())]"
    assert found[1]["dependsOn"] == [
        "[resourceId('Microsoft.Compute/disks', format('data{0}', 1))]"
    ]


def test_a_for_each_is_written_out() -> None:
    each = disk(
        for_each={"a": 10, "b": 20},
        properties={"name": Symbol(("each", "key")), "disk_size_gb": Symbol(("each", "value"))},
    )
    found = template(each)["resources"]
    assert [(r["name"], r["properties"]["diskSizeGB"]) for r in found] == [("a", 10), ("b", 20)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("[literal]", "[[literal]"),
        ("[half", "[half"),
        ("it's [parameters('x')] here", "it's [parameters('x')] here"),
        (VariableRef("x"), "[parameters('x')]"),
        (Template(("a'{", VariableRef("x"))), "[format('a''{{{0}', parameters('x'))]"),
        (Call("upper", (VariableRef("x"),)), "[toUpper(parameters('x'))]"),
        (Call("join", ("-", ["a", VariableRef("x")])),
         "[join(createArray('a', parameters('x')), '-')]"),
        (Conditional(Binary("!=", VariableRef("x"), "a"), "b", None),
         "[if(not(equals(parameters('x'), 'a')), 'b', null())]"),
        (Call("provider::arm::uniqueString", ("x",)), "[uniqueString('x')]"),
        (Call("replace", (VariableRef("x"), "/", "")), "[replace(parameters('x'), '/', '')]"),
    ],
)  # fmt: skip
def test_values_are_text_or_expressions_and_never_both(value: Value, text: str) -> None:
    written = template(
        disk(properties={"tags": {"t": value}}), variables=(Variable("x", required=True),)
    )
    assert written["resources"][0]["tags"] == {"t": text}


def test_a_key_cannot_become_an_expression() -> None:
    written = template(disk(properties={"tags": {"[resourceGroup().id]": "v"}}))
    assert written["resources"][0]["tags"] == {"[[resourceGroup().id]": "v"}


def test_parameters_carry_the_constraints_of_variables() -> None:
    variables = (
        Variable("admin_password", required=True, sensitive=True, min=12, max=72),
        Variable("size", "number", default=2, min=1, max=8, description="How many."),
        Variable("stage", default="dev", allowed=("dev", "prod")),
        Variable("zones", "list(string)", default=["1"]),
        Variable("note"),
    )
    written = template(disk(properties={"tags": {"n": VariableRef("note")}}), variables=variables)
    assert written["parameters"] == {
        "adminPassword": {"type": "securestring", "minLength": 12, "maxLength": 72},
        "size": {
            "type": "int",
            "defaultValue": 2,
            "minValue": 1,
            "maxValue": 8,
            "metadata": {"description": "How many."},
        },
        "stage": {"type": "string", "defaultValue": "dev", "allowedValues": ["dev", "prod"]},
        "zones": {"type": "array", "defaultValue": ["1"]},
        "note": {"type": "string", "defaultValue": ""},
    }
    assert written["resources"][0]["tags"] == {
        "n": "[if(empty(parameters('note')), null(), parameters('note'))]"
    }


def test_a_secret_output_is_no_plain_text() -> None:
    account = Resource(
        "azurerm_storage_account",
        "data",
        {
            "name": "data",
            **IN_GROUP,
            "account_tier": "Standard",
            "account_replication_type": "LRS",
        },
    )
    key = ResourceRef(account.address, ("primary_access_key",))
    outputs = (Output("key", key, sensitive=True),)
    version = CATALOG.api_version("Microsoft.Storage/storageAccounts")
    assert template(account, outputs=outputs)["outputs"] == {
        "key": {
            "type": "securestring",
            "value": "[listKeys(resourceId('Microsoft.Storage/storageAccounts', 'data'), "
            f"'{version}').keys[0].value]",
        }
    }


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (
            [disk(), disk("b", properties={"resource_group_name": "elsewhere"})],
            "azurerm_managed_disk.b.resource_group_name: a template is deployed to one resource "
            "group, here azurerm_resource_group.main, not 'elsewhere'",
        ),
        (
            [Resource("azurerm_resource_group", "two", {"name": "b", "location": "x"})],
            "azurerm_resource_group.two: a template is deployed to one resource group, and there "
            "are azurerm_resource_group.main, azurerm_resource_group.two; a template of the "
            "subscription can",
        ),
        (
            [disk(properties={"tags": {"t": Call("cidrhost", ("10.0.0.0/8", 1))}})],
            "azurerm_managed_disk.data.tags.t: ARM has no function cidrhost()",
        ),
        ([Resource("aws_s3_bucket", "b", {})], "no counterpart|cannot express"),
    ],
)
def test_what_arm_cannot_say_is_refused_by_its_place(
    resources: list[Resource], message: str
) -> None:
    with pytest.raises((NotExpressible, KeyError)) as caught:
        template(*resources)
    assert any(m in str(caught.value) for m in message.split("|"))


@pytest.mark.parametrize(("provider", "target"), [("aws", "arm"), ("azure", "cloudformation")])
def test_a_cloud_is_not_written_in_the_format_of_another(provider: Any, target: str) -> None:
    with pytest.raises(NotExpressible, match="own: "):
        generate(Blueprint("web", "1.0.0", provider), target, CATALOG)


def test_subnets_of_a_network_are_made_one_after_the_other() -> None:
    network = Resource("azurerm_virtual_network", "main", {"name": "net", **IN_GROUP})
    subnets = [
        Resource(
            "azurerm_subnet",
            name,
            {
                "name": name,
                "resource_group_name": IN_GROUP["resource_group_name"],
                "virtual_network_name": ResourceRef(network.address, ("name",)),
                "address_prefixes": [f"10.0.{number}.0/24"],
            },
        )
        for number, name in enumerate(["a", "b", "c"])
    ]
    found = template(network, *subnets)["resources"]
    waits = [[d for d in r.get("dependsOn", ()) if "subnets" in d] for r in found]
    one = "[resourceId('Microsoft.Network/virtualNetworks/subnets', {0}, '{1}')]"
    name = "variables('mainVirtualNetworkName')"
    assert waits == [[], [], [one.format(name, "a")], [one.format(name, "b")]]
    blueprint = Blueprint("web", "1.0.0", "azure", resources=(GROUP, network, *subnets))
    (text,) = generate(blueprint, "arm", CATALOG).files.values()
    after = read_text(text, "azuredeploy.json", CATALOG).blueprint.resources
    assert canonical(after, CATALOG) == canonical(blueprint.resources, CATALOG)
