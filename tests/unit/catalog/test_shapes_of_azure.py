"""Shapes that Azure's templates have and Terraform's arguments do not: a switch beside a value."""

from __future__ import annotations

from dharma.catalog import Document, Part, load_catalog, read, write
from dharma.catalog.document import Note
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Conditional, Value, VariableRef

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
