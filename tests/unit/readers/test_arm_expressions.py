"""Expressions of ARM templates that others write, and what each becomes in the model and again in a
template."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dharma.blueprint.readers import ReadResult, read_text
from dharma.blueprint.readers.terraform.opening import read_sent
from dharma.blueprint.resolution import resolve
from dharma.catalog import load_catalog
from dharma.generator import generate
from dharma.model.blueprint import Blueprint, Variable
from dharma.model.expressions.nodes import Value
from dharma.model.expressions.printer import print_expression

CATALOG = load_catalog()
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def read(value: Any, **sections: Any) -> ReadResult:
    """A template with one output."""
    template = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "resources": [],
        "outputs": {"found": {"type": "string", "value": value}},
    }
    return read_text(json.dumps(template | sections), "azuredeploy.json", CATALOG)


def model(value: Any, **sections: Any) -> str:
    (output,) = read(value, **sections).blueprint.outputs
    return print_expression(output.value)


def template(blueprint: Blueprint) -> dict[str, Any]:
    (text,) = generate(blueprint, "arm", CATALOG).files.values()
    found: dict[str, Any] = json.loads(text)
    return found


def resolved(value: Any, **sections: Any) -> Value:
    return resolve(read(value, **sections).blueprint, region="westeurope").outputs["found"]


TEXT = {"t": {"type": "string", "defaultValue": "abcdef"}}
LIST = {"l": {"type": "array", "defaultValue": ["a", "b", "c"]}}
OBJECT = {"o": {"type": "object", "defaultValue": {"a": 1}}}
NUMBER = {"n": {"type": "int", "defaultValue": 7}}
PARAMETERS = TEXT | LIST | OBJECT | NUMBER


@pytest.mark.parametrize(
    ("native", "expression", "value"),
    [
        ("[substring(parameters('t'), 2)]", "substr(var.t, 2, -1)", "cdef"),
        ("[substring(parameters('t'), 2, 3)]", "substr(var.t, 2, 3)", "cde"),
        ("[take(parameters('t'), 9)]", "substr(var.t, 0, 9)", "abcdef"),
        ("[skip(parameters('t'), 4)]", "substr(var.t, 4, -1)", "ef"),
        ("[first(parameters('t'))]", "substr(var.t, 0, 1)", "a"),
        ("[last(parameters('l'))]", "var.l[length(var.l) - 1]", "c"),
        ("[div(parameters('n'), 2)]", "floor(var.n / 2)", 3),
        ("[padLeft(parameters('n'), 3, '0')]", 'format("%03d", var.n)', "007"),
        ("[contains(parameters('o'), 'a')]", 'contains(keys(var.o), "a")', True),
        ("[contains(parameters('l'), 'z')]", 'contains(var.l, "z")', False),
        ("[contains(parameters('t'), 'cd')]", 'strcontains(var.t, "cd")', True),
        ("[tryGet(parameters('o'), 'b')]", "try(var.o.b, null)", None),
        ("[tryGet(parameters('o'), 'a')]", "try(var.o.a, null)", 1),
        (
            "[union(parameters('l'), createArray('a'))]",
            'distinct(concat(var.l, ["a"]))',
            ["a", "b", "c"],
        ),
        ("[union(parameters('l'), createArray())]", "distinct(var.l)", ["a", "b", "c"]),
    ],
)
def test_a_function_has_its_counterpart_and_comes_back(
    native: str, expression: str, value: Any
) -> None:
    assert model(native, parameters=PARAMETERS) == expression
    assert resolved(native, parameters=PARAMETERS) == value
    result = read(native, parameters=PARAMETERS)
    assert not [n for n in result.notes if n.kind == "not_understood"]
    again = read_text(json.dumps(template(result.blueprint)), "azuredeploy.json", CATALOG)
    assert again.blueprint.outputs[0].value == result.blueprint.outputs[0].value


def test_a_number_may_begin_with_its_point() -> None:
    (output,) = read("[json('.25')]").blueprint.outputs
    assert output.value == 0.25


def test_a_function_that_only_azure_computes_is_kept_in_azures_spelling() -> None:
    result = read("[uniquestring(parameters('t'))]", parameters=TEXT)
    assert print_expression(result.blueprint.outputs[0].value) == (
        "provider::arm::uniqueString(var.t)"
    )
    result = read("[take(parameters('a'), 1)]", parameters={"a": {"type": "array"}})
    assert [n.kind for n in result.notes if "take()" in n.message] == ["passed_through"]
    assert template(result.blueprint)["outputs"]["found"]["value"] == "[take(parameters('a'), 1)]"


IMAGES = {
    "images": {
        "Ubuntu": {"publisher": "Canonical", "sku": "22_04"},
        "Own": {"id": "/images/own", "publisher": "Contoso"},
    }
}
CHOICE = {"os": {"type": "string", "defaultValue": "Ubuntu"}}


def test_a_member_of_what_is_chosen_is_chosen_among_the_members() -> None:
    chosen = "[variables('images')[parameters('os')].{}]"
    said: dict[str, Any] = {"variables": IMAGES, "parameters": CHOICE}
    assert model(chosen.format("Publisher"), **said) == (
        '{ Ubuntu = "Canonical", Own = "Contoso" }[var.os]'
    )
    assert resolved(chosen.format("publisher"), **said) == "Canonical"
    assert resolved(chosen.format("id"), **said) is None
    again = template(read(chosen.format("id"), **said).blueprint)["outputs"]["found"]["value"]
    assert again == ("[createObject('Ubuntu', null(), 'Own', '/images/own')[parameters('os')]]")


def test_a_member_that_all_choices_say_alike_is_that() -> None:
    alike = {"sizes": [{"tier": "Basic", "n": 1}, {"tier": "Basic", "n": 2}]}
    said: dict[str, Any] = {
        "variables": alike,
        "parameters": {"which": {"type": "int", "defaultValue": 1}},
    }
    assert model("[variables('sizes')[parameters('which')].tier]", **said) == '"Basic"'
    assert resolved("[variables('sizes')[parameters('which')].N]", **said) == 2


def computed(default: str, **more: Any) -> ReadResult:
    parameters = {"name": {"type": "string", "defaultValue": default}, **TEXT, **more}
    return read("[parameters('name')]", parameters=parameters)


def variable(result: ReadResult, name: str) -> Variable:
    (found,) = [v for v in result.blueprint.variables if v.name == name]
    return found


@pytest.mark.parametrize(
    ("default", "expression"),
    [
        ("[parameters('t')]", "coalesce(var.name, var.t)"),
        ("[concat('x-', parameters('t'))]", 'coalesce(var.name, "x-${var.t}")'),
        ("[resourceGroup().name]", "coalesce(var.name, azurerm_resource_group.main.name)"),
    ],
)
def test_a_default_that_a_blueprint_can_compute_stands_in_for_the_variable(
    default: str, expression: str
) -> None:
    result = computed(default)
    assert print_expression(result.blueprint.outputs[0].value) == expression
    found = variable(result, "name")
    assert (found.required, found.default) == (False, None)
    again = read_text(json.dumps(template(result.blueprint)), "azuredeploy.json", CATALOG)
    assert again.blueprint.outputs[0].value == result.blueprint.outputs[0].value
    assert variable(again, "name").default is None


@pytest.mark.parametrize(
    "default", ["[uniqueString('x')]", "[deployment().properties.templateLink.uri]", "[utcNow()]"]
)
def test_a_default_that_only_azure_computes_makes_the_variable_required(default: str) -> None:
    result = computed(default)
    assert variable(result, "name").required
    assert print_expression(result.blueprint.outputs[0].value) == "var.name"
    assert [n for n in result.notes if "is computed by Azure" in n.message]


def test_a_default_that_goes_in_circles_ends() -> None:
    result = computed(
        "[parameters('other')]",
        other={"type": "string", "defaultValue": "[parameters('name')]"},
    )
    assert print_expression(result.blueprint.outputs[0].value) == (
        "coalesce(var.name, coalesce(var.other, var.name))"
    )


FUNCTIONS = [
    {
        "namespace": "contoso",
        "members": {
            "uniqueName": {
                "parameters": [{"name": "prefix", "type": "string"}],
                "output": {
                    "type": "string",
                    "value": "[concat(toLower(parameters('prefix')), '-1')]",
                },
            }
        },
    }
]


def test_functions_of_the_author_are_written_in() -> None:
    called = "[contoso.uniqueName(parameters('t'))]"
    assert model(called, functions=FUNCTIONS, parameters=TEXT) == '"${lower(var.t)}-1"'
    assert resolved(called, functions=FUNCTIONS, parameters=TEXT) == "abcdef-1"


def test_a_function_of_the_author_with_too_few_arguments_is_said() -> None:
    result = read("[contoso.uniqueName()]", functions=FUNCTIONS)
    assert [n.message for n in result.notes if n.kind == "not_understood"] == [
        "contoso.uniqueName() takes 1 arguments"
    ]


@pytest.mark.parametrize(
    ("relative", "written", "base", "found"),
    [
        ("'scripts/setup.sh'", "scripts/setup.sh", "https://e.com/v1/main.json", "v1/scripts/"),
        ("'/setup.sh'", "setup.sh", "https://e.com/v1/", "v1/"),
    ],
)
def test_the_address_that_azure_puts_together_can_be_said_in_terraform(
    relative: str, written: str, base: str, found: str
) -> None:
    parameters = {"base": {"type": "string", "defaultValue": base}}
    result = read(f"[uri(parameters('base'), {relative})]", parameters=parameters)
    files = generate(result.blueprint, "terraform", CATALOG).files
    (line,) = [x for x in "".join(files.values()).splitlines() if "regex(" in x]
    expression = '${regex("^.*/", var.base)}' + written
    assert line.strip() == f'value = "{expression}"'
    again = read_sent({path: text.encode() for path, text in files.items()}, CATALOG).blueprint
    assert resolve(again).outputs["found"] == f"https://e.com/{found}setup.sh"
