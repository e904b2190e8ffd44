"""Templates that an ARM template links to and that lie beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dharma.blueprint.readers import ReadResult, boxed, read_file
from dharma.blueprint.readers.arm.linked import paths_of
from dharma.catalog import load_catalog
from dharma.generator import generate
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    COUNT_INDEX,
    Call,
    ResourceRef,
    Template,
    Value,
    VariableRef,
)

CATALOG = load_catalog()
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
PLACE = VariableRef("artifacts_location")
TOKEN = VariableRef("sas_token")
DISK: dict[str, Any] = {
    "type": "Microsoft.Compute/disks",
    "apiVersion": "2023-01-02",
    "name": "[parameters('name')]",
    "location": "westeurope",
    "sku": {"name": "Premium_LRS"},
    "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 64},
}


def template(*resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "resources": list(resources),
        **sections,
    }


def disks(**sections: Any) -> dict[str, Any]:
    return template(DISK, parameters={"name": {"type": "string"}}, **sections)


def deployment(link: dict[str, str], **said: Any) -> dict[str, Any]:
    given = {"name": {"value": said.pop("given", "data")}}
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2021-04-01",
        "name": "linked",
        "properties": {"mode": "Incremental", "templateLink": link, "parameters": given},
        **said,
    }


def put(path: Path, content: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2))
    return path


def found(result: ReadResult) -> dict[str, Resource]:
    return {f"{r.type}.{r.name}": r for r in result.blueprint.resources}


def messages(result: ReadResult) -> list[str]:
    return [n.message for n in result.notes if n.address.startswith("resources")]


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("https://example.org/web/main/nested/net.json?sv=1", "nested/net.json"),
        (Template((PLACE, "/nested/net.json", TOKEN)), "nested/net.json"),
        (Template((PLACE, "net.json")), "net.json"),
        (Call("provider::arm::uri", (PLACE, "nested/net.json")), "nested/net.json"),
        (Call("provider::arm::uri", (PLACE, Template(("net.json", TOKEN)))), "net.json"),
        (
            Template((Call("provider::arm::uri", (PLACE, "nested/")), "net.json", TOKEN)),
            "nested/net.json",
        ),
    ],
)
def test_a_link_says_a_path_behind_the_place_of_its_template(link: Value, path: str) -> None:
    assert path in paths_of(link)


@pytest.mark.parametrize(
    "link",
    [
        PLACE,
        Template((PLACE, "/net-", VariableRef("size"), ".json")),
        Template(("https://example.org/", VariableRef("size"), ".json")),
        "https://example.org/script.sh",
        3,
    ],
)
def test_a_link_that_is_chosen_by_a_parameter_says_none(link: Value) -> None:
    assert list(paths_of(link)) == []


def test_a_template_beside_its_parent_is_read_with_the_parameters_that_it_is_given(
    tmp_path: Path,
) -> None:
    put(tmp_path / "nested" / "disk.json", disks(outputs={"id": {"type": "string", "value": "x"}}))
    link = {"uri": "[uri(deployment().properties.templateLink.uri, 'nested/disk.json')]"}
    shown = {"a": {"type": "string", "value": "[reference('linked').outputs.id.value]"}}
    main = put(tmp_path / "azuredeploy.json", template(deployment(link), outputs=shown))
    result = read_file(main, CATALOG)
    disk = found(result)["azurerm_managed_disk.data"]
    assert disk.properties["disk_size_gb"] == 64
    assert disk.origin is not None
    assert disk.origin.file == str(tmp_path / "nested" / "disk.json")
    assert result.blueprint.outputs[0].value == "x"
    assert messages(result) == [
        f"read from {tmp_path / 'nested' / 'disk.json'}, which lies beside this template"
    ]
    assert found(boxed.read_file(main, CATALOG)).keys() == found(result).keys()


def test_a_relative_path_is_seen_from_the_file_that_says_it(tmp_path: Path) -> None:
    put(tmp_path / "a" / "b" / "disk.json", disks())
    inner = deployment({"relativePath": "b/disk.json"}, given="deep")
    put(tmp_path / "a" / "net.json", template(inner, parameters={"name": {"type": "string"}}))
    main = put(tmp_path / "main.json", template(deployment({"relativePath": "a/net.json"})))
    result = read_file(main, CATALOG)
    assert "azurerm_managed_disk.deep" in found(result)
    assert messages(result) == []


def test_a_whole_address_may_name_a_file_from_the_root_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    put(tmp_path / "modules" / "disk.json", disks())
    link = {"uri": "https://example.org/raw/main/modules/disk.json"}
    main = put(tmp_path / "apps" / "shop" / "main.json", template(deployment(link)))
    assert "azurerm_managed_disk.data" in found(read_file(main, CATALOG))


def test_nothing_outside_of_the_folder_is_read(tmp_path: Path) -> None:
    put(tmp_path / "secret.json", disks())
    (tmp_path / "in" / "nested").mkdir(parents=True)
    (tmp_path / "in" / "nested" / "link.json").symlink_to(tmp_path / "secret.json")
    for path in ("../secret.json", str(tmp_path / "secret.json"), "nested/link.json", "none.json"):
        main = put(tmp_path / "in" / "main.json", template(deployment({"relativePath": path})))
        result = read_file(main, CATALOG)
        assert list(found(result)) == [
            "azurerm_resource_group.main",
            "Azure::Microsoft::Resources::deployments.linked",
        ]
        assert messages(result)[0] == "the template that it links to is not here: it is kept"


def test_a_template_that_links_to_itself_ends(tmp_path: Path) -> None:
    main = put(tmp_path / "main.json", template(DISK, deployment({"relativePath": "main.json"})))
    kinds = [r.type for r in read_file(main, CATALOG).blueprint.resources]
    assert kinds[-1] == "Azure::Microsoft::Resources::deployments"
    assert 2 <= kinds.count("azurerm_managed_disk") <= 8


def test_a_file_that_is_no_template_is_named(tmp_path: Path) -> None:
    put(tmp_path / "x.json", {"a": 1})
    main = put(tmp_path / "main.json", template(deployment({"relativePath": "x.json"})))
    assert messages(read_file(main, CATALOG))[0] == f"{tmp_path / 'x.json'} is no template"


def test_what_a_repeated_deployment_makes_is_repeated(tmp_path: Path) -> None:
    outputs = {"id": {"type": "string", "value": "[resourceId('Microsoft.Compute/disks', 'd')]"}}
    put(tmp_path / "disk.json", disks(outputs=outputs))
    repeated = deployment(
        {"relativePath": "disk.json"},
        given="[concat('data', copyIndex())]",
        name="[concat('disk-', copyIndex())]",
        copy={"name": "disks", "count": "[parameters('many')]"},
    )
    main = template(repeated, parameters={"many": {"type": "int", "defaultValue": 2}})
    result = read_file(put(tmp_path / "main.json", main), CATALOG)
    disk = found(result)["azurerm_managed_disk.data"]
    assert disk.count == VariableRef("many")
    assert disk.properties["name"] == Template(("data", COUNT_INDEX))
    code = generate(result.blueprint, "arm", CATALOG).files["azuredeploy.json"]
    assert '"count": "[parameters(\'many\')]"' in code


def test_in_a_repeated_deployment_resources_mean_those_of_the_same_one(tmp_path: Path) -> None:
    group = {
        "type": "Microsoft.Network/networkSecurityGroups",
        "apiVersion": "2023-05-01",
        "name": "[parameters('name')]",
        "location": "westeurope",
        "properties": {},
    }
    card = {
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": "2023-05-01",
        "name": "card",
        "location": "westeurope",
        "properties": {
            "networkSecurityGroup": {
                "id": "[resourceId('Microsoft.Network/networkSecurityGroups', parameters('name'))]"
            }
        },
    }
    put(tmp_path / "x.json", template(group, card, parameters={"name": {"type": "string"}}))
    repeated = deployment(
        {"relativePath": "x.json"},
        resourceGroup="[concat('group', copyIndex())]",
        copy={"name": "each", "count": 3},
    )
    result = read_file(put(tmp_path / "main.json", template(repeated)), CATALOG)
    card_found = found(result)["azurerm_network_interface.card"]
    group_id = ResourceRef("azurerm_network_security_group.data", ("id",), COUNT_INDEX)
    assert card_found.count == 3
    assert card_found.properties["network_security_group_id"] == group_id


def test_a_loop_in_a_repeated_deployment_stays_for_azure(tmp_path: Path) -> None:
    loop = {**DISK, "name": "[concat('x', copyIndex())]", "copy": {"name": "l", "count": 2}}
    put(tmp_path / "x.json", template(loop, parameters={"name": {"type": "string"}}))
    repeated = deployment({"relativePath": "x.json"}, copy={"name": "each", "count": 3})
    result = read_file(put(tmp_path / "main.json", template(repeated)), CATALOG)
    kept = found(result)["Azure::Microsoft::Resources::deployments.linked"]
    assert kept.count == 3
