"""The settings of a function app that Terraform has arguments for."""

from __future__ import annotations

import pytest

from dharma.catalog import Document, Part, load_catalog, read, write
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Conditional, Unknown, Value, VariableRef

CATALOG = load_catalog()
KIND = "azurerm_linux_function_app"


def app(stack: Value = None, **further: Value) -> Resource:
    place: dict[str, Value] = {
        "name": "jobs",
        "resource_group_name": "web",
        "location": "westeurope",
    }
    config: dict[str, Value] = {"always_on": True}
    if stack is not None:
        config["application_stack"] = stack
    return Resource(
        KIND, "jobs", {**place, "service_plan_id": "p", "site_config": config, **further}
    )


def settings_of(resource: Resource) -> Value:
    document, _ = write([resource], "arm", CATALOG)
    native = document.parts[0].arguments["properties"]
    assert isinstance(native, dict)
    site = native["siteConfig"]
    assert isinstance(site, dict)
    return site["appSettings"]


def read_back(settings: Value, **config: Value) -> dict[str, Value]:
    native: dict[str, Value] = {"siteConfig": {"appSettings": settings, **config}}
    arguments: dict[str, Value] = {"name": "jobs", "kind": "functionapp,linux"}
    part = Part("jobs", "Microsoft.Web/sites", {**arguments, "properties": native})
    resources, notes = read(Document("arm", [part]), CATALOG)
    assert notes == []
    return dict(resources[0].properties)


def setting(name: str, value: Value) -> Value:
    return {"name": name, "value": value}


def test_the_storage_account_and_the_worker_stand_among_the_settings() -> None:
    found = settings_of(
        app(
            {"python_version": "3.12"},
            app_settings={"STAGE": "dev"},
            storage_account_name="data",
            storage_uses_managed_identity=True,
        )
    )
    assert found == [
        setting("STAGE", "dev"),
        setting("FUNCTIONS_EXTENSION_VERSION", "~4"),
        setting("AzureWebJobsStorage__accountName", "data"),
        setting("AzureWebJobsStorage__credential", "managedidentity"),
        setting("FUNCTIONS_WORKER_RUNTIME", "python"),
    ]
    back = read_back(found, linuxFxVersion="PYTHON|3.12")
    assert back["app_settings"] == {"STAGE": "dev"}
    assert back["storage_account_name"] == "data"
    assert back["storage_uses_managed_identity"] is True


def test_a_worker_that_the_settings_name_already_is_left_to_them() -> None:
    own = {"FUNCTIONS_WORKER_RUNTIME": "custom"}
    found = settings_of(app({"python_version": "3.12"}, app_settings=own))
    assert isinstance(found, list)
    assert found.count(setting("FUNCTIONS_WORKER_RUNTIME", "custom")) == 1
    assert setting("FUNCTIONS_WORKER_RUNTIME", "python") not in found
    assert read_back(found, linuxFxVersion="PYTHON|3.12")["app_settings"] == own


def test_a_setting_is_there_only_if_its_value_is() -> None:
    named = Conditional(VariableRef("own"), "data", None)
    found = settings_of(app(storage_account_name=named))
    assert isinstance(found, list)
    wanted = setting("AzureWebJobsStorage__accountName", "data")
    assert Conditional(VariableRef("own"), wanted, None) in found
    assert read_back(found)["storage_account_name"] == named


def test_a_credential_of_another_sort_stays_a_setting() -> None:
    back = read_back([setting("AzureWebJobsStorage__credential", "other")])
    assert back["app_settings"] == {"AzureWebJobsStorage__credential": "other"}
    assert "storage_uses_managed_identity" not in back


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ({"app_settings": Unknown("known after apply")}, "app_settings"),
        ({"storage_uses_managed_identity": "sometimes"}, "storage_uses_managed_identity"),
        ({"storage_account_access_key": "k"}, "storage_account_access_key"),
    ],
)
def test_what_has_no_form_as_a_setting_is_refused(properties: dict[str, Value], place: str) -> None:
    with pytest.raises(NotExpressible, match=place):
        write([app(**properties)], "arm", CATALOG)
