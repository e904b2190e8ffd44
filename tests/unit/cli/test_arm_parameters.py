"""An ARM template with its parameter file, as somebody has them side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMAS = "https://schema.management.azure.com/schemas/2019-04-01"
TEMPLATE = {
    "$schema": f"{SCHEMAS}/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"diskSize": {"type": "int"}, "note": {"type": "string"}},
    "resources": [
        {
            "type": "Microsoft.Compute/disks",
            "apiVersion": "2023-01-02",
            "name": "data",
            "location": "westeurope",
            "sku": {"name": "Premium_LRS"},
            "tags": {"note": "[parameters('note')]"},
            "properties": {
                "creationData": {"createOption": "Empty"},
                "diskSizeGB": "[parameters('diskSize')]",
            },
        }
    ],
}
VAULT = {"keyVault": {"id": "/subscriptions/x/vaults/v"}, "secretName": "note"}
PARAMETERS = {
    "$schema": f"{SCHEMAS}/deploymentParameters.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"diskSize": {"value": 64}, "note": {"reference": VAULT}},
}


def write(name: str, content: Any) -> Path:
    Path(name).write_text(json.dumps(content, indent=1))
    return Path(name)


def test_values_hold_and_a_secret_of_a_vault_is_unknown_and_said(dharma: Any) -> None:
    template = write("azuredeploy.json", TEMPLATE)
    values = write("azuredeploy.parameters.json", PARAMETERS)
    said = dharma("plan", template, "--var-file", values, "--format", "json")
    assert said.code == 0, said.err
    text = json.dumps(said.json)
    assert '"disk_size_gb": 64' in text or '"after": 64' in text
    checked = dharma("check", template, "--var-file", values)
    assert "is the secret note of a key vault (azuredeploy.parameters.json:9:17)" in (
        checked.out + checked.err
    )


def test_a_parameter_file_is_taken_only_where_it_is_given(dharma: Any) -> None:
    template = write("azuredeploy.json", TEMPLATE)
    write("azuredeploy.parameters.json", PARAMETERS)
    assert "64" not in dharma("plan", template, "--format", "json").out


def test_a_value_that_does_not_fit_is_told_with_its_line(dharma: Any) -> None:
    template = write("azuredeploy.json", TEMPLATE)
    wrong = {**PARAMETERS, "parameters": {"diskSize": {"value": "large"}}}
    said = dharma("check", template, "--var-file", write("p.json", wrong))
    assert said.code == 1
    assert "p.json:6:13: parameters.diskSize: a number is needed" in said.err


def test_the_parameters_alone_are_no_source(dharma: Any) -> None:
    said = dharma("check", write("p.json", PARAMETERS))
    assert said.code == 1
    assert "give the template itself, and these as --var-file" in said.err
