"""What Azure's one type of site becomes, by its `kind`; and settings that stand beside the site."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dharma.blueprint.readers import ReadResult, read_text
from dharma.catalog import load_catalog
from dharma.generator import generate

CATALOG = load_catalog()
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def site(**said: Any) -> dict[str, Any]:
    return {
        "type": "Microsoft.Web/sites",
        "apiVersion": "2022-03-01",
        "name": "portal",
        "location": "westeurope",
        "properties": {"serverFarmId": "/subscriptions/s/plan"},
        **said,
    }


def read(*resources: dict[str, Any]) -> ReadResult:
    template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources)}
    return read_text(json.dumps(template), "azuredeploy.json", CATALOG)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({}, "azurerm_windows_web_app"),
        ({"kind": "app"}, "azurerm_windows_web_app"),
        ({"kind": "app,linux"}, "azurerm_linux_web_app"),
        ({"kind": "functionapp,linux"}, "azurerm_linux_function_app"),
        ({"kind": "functionapp"}, "azurerm_windows_function_app"),
        ({"kind": "functionapp", "properties": {"reserved": True}}, "azurerm_linux_function_app"),
        (
            {"kind": "functionapp", "properties": {"siteConfig": {"linuxFxVersion": "NODE|20"}}},
            "azurerm_linux_function_app",
        ),
    ],
)
def test_a_site_is_what_its_kind_says_and_a_web_app_on_windows_else(
    said: dict[str, Any], kind: str
) -> None:
    types = [r.type for r in read(site(**said)).blueprint.resources]
    assert types == ["azurerm_resource_group", kind]


def test_app_settings_beside_the_site_are_the_sites() -> None:
    settings = {
        "type": "Microsoft.Web/sites/config",
        "apiVersion": "2022-03-01",
        "name": "portal/appsettings",
        "properties": {"STAGE": "dev"},
        "dependsOn": ["[resourceId('Microsoft.Web/sites', 'portal')]"],
    }
    _, app = read(site(), settings).blueprint.resources
    assert app.properties["app_settings"] == {"STAGE": "dev"}


def test_who_may_publish_with_a_password_is_said_of_the_site() -> None:
    policy = {
        "type": "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
        "apiVersion": "2022-03-01",
        "name": "portal/scm",
        "properties": {"allow": False},
        "dependsOn": ["[resourceId('Microsoft.Web/sites', 'portal')]"],
    }
    result = read(site(), policy)
    _, app = result.blueprint.resources
    assert app.properties["webdeploy_publish_basic_authentication_enabled"] is False
    code = generate(result.blueprint, "terraform", CATALOG).files["main.tf"]
    assert "webdeploy_publish_basic_authentication_enabled = false" in code


def test_other_settings_beside_the_site_pass_through_and_come_back() -> None:
    log = {
        "type": "Microsoft.Web/sites/config",
        "apiVersion": "2022-03-01",
        "name": "portal/logs",
        "properties": {"httpLogs": {"fileSystem": {"enabled": True}}},
        "dependsOn": ["[resourceId('Microsoft.Web/sites', 'portal')]"],
    }
    result = read(site(), log)
    assert result.blueprint.resources[2].address == "Azure::Microsoft::Web::sites::config.logs"
    (text,) = generate(result.blueprint, "arm", CATALOG).files.values()
    again = json.loads(text)["resources"][1]
    assert again["type"] == "Microsoft.Web/sites/config"
    assert again["properties"] == log["properties"]


@pytest.mark.parametrize(
    ("sku", "kind"),
    [
        ("Premium_AzureFrontDoor", "azurerm_cdn_frontdoor_profile"),
        ("Standard_Verizon", "Azure::Microsoft::Cdn::profiles"),
    ],
)
def test_a_profile_that_is_no_front_door_passes_through_and_comes_back(sku: str, kind: str) -> None:
    profile = {
        "type": "Microsoft.Cdn/profiles",
        "apiVersion": "2021-06-01",
        "name": "front",
        "location": "Global",
        "sku": {"name": sku},
    }
    result = read(profile)
    assert result.blueprint.resources[1].type == kind
    (text,) = generate(result.blueprint, "arm", CATALOG).files.values()
    (again,) = json.loads(text)["resources"]
    assert (again["type"], again["sku"]) == ("Microsoft.Cdn/profiles", {"name": sku})
