"""ARM templates of the subscription: groups, a deployment for each, and what goes between them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers import ReadResult, read_text
from dharma.blueprint.source import load_blueprint
from dharma.catalog import canonical, load_catalog
from dharma.catalog.document import Part
from dharma.core.errors import NotExpressible
from dharma.generator import GenerateOptions, generate
from dharma.generator.arm.places import Places
from dharma.generator.arm.stages import staged
from dharma.generator.verification import reread
from dharma.model.blueprint import Blueprint, Output, Resource, Variable
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    ResourceRef,
    Symbol,
    Template,
    Value,
    VariableRef,
)

CATALOG = load_catalog()
KINDS = sorted((Path(__file__).parents[3] / "examples" / "kinds").glob("azurerm_*.yaml"))
SUBSCRIPTION = Template(("/subscriptions/", Ambient("subscription_id")))
ROLE = Template((*SUBSCRIPTION.parts, "/providers/Microsoft.Authorization/roleDefinitions/acdd"))
DEPLOYMENTS = "Microsoft.Resources/deployments"
TEMPLATES = Path(__file__).parents[3] / "templates" / "azure"


def group(name: str, **fields: Any) -> Resource:
    properties = {"name": f"{name}-group", "location": "westeurope", **fields.pop("properties", {})}
    return Resource("azurerm_resource_group", name, properties, **fields)


def ref(resource: Resource, *path: str, instance: Value = None) -> ResourceRef:
    return ResourceRef(resource.address, path, instance)


def within(owner: Resource, instance: Value = None) -> dict[str, Value]:
    return {
        "resource_group_name": ref(owner, "name", instance=instance),
        "location": ref(owner, "location", instance=instance),
    }


def disk(owner: Resource, name: str = "data", **fields: Any) -> Resource:
    properties = {
        "name": name,
        **within(owner),
        "storage_account_type": "Premium_LRS",
        "create_option": "Empty",
        **fields.pop("properties", {}),
    }
    return Resource("azurerm_managed_disk", name, properties, **fields)


def copy_of(source: Resource, owner: Resource, name: str, **fields: Any) -> Resource:
    properties = {"create_option": "Copy", "source_resource_id": ref(source, "id")}
    return disk(owner, name, properties=properties, **fields)


def identity(owner: Resource, name: str = "app") -> Resource:
    return Resource("azurerm_user_assigned_identity", name, {"name": name, **within(owner)})


def role(scope: Value, principal: Value, name: str = "reads", **fields: Any) -> Resource:
    properties = {"scope": scope, "principal_id": principal, "role_definition_id": ROLE}
    return Resource("azurerm_role_assignment", name, properties, **fields)


def blueprint(*resources: Resource, **fields: Any) -> Blueprint:
    return Blueprint("web", "1.2.3", "azure", resources=resources, **fields)


def template(*resources: Resource, **fields: Any) -> dict[str, Any]:
    (text,) = generate(blueprint(*resources, **fields), "arm", CATALOG).files.values()
    found: dict[str, Any] = json.loads(text)
    return found


def deployments(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {r["name"]: r for r in found["resources"] if r["type"] == DEPLOYMENTS}


def inside(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = deployments(found)[name]["properties"]["template"][
        "resources"
    ]
    return resources


def read_back(before: Blueprint, **options: Any) -> ReadResult:
    code = generate(before, "arm", CATALOG, GenerateOptions(**options))
    assert [w for w in code.warnings if "reads back" in w.message] == []
    assert reread(before, code, CATALOG).outcome == "passed"
    (text,) = code.files.values()
    result = read_text(text, "azuredeploy.json", CATALOG)
    assert canonical(result.blueprint.resources, CATALOG) == canonical(code.resources, CATALOG)
    assert [(o.name, o.value) for o in result.blueprint.outputs] == [
        (o.name, o.value) for o in before.outputs
    ]
    # ARM checks no patterns; a note says so.
    assert result.blueprint.variables == tuple(replace(v, pattern=None) for v in before.variables)
    assert result.notes == ()
    return result


A, B = group("a"), group("b")


def test_several_groups_are_made_and_each_is_deployed_to() -> None:
    found = template(A, B, disk(A, "one"), disk(B, "two"))
    assert found["$schema"].endswith("/2018-05-01/subscriptionDeploymentTemplate.json#")
    assert [(r["type"], r["name"]) for r in found["resources"]] == [
        ("Microsoft.Resources/resourceGroups", "[variables('aResourceGroupName')]"),
        ("Microsoft.Resources/resourceGroups", "[variables('bResourceGroupName')]"),
        (DEPLOYMENTS, "web-a"),
        (DEPLOYMENTS, "web-b"),
    ]
    first = deployments(found)["web-a"]
    assert first["resourceGroup"] == "[variables('aResourceGroupName')]"
    groups = "subscriptionResourceId('Microsoft.Resources/resourceGroups'"
    assert first["dependsOn"] == [f"[{groups}, variables('aResourceGroupName'))]"]
    assert first["properties"]["expressionEvaluationOptions"] == {"scope": "inner"}
    (one,) = inside(found, "web-a")
    assert (one["name"], one["location"]) == ("one", "[resourceGroup().location]")


def test_an_id_in_another_group_is_said_with_its_group_and_its_deployment_awaited() -> None:
    one = disk(A, "one")
    found = template(A, B, one, copy_of(one, B, "two"))
    (two,) = inside(found, "web-b")
    subscription = "subscription().subscriptionId"
    assert two["properties"]["creationData"]["sourceResourceId"] == (
        f"[resourceId({subscription}, variables('aResourceGroupName'), "
        "'Microsoft.Compute/disks', 'one')]"
    )
    assert "dependsOn" not in two
    awaited = (
        f"[resourceId({subscription}, variables('aResourceGroupName'), '{DEPLOYMENTS}', 'web-a')]"
    )
    assert awaited in deployments(found)["web-b"]["dependsOn"]
    assert all("deployments" not in d for d in deployments(found)["web-a"]["dependsOn"])


def test_groups_that_need_each_other_are_deployed_in_stages() -> None:
    one = disk(A, "one")
    two = copy_of(one, B, "two")
    found = template(A, B, one, two, copy_of(two, A, "three"))
    names = list(deployments(found))
    assert names == ["web-a", "web-b-2", "web-a-3"]
    before = {
        name: [n for n in names if any(f"'{n}'" in d for d in body["dependsOn"])]
        for name, body in deployments(found).items()
    }
    assert before == {"web-a": [], "web-b-2": ["web-a"], "web-a-3": ["web-a", "web-b-2"]}


def test_resources_that_need_each_other_are_refused() -> None:
    one = disk(A, "one", depends_on=("azurerm_managed_disk.two",))
    with pytest.raises(NotExpressible, match="a cycle of references"):
        template(A, B, one, copy_of(one, B, "two"))


def test_parameters_come_in_and_outputs_go_out() -> None:
    app = identity(A)
    variables = (
        Variable("password", required=True, sensitive=True),
        Variable("note"),
        Variable("unused", default="x"),
    )
    tagged = disk(A, properties={"tags": {"n": VariableRef("note"), "p": VariableRef("password")}})
    outputs = (Output("principal", ref(app, "principal_id")),)
    found = template(A, B, app, tagged, variables=variables, outputs=outputs)
    nested = deployments(found)["web-a"]["properties"]
    assert nested["parameters"] == {
        "password": {"value": "[parameters('password')]"},
        "note": {"value": "[parameters('note')]"},
    }
    assert nested["template"]["parameters"] == {
        "password": {"type": "securestring"},
        "note": {"type": "string"},
    }
    (name,) = nested["template"]["outputs"]
    assert f".outputs.{name}.value]" in found["outputs"]["principal"]["value"]
    assert deployments(found).keys() == {"web-a"}


def test_a_secret_goes_through_no_output_of_a_deployment() -> None:
    account = Resource(
        "azurerm_storage_account", "data",
        {"name": "data", **within(A), "account_tier": "Standard",
         "account_replication_type": "LRS"},
    )  # fmt: skip
    key = Output("key", ref(account, "primary_access_key"), sensitive=True)
    found = template(A, B, account, outputs=(key,))
    assert found["outputs"]["key"]["type"] == "securestring"
    assert found["outputs"]["key"]["value"].startswith("[listKeys(resourceId(subscription()")
    assert "outputs" not in deployments(found)["web-a"]["properties"]["template"]


def test_a_role_of_the_subscription_stands_beside_the_groups() -> None:
    app = identity(A)
    found = template(A, app, role(SUBSCRIPTION, ref(app, "principal_id")))
    (assignment,) = [r for r in found["resources"] if "roleAssignments" in r["type"]]
    assert "scope" not in assignment
    assert [d for d in assignment["dependsOn"] if "'web-a'" in d]
    assert ".outputs." in assignment["properties"]["principalId"]


def test_one_group_is_a_template_of_that_group_unless_somebody_wants_another() -> None:
    code = {
        scope: json.loads(next(iter(
            generate(blueprint(A, disk(A)), "arm", CATALOG, GenerateOptions(scope=scope))
            .files.values()
        )))["$schema"]
        for scope in (None, "group", "subscription")
    }  # fmt: skip
    assert ["subscription" in schema for schema in code.values()] == [False, False, True]
    (made,) = template(A)["resources"]
    assert made["type"] == "Microsoft.Resources/resourceGroups"


def test_what_nothing_places_is_refused_where_there_is_a_choice() -> None:
    strange = Resource("Azure::Microsoft::Fabric::capacities", "f", {"name": "f"}, native={
        "arm": {"apiVersion": "2023-11-01"}})  # fmt: skip
    with pytest.raises(NotExpressible, match=r"capacities\.f: nothing says which resource group"):
        template(A, B, disk(A, "one"), disk(B, "two"), strange)
    found = template(A, B, disk(A, "one"), strange)
    assert [r["name"] for r in inside(found, "web-a")] == ["one", "f"]


def test_a_loop_over_groups_is_refused_and_one_of_its_instances_is_not() -> None:
    many = group("many", count=2, properties={"name": Template(("g", Symbol(("count", "index"))))})
    index = Symbol(("count", "index"))
    spread = disk(many, count=2, properties=within(many, index))
    with pytest.raises(NotExpressible, match="a loop over resource groups"):
        template(many, spread)
    second = disk(many, properties=within(many, 1))
    assert list(deployments(template(many, second))) == ["web-many-1"]
    read_back(blueprint(many, second))


@pytest.mark.parametrize("example", KINDS, ids=lambda path: path.stem)
def test_every_kind_reads_back_from_a_template_of_the_subscription(example: Path) -> None:
    before = load_blueprint(example.read_bytes(), example.name)
    after = read_back(before, scope="subscription").blueprint
    options = GenerateOptions(scope="subscription")
    (second,) = generate(after, "arm", CATALOG, options).files.values()
    (third,) = generate(read_text(second).blueprint, "arm", CATALOG, options).files.values()
    assert third == second


@pytest.mark.parametrize("example", sorted(TEMPLATES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_ready_made_blueprints_read_back_too(example: Path) -> None:
    before = load_blueprint(example.read_bytes(), example.name)
    for scope in ("group", "subscription"):
        read_back(before, scope=scope)


ROOT_ROLE = role(SUBSCRIPTION, "p", "root")
SHAPES: dict[str, list[Resource]] = {
    "order without a reference": [
        A, B, disk(A, "one"), disk(B, "two", depends_on=("azurerm_managed_disk.one",)),
    ],
    "order behind a role of the subscription": [
        A, ROOT_ROLE, disk(A, "one", depends_on=(ROOT_ROLE.address,)),
    ],
    "a group under a condition": [
        A,
        group("b", condition=Binary("==", VariableRef("stage"), "prod")),
        disk(A, "one"),
        disk(group("b"), "two", condition=Binary("==", VariableRef("stage"), "prod")),
    ],
    "a group that is there already": [
        A,
        disk(A, "one"),
        disk(A, "two", properties={"resource_group_name": VariableRef("stage")}),
    ],
    "the place of another group": [
        A, group("b", properties={"location": ref(A, "location"), "tags": {"of": ref(A, "id")}}),
        disk(group("b"), "one"), disk(A, "two"),
    ],
    "one name in two groups": [
        A, B, disk(A, "one", properties={"name": "same"}),
        disk(B, "two", properties={"name": "same"}),
        copy_of(disk(B, "two"), A, "three"),
    ],
    "a network over two stages": [
        A, B,
        Resource("azurerm_virtual_network", "net", {"name": "net", **within(A)}),
        Resource("azurerm_network_security_group", "nsg", {
            "name": "nsg", **within(B),
            "tags": {"of": ref(Resource("azurerm_virtual_network", "net", {}), "id")},
        }),
        Resource("azurerm_subnet", "app", {
            "name": "app", "resource_group_name": ref(A, "name"),
            "virtual_network_name": ref(Resource("azurerm_virtual_network", "net", {}), "name"),
            "address_prefixes": ["10.0.1.0/24"],
            "network_security_group_id": ref(
                Resource("azurerm_network_security_group", "nsg", {}), "id"),
        }),
    ],
    "roles of groups and of what is in them": [
        A, B, identity(A), disk(B),
        role(ref(B, "id"), ref(identity(A), "principal_id"), "group"),
        role(ref(disk(B), "id"), ref(identity(A), "principal_id"), "disk"),
        role(SUBSCRIPTION, ref(identity(A), "principal_id"), "all"),
    ],
    "names made of names of groups": [
        A, B,
        disk(A, "one", properties={"name": Template((ref(A, "name"), "-disk"))}),
        disk(B, "two", properties={"tags": {"of": ref(disk(A, "one"), "name")}}),
    ],
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_what_goes_between_groups_reads_back(shape: str) -> None:
    read_back(blueprint(*SHAPES[shape], variables=(Variable("stage", default="dev"),)))


@st.composite
def groups_and_disks(draw: st.DrawFn) -> list[Resource]:
    """Disks in several groups, each a copy of, tagged by or waiting for some that come before."""
    groups = [group(name) for name in "abc"[: draw(st.integers(1, 3))]]
    disks: list[Resource] = []
    for number in range(draw(st.integers(1, 8))):
        properties: dict[str, Value] = {}
        depends_on: tuple[str, ...] = ()
        if disks:
            source, tagged, awaited = (draw(st.sampled_from([None, *disks])) for _ in range(3))
            if source is not None:
                properties |= {"create_option": "Copy", "source_resource_id": ref(source, "id")}
            if tagged is not None:
                properties["tags"] = {"of": ref(tagged, draw(st.sampled_from(["id", "name"])))}
            if awaited not in (None, source, tagged):
                depends_on = (awaited.address,)
        if draw(st.booleans()):
            properties["disk_size_gb"] = VariableRef("size")
        name = f"disk{number}" if draw(st.booleans()) else f"{number}-disk"
        where = draw(st.sampled_from(groups))
        disks.append(
            disk(
                where, f"d{number}", depends_on=depends_on, properties={**properties, "name": name}
            )
        )
    return [*groups, *draw(st.permutations(disks))]


@given(groups_and_disks())
@settings(deadline=None, max_examples=60)
def test_any_references_between_groups_read_back(resources: list[Resource]) -> None:
    size = Variable("size", "number", default=4)
    read_back(blueprint(*resources, variables=(size,)), scope="subscription")


def test_parts_that_need_each_other_across_groups_are_named() -> None:
    def part(address: str, place: str, *needs: str) -> Part:
        arguments: dict[str, Value] = {"resourceGroup": place}
        arguments |= {need: ResourceRef(need, ("id",)) for need in needs}
        return Part(address, "Microsoft.Compute/disks", arguments)

    parts = [part("one", "a", "two"), part("two", "b", "one")]
    with pytest.raises(NotExpressible, match=r"these need each other: (one, two|two, one)"):
        staged(parts, Places(parts))
