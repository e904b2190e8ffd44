"""Shapes that older versions of Azure's API have."""

from __future__ import annotations

from typing import Any

import pytest

from dharma.blueprint.readers.arm.older_shapes import in_todays_shape

STORE = "Microsoft.Storage/storageAccounts"
DATABASE = "Microsoft.Sql/servers/databases"
PLAN = "Microsoft.Web/serverfarms"


@pytest.mark.parametrize(
    ("native", "said", "today"),
    [
        (
            STORE,
            {"properties": {"AccountType": "Standard_LRS", "x": 1}},
            {"properties": {"x": 1}, "sku": {"name": "Standard_LRS"}},
        ),
        (
            STORE,
            {"properties": {"accountType": "Standard_LRS"}, "sku": {"name": "Standard_GRS"}},
            {"properties": {"accountType": "Standard_LRS"}, "sku": {"name": "Standard_GRS"}},
        ),
        (
            DATABASE,
            {"properties": {"edition": "Standard", "requestedServiceObjectiveName": "S0"}},
            {"properties": {}, "sku": {"name": "S0", "tier": "Standard"}},
        ),
        (
            PLAN,
            {
                "name": "p",
                "sku": {"name": "S1"},
                "properties": {"name": "p", "workerSize": "0", "numberOfWorkers": 2},
            },
            {"name": "p", "sku": {"name": "S1", "capacity": 2}, "properties": {}},
        ),
        (
            PLAN,
            {"name": "p", "properties": {"workerSize": "0"}},
            {"name": "p", "properties": {"workerSize": "0"}},
        ),
        ("Microsoft.Compute/disks", {"properties": {"accountType": "x"}}, None),
    ],
)
def test_what_is_said_elsewhere_today_is_moved_there(
    native: str, said: dict[str, Any], today: dict[str, Any] | None
) -> None:
    assert in_todays_shape(native, said) == (today or said)
