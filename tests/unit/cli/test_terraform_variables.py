"""`TF_VAR_name` on the command line, as Terraform takes it: below `terraform.tfvars`, `--var-file`
and `--var`, above the default
(https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CODE = """
variable "name" { default = "default" }
variable "zones" {
  type    = list(string)
  default = []
}
variable "untyped" { default = null }
resource "aws_sqs_queue" "q" { name = var.name }
resource "aws_kms_key" "t" {
  for_each = toset(var.zones)
  description = each.key
}
resource "aws_kms_key" "untyped" { description = var.untyped }
"""


@pytest.fixture
def cost(dharma: Any) -> Any:
    """What `cost` says of the code, for the words behind it."""

    def of(*words: str) -> dict[str, Any]:
        said = dharma("cost", ".", "--format", "json", *words)
        assert said.code == 0, said.out + said.err
        found: dict[str, Any] = said.json
        return found

    Path("main.tf").write_text(CODE)
    return of


def keys(found: dict[str, Any]) -> set[str]:
    return {line["address"] for line in found["breakdown"] if "kms_key" in line["address"]}


def test_a_list_is_an_expression(cost: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_VAR_zones", '["a", "b"]')
    assert len(keys(cost())) == 3


def test_values_beside_the_code_win(cost: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_VAR_zones", '["a", "b"]')
    Path("terraform.tfvars").write_text('zones = ["c"]\n')
    assert len(keys(cost())) == 2
    assert len(keys(cost("--var", 'zones=["a","b","c"]'))) == 4


def test_what_cannot_be_read_is_named(dharma: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("main.tf").write_text(CODE)
    monkeypatch.setenv("TF_VAR_zones", "[")
    error = dharma("check", ".", "--format", "json").error
    assert error["code"] == "InvalidVariables"
    assert "TF_VAR_zones" in error["message"]


def test_variables_of_other_code_are_none_of_its_business(
    cost: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_other", "[")
    monkeypatch.setenv("TF_VAR_untyped", "just text")
    assert len(keys(cost())) == 1


def test_blueprints_do_not_know_them(dharma: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("web.yaml").write_text(
        "apiVersion: dharma/v1\nkind: Blueprint\nname: web\nversion: 1.0.0\nprovider: aws\n"
        "variables: [{name: count, type: number, default: 1}]\n"
        'resources: [{name: t, type: aws_kms_key, count: "${var.count}", properties: {}}]\n'
    )
    monkeypatch.setenv("TF_VAR_count", "3")
    said = dharma("cost", "web.yaml", "--format", "json")
    assert len(keys(said.json)) == 1
