"""Rules, probes and pools of load balancers: resources of their own here and in Terraform, elements
of the balancer's lists in ARM."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dharma.blueprint.readers import read_text
from dharma.catalog import canonical, load_catalog
from dharma.core.errors import NotExpressible
from dharma.generator import GenerateOptions, generate
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.nodes import ResourceRef, Symbol, Template, Value, VariableRef

CATALOG = load_catalog()
NETWORK = "Microsoft.Network/loadBalancers"
GROUP = Resource("azurerm_resource_group", "main", {"name": "web", "location": "westeurope"})
IN_GROUP: dict[str, Value] = {
    "resource_group_name": ResourceRef(GROUP.address, ("name",)),
    "location": ResourceRef(GROUP.address, ("location",)),
}


def ref(resource: Resource, *path: str) -> ResourceRef:
    return ResourceRef(resource.address, path)


BALANCER = Resource(
    "azurerm_lb", "web", {"name": "web", **IN_GROUP, "frontend_ip_configuration": [{"name": "in"}]}
)


def child(kind: str, name: str, **properties: Any) -> Resource:
    whole = {"name": name, "loadbalancer_id": ref(BALANCER, "id"), **properties}
    return Resource(f"azurerm_lb_{kind}", name, whole)


POOL = child("backend_address_pool", "pool")
PROBE = child("probe", "http", port=80)
FRONTEND = {"frontend_ip_configuration_name": "in", "protocol": "Tcp"}


def rule(name: str = "r", **properties: Any) -> Resource:
    ports = {"frontend_port": 80, "backend_port": 8080}
    return child("rule", name, **{**FRONTEND, **ports, **properties})


def blueprint(*resources: Resource) -> Blueprint:
    return Blueprint("web", "1.0.0", "azure", resources=(GROUP, *resources))


def template(*resources: Resource) -> list[dict[str, Any]]:
    (text,) = generate(blueprint(*resources), "arm", CATALOG).files.values()
    found: list[dict[str, Any]] = json.loads(text)["resources"]
    return found


def read_back(*resources: Resource) -> None:
    before = blueprint(*resources)
    for scope in ("group", "subscription"):
        code = generate(before, "arm", CATALOG, GenerateOptions(scope=scope))
        (text,) = code.files.values()
        result = read_text(text, "azuredeploy.json", CATALOG)
        assert (result.notes, [w.message for w in code.warnings]) == ((), [])
        assert canonical(result.blueprint.resources, CATALOG) == canonical(
            before.resources, CATALOG
        )


def test_rules_and_what_they_refer_to_stand_in_the_balancer() -> None:
    linked = rule(backend_address_pool_ids=[ref(POOL, "id")], probe_id=ref(PROBE, "id"))
    (balancer,) = template(BALANCER, POOL, PROBE, linked)
    assert "dependsOn" not in balancer
    properties = balancer["properties"]
    assert properties["backendAddressPools"] == [{"name": "pool"}]
    (written,) = properties["loadBalancingRules"]
    assert written["properties"]["probe"] == {
        "id": f"[resourceId('{NETWORK}/probes', 'web', 'http')]"
    }
    assert written["properties"]["frontendIPConfiguration"] == {
        "id": f"[resourceId('{NETWORK}/frontendIPConfigurations', 'web', 'in')]"
    }
    read_back(BALANCER, POOL, PROBE, linked)


def test_a_pool_to_which_no_rule_refers_stays_a_resource() -> None:
    balancer, pool = template(BALANCER, POOL)
    assert "backendAddressPools" not in balancer["properties"]
    assert pool["type"] == f"{NETWORK}/backendAddressPools"


def test_whoever_refers_to_a_part_waits_for_the_whole() -> None:
    linked = rule(backend_address_pool_ids=[ref(POOL, "id")])
    disk = Resource("azurerm_managed_disk", "d", {
        "name": "d", **IN_GROUP, "storage_account_type": "Premium_LRS", "create_option": "Empty",
        "tags": {"pool": ref(POOL, "id"), "rule": ref(linked, "id")}})  # fmt: skip
    _, waiting = template(BALANCER, POOL, linked, disk)
    assert waiting["dependsOn"] == [f"[resourceId('{NETWORK}', 'web')]"]
    read_back(BALANCER, POOL, linked, disk)


def test_an_order_behind_a_part_is_kept() -> None:
    linked = rule()
    disk = Resource("azurerm_managed_disk", "d", {
        "name": "d", **IN_GROUP, "storage_account_type": "Premium_LRS", "create_option": "Empty",
    }, depends_on=(linked.address,))  # fmt: skip
    read_back(BALANCER, linked, disk)


def test_every_instance_of_a_balancer_has_its_part() -> None:
    index = Symbol(("count", "index"))
    many = Resource("azurerm_lb", "web", {
        **BALANCER.properties, "name": Template(("web", index))}, count=2)  # fmt: skip
    each = rule(loadbalancer_id=ResourceRef(many.address, ("id",), index))
    (balancer,) = template(many, replace(each, count=2))
    assert balancer["copy"]["count"] == 2
    assert len(balancer["properties"]["loadBalancingRules"]) == 1
    read_back(many, replace(each, count=2))


def test_every_kind_of_part_reads_back_also_under_names_of_its_own() -> None:
    nat = {**FRONTEND, "resource_group_name": IN_GROUP["resource_group_name"], "backend_port": 22}
    ports = {"frontend_port_start": 50_000, "frontend_port_end": 50_010}
    outbound = {"backend_address_pool_id": ref(POOL, "id"), "protocol": "All",
                "frontend_ip_configuration": [{"name": "in"}]}  # fmt: skip
    odd = Resource("azurerm_lb_probe", "another_name", {
        "name": "Tcp.80", "loadbalancer_id": ref(BALANCER, "id"), "port": 80})  # fmt: skip
    read_back(
        BALANCER, POOL, PROBE, odd,
        rule("one", probe_id=ref(odd, "id")), rule("two", probe_id=ref(PROBE, "id")),
        child("nat_rule", "ssh", **nat, frontend_port=22),
        child("nat_rule", "many", **nat, **ports, backend_address_pool_id=ref(POOL, "id")),
        child("nat_pool", "set", **nat, **ports),
        child("outbound_rule", "out", **outbound),
    )  # fmt: skip


def test_a_rule_needs_its_balancer_and_is_no_loop() -> None:
    alone = rule(loadbalancer_id=VariableRef("id"))
    with pytest.raises(NotExpressible, match=r"azurerm_lb_rule\.r: .*stands in its parent"):
        template(BALANCER, alone)
    many = Resource("azurerm_lb_rule", "r", rule().properties, count=2)
    with pytest.raises(NotExpressible, match=r"azurerm_lb_rule\.r\.count: .*write it out"):
        template(BALANCER, many)


OWN = f"resourceId('{NETWORK}', 'web')"


@pytest.mark.parametrize(
    ("pool", "probe", "frontend"),
    [
        (f"[concat({OWN}, '/backendAddressPools/pool')]", f"[concat({OWN}, '/probes/http')]",
         f"[concat({OWN}, '/frontendIPConfigurations/in')]"),
        ("[concat(variables('lb'), '/backendAddressPools/', 'pool')]",
         "[format('{0}/probes/{1}', variables('lb'), 'http')]",
         "[concat(variables('lb'), '/frontendIpConfigurations/in')]"),
    ],
)  # fmt: skip
def test_ids_that_are_put_together_mean_the_same(pool: str, probe: str, frontend: str) -> None:
    """As the quickstarts write them, with one pool where the newer form has a list."""
    linked = rule(backend_address_pool_ids=[ref(POOL, "id")], probe_id=ref(PROBE, "id"))
    before = blueprint(BALANCER, POOL, PROBE, linked)
    (text,) = generate(before, "arm", CATALOG).files.values()
    whole = json.loads(text)
    whole["variables"] = {"lb": f"[{OWN}]"}
    written = whole["resources"][0]["properties"]["loadBalancingRules"][0]["properties"]
    del written["backendAddressPools"]
    written["backendAddressPool"] = {"id": pool}
    written["probe"]["id"] = probe
    written["frontendIPConfiguration"]["id"] = frontend
    result = read_text(json.dumps(whole), "azuredeploy.json", CATALOG)
    assert result.notes == ()
    assert canonical(result.blueprint.resources, CATALOG) == canonical(before.resources, CATALOG)
