"""Shapes that Azure's templates have and Terraform's arguments do not: a switch beside a value, a
value that stands twice, names by number, and a text that several properties share."""

from __future__ import annotations

import pytest

from dharma.catalog import Document, Part, load_catalog, read, write
from dharma.catalog.document import Note
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Conditional, ForList, Template, Value, VariableRef

CATALOG = load_catalog()
PREMIUM: dict[str, Value] = {
    "name": "images",
    "resource_group_name": "web",
    "location": "westeurope",
    "sku": "Premium",
}


def written(kind: str, properties: dict[str, Value]) -> Value:
    """What stands under `properties`."""
    document, _ = write([Resource(kind, "it", properties)], "arm", CATALOG)
    return document.parts[0].arguments.get("properties")


def back(
    native_type: str, arguments: dict[str, Value], properties: dict[str, Value]
) -> tuple[dict[str, Value], list[Note]]:
    part = Part("it", native_type, {**arguments, "properties": properties})
    resources, notes = read(Document("arm", [part]), CATALOG)
    return dict(resources[0].properties), notes


def registry(policies: Value) -> tuple[dict[str, Value], list[Note]]:
    place: dict[str, Value] = {"name": "images", "resourceGroup": "web", "location": "westeurope"}
    arguments: dict[str, Value] = {**place, "sku": {"name": "Premium"}}
    return back("Microsoft.ContainerRegistry/registries", arguments, {"policies": policies})


def test_a_value_that_the_format_wants_switched_on_is_switched_on() -> None:
    found = written("azurerm_container_registry", {**PREMIUM, "retention_policy_in_days": 7})
    assert found == {"policies": {"retentionPolicy": {"days": 7, "status": "enabled"}}}
    assert written("azurerm_container_registry", PREMIUM) is None


def test_the_switch_depends_on_the_condition_of_its_value() -> None:
    days = Conditional(VariableRef("keep"), 7, None)
    found = written("azurerm_container_registry", {**PREMIUM, "retention_policy_in_days": days})
    policies = {"policies": {"retentionPolicy": {"days": 7, "status": "enabled"}}}
    assert found == Conditional(VariableRef("keep"), policies, None)


def test_a_value_that_is_switched_off_is_none() -> None:
    off, notes = registry({"retentionPolicy": {"days": 7, "status": "disabled"}})
    assert "retention_policy_in_days" not in off
    assert notes == []
    on, _ = registry({"retentionPolicy": {"days": 7, "status": "enabled"}})
    assert on["retention_policy_in_days"] == 7


def test_a_switch_that_is_not_known_is_reported() -> None:
    status = VariableRef("status")
    found, notes = registry({"retentionPolicy": {"days": 7, "status": status}})
    assert found["retention_policy_in_days"] == 7
    assert [note.path for note in notes] == ["properties.policies.retentionPolicy.status"]


def test_a_switch_with_a_literal_that_nobody_knows_is_reported() -> None:
    found, notes = registry({"retentionPolicy": {"days": 7, "status": "paused"}})
    assert found["retention_policy_in_days"] == 7
    assert [note.path for note in notes] == ["properties.policies.retentionPolicy.status"]
    found, notes = registry({"trustPolicy": {"status": "enabled", "type": "Cosign"}})
    assert found["trust_policy_enabled"] is True
    assert [note.path for note in notes] == ["properties.policies.trustPolicy.type"]


def test_an_encryption_that_is_switched_off_is_none() -> None:
    place: dict[str, Value] = {"name": "images", "resourceGroup": "web", "location": "westeurope"}
    key: dict[str, Value] = {"keyIdentifier": "https://keys/k", "identity": "client"}
    found, notes = back(
        "Microsoft.ContainerRegistry/registries",
        {**place, "sku": {"name": "Premium"}},
        {"encryption": {"status": "disabled", "keyVaultProperties": key}},
    )
    assert "encryption" not in found
    assert notes == []


def test_a_name_that_the_format_wants_twice_is_written_twice_and_read_once() -> None:
    place: dict[str, Value] = {"name": "shop", "resource_group_name": "web", "account_name": "a"}
    assert written("azurerm_cosmosdb_sql_database", place) == {"resource": {"id": "shop"}}
    native: dict[str, Value] = {"name": "shop", "resourceGroup": "web"}
    native["names"] = {"databaseAccounts": "a"}
    found, notes = back(
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases", native, {"resource": {"id": "shop"}}
    )
    assert found == place
    assert notes == []


def machine(**properties: Value) -> Value:
    place: dict[str, Value] = {"name": "web", "resource_group_name": "web"}
    found = written("azurerm_linux_virtual_machine", {**place, **properties})
    return found.get("securityProfile") if isinstance(found, dict) else None


def test_secure_boot_makes_a_trusted_launch() -> None:
    """The API ignores `uefiSettings` without a type of security."""
    trusted: dict[str, Value] = {"securityType": "TrustedLaunch"}
    assert machine(secure_boot_enabled=True) == {
        **trusted,
        "uefiSettings": {"secureBootEnabled": True},
    }
    assert machine(secure_boot_enabled=False) == {"uefiSettings": {"secureBootEnabled": False}}
    assert machine() is None


def test_a_name_that_stands_twice_with_two_values_is_reported() -> None:
    native: dict[str, Value] = {"name": "shop", "resourceGroup": "web"}
    native["names"] = {"databaseAccounts": "a"}
    _, notes = back(
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases", native, {"resource": {"id": "store"}}
    )
    assert [note.path for note in notes] == ["properties.resource.id"]


def criterion(metric: str) -> dict[str, Value]:
    return {
        "metric_namespace": "Microsoft.Web/sites",
        "metric_name": metric,
        "aggregation": "Average",
        "operator": "GreaterThan",
        "threshold": 1,
    }


def alert(criteria: Value) -> dict[str, Value]:
    return {"name": "slow", "resource_group_name": "web", "scopes": ["x"], "criteria": criteria}


def test_criteria_without_names_are_called_by_their_number() -> None:
    found = written("azurerm_monitor_metric_alert", alert([criterion("Cpu"), criterion("Memory")]))
    assert isinstance(found, dict)
    criteria = found["criteria"]
    assert isinstance(criteria, dict)
    assert str(criteria["odata.type"]).endswith("MultipleMetricCriteria")
    said = criteria["allOf"]
    assert isinstance(said, list)
    assert [c["name"] for c in said if isinstance(c, dict)] == ["Metric1", "Metric2"]


def criteria_of(type_name: str, criteria: dict[str, Value]) -> tuple[Value, list[str]]:
    native: dict[str, Value] = {"name": "slow", "resourceGroup": "web", "location": "global"}
    odata = f"Microsoft.Azure.Monitor.{type_name}"
    found, notes = back(
        "Microsoft.Insights/metricAlerts",
        native,
        {"scopes": ["x"], "criteria": {"odata.type": odata, **criteria}},
    )
    return found.get("criteria"), [note.path for note in notes]


NATIVE_CRITERION: dict[str, Value] = {
    "name": "Metric1",
    "criterionType": "StaticThresholdCriterion",
    "metricNamespace": "Microsoft.Web/sites",
    "metricName": "Cpu",
    "timeAggregation": "Average",
    "operator": "GreaterThan",
    "threshold": 1,
}


@pytest.mark.parametrize("resources", ["SingleResource", "MultipleResource"])
def test_criteria_of_one_resource_and_of_several_are_read(resources: str) -> None:
    found = criteria_of(f"{resources}MultipleMetricCriteria", {"allOf": [NATIVE_CRITERION]})
    assert found == ([criterion("Cpu")], [])


def test_criteria_of_another_form_are_reported() -> None:
    web_test: dict[str, Value] = {"webTestId": "w", "componentId": "c", "failedLocationCount": 2}
    found, places = criteria_of("WebtestLocationAvailabilityCriteria", web_test)
    assert found is None
    assert "properties.criteria.'odata.type'" in places
    assert "properties.criteria.webTestId" in places


def test_a_threshold_that_azure_finds_by_itself_is_reported() -> None:
    dynamic: dict[str, Value] = {**NATIVE_CRITERION, "criterionType": "DynamicThresholdCriterion"}
    del dynamic["threshold"]
    _, places = criteria_of(
        "MultipleResourceMultipleMetricCriteria",
        {"allOf": [{**dynamic, "alertSensitivity": "High"}]},
    )
    assert places == [
        "properties.criteria.allOf[0].alertSensitivity",
        "properties.criteria.allOf[0].criterionType",
    ]


def test_elements_that_need_a_number_must_be_spelled_out() -> None:
    loop = ForList(None, "m", VariableRef("metrics"), criterion("Cpu"), None)
    with pytest.raises(NotExpressible, match=r"criteria: .* must be spelled out"):
        written("azurerm_monitor_metric_alert", alert(loop))


def app(**stack: Value) -> dict[str, Value]:
    place: dict[str, Value] = {
        "name": "web",
        "resource_group_name": "web",
        "location": "westeurope",
    }
    config: dict[str, Value] = {"always_on": True, "application_stack": dict(stack)}
    return {**place, "service_plan_id": "plan", "site_config": config}


def runtime(**stack: Value) -> Value:
    found = written("azurerm_linux_web_app", app(**stack))
    assert isinstance(found, dict)
    config = found["siteConfig"]
    assert isinstance(config, dict)
    return config["linuxFxVersion"]


def stack_of(text: Value) -> tuple[Value, list[str]]:
    native: dict[str, Value] = {"name": "web", "resourceGroup": "web", "location": "westeurope"}
    native["kind"] = "app,linux"
    config: dict[str, Value] = {"alwaysOn": True, "linuxFxVersion": text}
    found, notes = back("Microsoft.Web/sites", native, {"siteConfig": config})
    site = found["site_config"]
    assert isinstance(site, dict)
    return site.get("application_stack"), [note.message for note in notes]


def test_the_form_of_a_shared_text_tells_whose_value_it_is() -> None:
    assert runtime(python_version="3.12") == "PYTHON|3.12"
    assert runtime(node_version=VariableRef("node")) == Template(("NODE|", VariableRef("node")))
    assert stack_of("PYTHON|3.12") == ({"python_version": "3.12"}, [])
    assert stack_of(Template(("NODE|", VariableRef("node")))) == (
        {"node_version": VariableRef("node")},
        [],
    )


def test_either_form_may_stand_under_a_condition() -> None:
    text = Conditional(VariableRef("old"), "NODE|18-lts", "PYTHON|3.12")
    stack, notes = stack_of(text)
    assert stack == {
        "python_version": Conditional(VariableRef("old"), None, "3.12"),
        "node_version": Conditional(VariableRef("old"), "18-lts", None),
    }
    assert notes == []


def test_a_text_of_no_known_form_is_reported() -> None:
    assert stack_of("COBOL|85") == (None, ["'COBOL|85' is not understood"])


def test_two_values_for_one_text_are_refused() -> None:
    with pytest.raises(NotExpressible, match="node_version cannot be said together"):
        runtime(python_version="3.12", node_version="22-lts")
