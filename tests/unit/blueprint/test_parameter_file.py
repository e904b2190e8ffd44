"""Parameter files of ARM as the values of variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dharma.blueprint.readers import read_text
from dharma.blueprint.variable_sources import collect
from dharma.core.errors import InvalidVariables
from dharma.model.blueprint import Blueprint, Variable
from dharma.model.expressions.nodes import Unknown

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {
        "vmName": {"type": "string", "minLength": 3},
        "vm_name": {"type": "string", "defaultValue": "other"},
        "count": {"type": "int", "maxValue": 3},
        "adminPassword": {"type": "securestring", "minLength": 8},
        "zones": {"type": "array", "defaultValue": []},
    },
    "resources": [],
}
DECLARED = read_text(json.dumps(TEMPLATE), "azuredeploy.json").blueprint


def given(tmp_path: Path, parameters: Any, declared: Blueprint = DECLARED) -> dict[str, Any]:
    path = tmp_path / "azuredeploy.parameters.json"
    content = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": parameters}
    path.write_text(json.dumps(content, indent=1))
    return collect(declared, files=[path])


def faults(tmp_path: Path, parameters: Any) -> list[str]:
    with pytest.raises(InvalidVariables) as caught:
        given(tmp_path, parameters)
    return [str(fault).replace(f"{tmp_path}/", "") for fault in caught.value.faults]


def test_parameters_are_the_variables_that_were_read_from_them(tmp_path: Path) -> None:
    """Of two whose names read alike each is its own; case does not matter to Azure."""
    values = given(
        tmp_path,
        {
            "VMNAME": {"value": "web"},
            "vm_name": {"value": "db"},
            "count": {"value": 2},
            "zones": {"value": ["1", "2"]},
        },
    )
    by_parameter = {v.origin.address: v.name for v in DECLARED.variables}
    assert values == {
        by_parameter["parameters.vmName"]: "web",
        by_parameter["parameters.vm_name"]: "db",
        "count": 2,
        "zones": ["1", "2"],
    }


def test_a_blueprint_takes_those_of_the_template_that_is_written_of_it(tmp_path: Path) -> None:
    declared = Blueprint("web", "1.0.0", "azure", variables=(Variable("admin_password"),))
    assert given(tmp_path, {"adminPassword": {"value": "x"}}, declared) == {"admin_password": "x"}


def test_a_secret_of_a_key_vault_is_not_known(tmp_path: Path) -> None:
    reference = {"keyVault": {"id": "/subscriptions/x/vaults/v"}, "secretName": "admin"}
    values = given(tmp_path, {"adminPassword": {"reference": reference}})
    place = f"{tmp_path / 'azuredeploy.parameters.json'}:6:17"
    assert values == {
        "admin_password": Unknown(
            f"var.admin_password is the secret admin of a key vault ({place})"
        )
    }


def test_comments_and_other_schemas_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    schema = SCHEMA.replace("deploymentParameters", "subscriptionDeploymentParameters")
    path.write_text(
        f'// what for\n{{"$schema": "{schema}",\n "parameters": {{"count": {{"value": 1,}}}}}}'
    )
    assert collect(DECLARED, files=[path]) == {"count": 1}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"vmNme": {"value": "web"}},
            "azuredeploy.parameters.json:5:3: parameters.vmNme: there is no such parameter (did "
            "you mean vmName?)",
        ),
        (
            {"count": {"value": "x"}},
            "azuredeploy.parameters.json:6:13: parameters.count: a number is needed, and 'x' is "
            "none",
        ),
        (
            {"count": {"value": 4}},
            "azuredeploy.parameters.json:6:13: parameters.count: 4 is more than 3",
        ),
        (
            {"adminPassword": {"value": "short"}},
            "azuredeploy.parameters.json:6:13: parameters.adminPassword: the length 5 is less "
            "than 8",
        ),
        (
            {"count": 4},
            "azuredeploy.parameters.json:5:12: parameters.count: it has neither a value nor a "
            "reference",
        ),
        (
            {"count": {"value": 1, "reference": {}}},
            "azuredeploy.parameters.json:5:12: parameters.count: it has both a value and a "
            "reference",
        ),
        (
            {"adminPassword": {"reference": {"keyVault": {"id": "x"}}}},
            "azuredeploy.parameters.json:6:17: parameters.adminPassword: the reference has no "
            "secretName",
        ),
        ([], "azuredeploy.parameters.json:4:16: a file of parameters has an object `parameters`"),
    ],
)
def test_what_is_no_value_is_told_with_its_line(
    tmp_path: Path, parameters: Any, message: str
) -> None:
    (fault,) = faults(tmp_path, parameters)
    assert fault.startswith(message)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    assert len(faults(tmp_path, {"count": 4, "vmName": {"value": "x"}, "no": {"value": 1}})) == 3


def test_a_broken_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(f'{{"$schema": "{SCHEMA}",\n "parameters": {{"count"}}\n}}')
    with pytest.raises(InvalidVariables, match=r"p\.json:2"):
        collect(DECLARED, files=[path])
