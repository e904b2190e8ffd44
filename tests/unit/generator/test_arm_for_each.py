"""`for_each` in ARM: counted over what a variable holds, and read back as what it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dharma.blueprint.readers import read_text
from dharma.catalog import canonical, load_catalog
from dharma.core.errors import NotExpressible
from dharma.generator import GenerateOptions, generate
from dharma.model.blueprint import Blueprint, Output, Resource, Variable
from dharma.model.expressions.nodes import (
    Call,
    ResourceRef,
    Symbol,
    Template,
    Value,
    VariableRef,
    walk,
)

CATALOG = load_catalog()
GROUP = Resource("azurerm_resource_group", "main", {"name": "web", "location": "westeurope"})
KEY, VALUE = Symbol(("each", "key")), Symbol(("each", "value"))
SIZE = Symbol(("each", "value", "size"))
VARIABLES = (
    Variable("disks", "map(object({size = number}))", default={"a": {"size": 4}}),
    Variable("sizes", "map(number)", required=True),
    Variable("names", "set(string)", default=["a", "b"]),
    Variable("list", "list(string)", default=["a", "b"]),
)


def disk(name: str, over: Value, **said: Value) -> Resource:
    properties: dict[str, Value] = {
        "name": Template((KEY, f"-{name}")),
        "resource_group_name": ResourceRef(GROUP.address, ("name",)),
        "location": ResourceRef(GROUP.address, ("location",)),
        "storage_account_type": "Premium_LRS",
        "create_option": "Empty",
        **said,
    }
    return Resource("azurerm_managed_disk", name, properties, for_each=over)


def blueprint(*resources: Resource, outputs: tuple[Output, ...] = ()) -> Blueprint:
    return Blueprint(
        "web", "1.0.0", "azure", variables=VARIABLES, resources=(GROUP, *resources), outputs=outputs
    )


def template(bp: Blueprint, **options: Any) -> Any:
    (text,) = generate(bp, "arm", CATALOG, GenerateOptions(**options)).files.values()
    return json.loads(text)


def source(name: str) -> ResourceRef:
    return ResourceRef(f"azurerm_managed_disk.{name}", ("id",), KEY)


DISKS = VariableRef("disks")
SHAPES: dict[str, tuple[Resource, ...]] = {
    "a map of objects": (disk("d", DISKS, disk_size_gb=SIZE),),
    "a map of numbers": (disk("d", VariableRef("sizes"), disk_size_gb=VALUE),),
    "a set": (disk("d", VariableRef("names"), tags={"of": KEY}),),
    "a list as a set": (disk("d", Call("toset", (VariableRef("list"),))),),
    "one loop for each of another": (
        disk("d", DISKS),
        disk("copy", DISKS, create_option="Copy", source_resource_id=source("d")),
    ),
}


@pytest.mark.parametrize("scope", ["group", "subscription"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_loop_over_a_variable_is_counted_and_reads_back_as_it_was(shape: str, scope: Any) -> None:
    before = blueprint(*SHAPES[shape])
    code = generate(before, "arm", CATALOG, GenerateOptions(scope=scope))
    assert code.warnings == []
    (text,) = code.files.values()
    result = read_text(text, "azuredeploy.json", CATALOG)
    assert result.notes == ()
    assert canonical(result.blueprint.resources, CATALOG) == canonical(before.resources, CATALOG)
    looped = {n.name for r in SHAPES[shape] for n in walk(r.for_each) if isinstance(n, VariableRef)}
    found = {v.name: v.type for v in result.blueprint.variables if v.name in looped}
    assert found == {v.name: v.type for v in VARIABLES if v.name in looped}


def test_keys_and_values_are_found_by_the_index() -> None:
    (found,) = template(blueprint(disk("d", DISKS, disk_size_gb=SIZE)))["resources"]
    key = "objectKeys(parameters('disks'))[copyIndex()]"
    assert found["copy"] == {"name": "dManagedDiskCopy", "count": "[length(parameters('disks'))]"}
    assert found["name"] == f"[format('{{0}}-d', {key})]"
    assert found["properties"]["diskSizeGB"] == f"[parameters('disks')[{key}].size]"


@pytest.mark.parametrize("over", [Call("toset", (VariableRef("list"),)), VariableRef("names")])
def test_a_value_that_an_array_has_twice_is_counted_once(over: Value) -> None:
    (found,) = template(blueprint(disk("d", over, tags={"of": KEY})))["resources"]
    (name,) = (n.name for n in walk(over) if isinstance(n, VariableRef))
    values = f"union(parameters('{name}'), createArray())"
    assert found["copy"]["count"] == f"[length({values})]"
    assert found["tags"] == {"of": f"[{values}[copyIndex()]]"}


def test_elements_that_are_spelled_out_are_written_out() -> None:
    found = template(blueprint(disk("d", {"a": {"size": 4}}, disk_size_gb=SIZE)))["resources"]
    assert [(r["name"], "copy" in r) for r in found] == [("a-d", False)]


def test_a_loop_of_which_an_instance_is_named_needs_its_elements() -> None:
    key = Output("one", ResourceRef("azurerm_managed_disk.d", ("id",), "a"))
    bp = blueprint(disk("d", DISKS, disk_size_gb=SIZE), outputs=(key,))
    with pytest.raises(NotExpressible, match=r"give var\.disks a value"):
        template(bp)
    found = template(bp, variables={"disks": {"a": {"size": 4}, "b": {"size": 8}}})["resources"]
    assert [r["name"] for r in found] == ["a-d", "b-d"]


def test_a_loop_that_refers_to_one_that_is_written_out_is_written_out_too() -> None:
    one = Output("one", ResourceRef("azurerm_managed_disk.d", ("id",), "a"))
    both = SHAPES["one loop for each of another"]
    found = template(blueprint(*both, outputs=(one,)), variables={"disks": {"a": {}}})["resources"]
    assert [(r["name"], "copy" in r) for r in found] == [("a-d", False), ("a-copy", False)]
