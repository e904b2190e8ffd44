"""Splats over counted resources in ARM."""

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
    Index,
    ResourceRef,
    Splat,
    Symbol,
    Template,
    Value,
    VariableRef,
)

CATALOG = load_catalog()
GROUP = Resource("azurerm_resource_group", "main", {"name": "web", "location": "westeurope"})
PLACE: dict[str, Value] = {
    "resource_group_name": ResourceRef(GROUP.address, ("name",)),
    "location": ResourceRef(GROUP.address, ("location",)),
}
INDEX = Symbol(("count", "index"))
ADDRESSES = "azurerm_public_ip.ip"


def addresses(count: Value) -> Resource:
    properties = {"name": Template(("ip", INDEX)), **PLACE, "allocation_method": "Static"}
    return Resource("azurerm_public_ip", "ip", properties, count=count)


def every(*path: str) -> Splat:
    return Splat(ResourceRef(ADDRESSES, ()), path)


def tagged(value: Value, **fields: Any) -> Resource:
    properties = {"name": "app", **PLACE, "tags": {"t": value}}
    return Resource("azurerm_user_assigned_identity", "app", properties, **fields)


def blueprint(*resources: Resource, outputs: tuple[Output, ...] = ()) -> Blueprint:
    variables = (Variable("n", "number", default=2),)
    return Blueprint(
        "web", "1.0.0", "azure", variables=variables, resources=(GROUP, *resources), outputs=outputs
    )


def template(bp: Blueprint) -> Any:
    (text,) = generate(bp, "arm", CATALOG).files.values()
    return json.loads(text)


@pytest.mark.parametrize("count", [2, VariableRef("n")])
@pytest.mark.parametrize("scope", ["group", "subscription"])
def test_ids_of_all_instances_read_back_as_a_splat(count: Value, scope: Any) -> None:
    joined = Call("join", (",", every("id")))
    outputs = (Output("ids", every("id")),)
    before = blueprint(addresses(count), tagged(joined), outputs=outputs)
    code = generate(before, "arm", CATALOG, GenerateOptions(scope=scope))
    assert code.warnings == []
    (text,) = code.files.values()
    after = read_text(text, "azuredeploy.json", CATALOG).blueprint
    assert canonical(after.resources, CATALOG) == canonical(before.resources, CATALOG)
    assert [o.value for o in after.outputs] == [every("id")]


def test_whoever_speaks_of_all_waits_for_the_loop() -> None:
    joined = Call("join", (",", every("id")))
    _, identity = template(blueprint(addresses(VariableRef("n")), tagged(joined)))["resources"]
    assert identity["dependsOn"] == ["ipPublicIpCopy"]


def test_what_only_a_deployed_resource_knows_is_asked_one_by_one() -> None:
    joined = Call("join", (",", every("ip_address")))
    found = template(blueprint(addresses(2), tagged(joined)))["resources"][1]
    assert found["tags"]["t"].count("reference(") == 2
    unknown = blueprint(addresses(VariableRef("n")), tagged(joined))
    with pytest.raises(NotExpressible, match=r"tags: azurerm_public_ip.ip\[\*\]\.ip_address is"):
        template(unknown)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (Index(every("id"), 1), ResourceRef(ADDRESSES, ("id",), 1)),
        (Call("element", (every("id"), 0)), ResourceRef(ADDRESSES, ("id",), 0)),
        (Index(every("ip_address"), 1), ResourceRef(ADDRESSES, ("ip_address",), 1)),
    ],
)
def test_one_of_all_is_that_one(value: Value, meant: Value) -> None:
    assert template(blueprint(addresses(2), tagged(value))) == template(
        blueprint(addresses(2), tagged(meant))
    )


def test_each_of_a_loop_speaks_of_its_own_of_another() -> None:
    """Of deployed ones too: `copyIndex()` may stand where a variable of a lambda may not."""
    own = tagged(Index(every("ip_address"), INDEX), count=VariableRef("n"))
    _, second = template(blueprint(addresses(VariableRef("n")), own))["resources"]
    identifier = "resourceId('Microsoft.Network/publicIPAddresses', format('ip{0}', copyIndex()))"
    version = CATALOG.api_version("Microsoft.Network/publicIPAddresses")
    assert second["tags"] == {"t": f"[reference({identifier}, '{version}').ipAddress]"}


def test_how_many_there_are_is_the_number_of_the_loop() -> None:
    many = Call("tostring", (Call("length", (ResourceRef(ADDRESSES, ()),)),))
    _, identity = template(blueprint(addresses(VariableRef("n")), tagged(many)))["resources"]
    assert identity["tags"] == {"t": "[string(parameters('n'))]"}
