"""Arguments of which a table makes nothing: which they are is told apart from other faults."""

from __future__ import annotations

from typing import Any

from dharma.catalog import Document, Part, load_catalog, read
from dharma.catalog.table_reading import read_table
from dharma.model.expressions.nodes import VariableRef

CATALOG = load_catalog()
RECEIVERS = ("webhook", "sms", "email", "event_hub", "arm_role", "logic_app", "azure_function")


def test_a_value_that_became_unknown_is_told_apart_from_what_is_left_over() -> None:
    told: dict[str, bool] = {}

    def report(path: str, message: str, *, lost: bool = False) -> None:
        told[path] = lost

    mapping = CATALOG.kind("aws_dynamodb_table").mapping("terraform")  # type: ignore[union-attr]
    assert mapping is not None
    attribute = {"name": "a", "type": "S", "odd": 1}
    arguments: dict[str, Any] = {
        "attribute": [attribute],
        "global_secondary_index": VariableRef("x"),
    }
    read_table(mapping.table, arguments, report)
    assert told == {"attribute[0].odd": False, "global_secondary_index": True}


def test_arguments_of_which_a_table_makes_nothing_keep_their_order() -> None:
    names = [f"{receiver}_receiver" for receiver in RECEIVERS]
    arguments: dict[str, Any] = {name: VariableRef("x") for name in names}
    part = Part("azurerm_monitor_action_group.g", "azurerm_monitor_action_group", arguments)
    (resource,), notes = read(Document("terraform", [part], keeps_unread=True), CATALOG)
    assert list(resource.native["terraform"]) == names
    assert [n.path for n in notes if n.kind == "passed_through"] == names
