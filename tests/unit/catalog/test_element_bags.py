"""Resources of Terraform that belong to an element of a list of their owner: the pools that an
address of a network interface is in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dharma.catalog import Document, Part, canonical, load_catalog, read, write
from dharma.catalog.document import Format, Note
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    COUNT_INDEX,
    EACH_KEY,
    Call,
    Conditional,
    ForList,
    GetAttr,
    ResourceRef,
    Splat,
    Symbol,
    Template,
    Unary,
    Unknown,
    Value,
    VariableRef,
)
from dharma.model.origin import Origin

CATALOG = load_catalog()
POOL = ResourceRef("azurerm_lb_backend_address_pool.app", ("id",))
FLAG = VariableRef("flag")
ASSOCIATION = "azurerm_network_interface_backend_address_pool_association"
POOLS = "load_balancer_backend_address_pool_ids"


def address(name: Value, **said: Value) -> dict[str, Value]:
    return {"name": name, "private_ip_address_allocation": "Dynamic", **said}


def interface(*addresses: Value) -> Resource:
    properties: dict[str, Value] = {
        "name": "web",
        "resource_group_name": "rg",
        "location": "westeurope",
        "ip_configuration": list(addresses),
    }
    return Resource("azurerm_network_interface", "web", properties)


def associations(resource: Resource) -> dict[str, Part]:
    document, _ = write([resource], "terraform", CATALOG)
    return {p.address.partition(".")[2]: p for p in document.parts if p.type == ASSOCIATION}


def nic(*addresses: Value, **further: Value) -> Part:
    kind = "azurerm_network_interface"
    return Part(
        f"{kind}.web", kind, {"name": "web", "ip_configuration": list(addresses)}, **further
    )  # type: ignore[arg-type]


def association(name: Value, pool: Value = POOL, instance: Value = None, **further: Value) -> Part:
    owner = ResourceRef("azurerm_network_interface.web", ("id",), instance)
    arguments = {
        "network_interface_id": owner,
        "ip_configuration_name": name,
        "backend_address_pool_id": pool,
    }
    return Part(f"{ASSOCIATION}.a", ASSOCIATION, arguments, **further)  # type: ignore[arg-type]


def addresses_of(*parts: Part, doubts: bool = False) -> tuple[Value, list[Note]]:
    resources, notes = read(Document("terraform", list(parts), doubts=doubts), CATALOG)
    (owner,) = (r for r in resources if r.type == "azurerm_network_interface")
    return owner.properties["ip_configuration"], notes


def there_and_back(resource: Resource, *formats: Format) -> dict[str, object]:
    back = [resource]
    for format in formats:
        document, _ = write(back, format, CATALOG)
        back, notes = read(document, CATALOG)
        assert notes == []
    return canonical(back, CATALOG)


def test_each_pool_of_an_address_is_a_resource_that_names_the_address() -> None:
    written = associations(interface(address("a", **{POOLS: [POOL, "/pools/x"]}), address("b")))
    assert {name: p.arguments["backend_address_pool_id"] for name, p in written.items()} == {
        "web_a_app": POOL,
        "web_a_pools_x": "/pools/x",
    }
    first = written["web_a_app"]
    assert first.arguments["ip_configuration_name"] == "a"
    assert first.arguments["network_interface_id"] == ResourceRef(
        "azurerm_network_interface.web", ("id",)
    )


def test_another_address_leaves_the_names_of_the_resources_as_they_are() -> None:
    pools: dict[str, Value] = {POOLS: [POOL]}
    alone = associations(interface(address("b", **pools)))
    behind = associations(interface(address("a", **pools), address("b", **pools)))
    assert set(alone) < set(behind)


def test_the_pools_of_a_repeated_interface_are_repeated_as_it_is() -> None:
    name = Template(("ip-", COUNT_INDEX))
    many = replace(interface(address(name, **{POOLS: [POOL]})), count=3)
    (part,) = associations(many).values()
    assert part.count == 3
    assert part.arguments["ip_configuration_name"] == name
    assert there_and_back(many, "terraform") == canonical([many], CATALOG)


def test_a_pool_under_a_condition_restricts_the_loop_of_its_interface() -> None:
    pools: dict[str, Value] = {POOLS: [Conditional(FLAG, POOL, None)]}
    each = replace(interface(address(EACH_KEY, **pools)), for_each=VariableRef("names"))
    (part,) = associations(each).values()
    assert part.for_each == Conditional(FLAG, VariableRef("names"), {})
    assert there_and_back(each, "terraform") == canonical([each], CATALOG)


def test_the_condition_of_an_address_is_that_of_its_pools_and_no_more() -> None:
    maybe = Conditional(FLAG, address("a", **{POOLS: [POOL]}), None)
    (part,) = associations(interface(maybe)).values()
    assert part.condition == FLAG
    document, _ = write([interface(maybe)], "terraform", CATALOG)
    ((back,), _) = read(document, CATALOG)
    assert back.properties["ip_configuration"] == [maybe]


def test_two_addresses_of_one_name_that_are_never_there_at_once_are_told_apart() -> None:
    resource = interface(
        Conditional(FLAG, address("a", **{POOLS: [POOL]}), None),
        Conditional(FLAG, None, address("a", **{POOLS: ["other"]})),
    )
    first, second = associations(resource).values()
    assert (first.condition, second.condition) == (FLAG, Unary("!", FLAG))
    assert there_and_back(resource, "terraform") == canonical([resource], CATALOG)


@pytest.mark.parametrize(
    ("addresses", "place"),
    [
        ([address("a", **{POOLS: [POOL]}), address("a")], "[0].name"),
        ([address("a"), address(Unknown("later"), **{POOLS: [POOL]})], "[1].name"),
        ([address("a", **{POOLS: Unknown("later")})], f"[0].{POOLS}"),
        (ForList(None, "n", VariableRef("names"), address("a", **{POOLS: [POOL]})), ""),
    ],
)
def test_what_could_not_be_told_apart_is_refused_with_its_place(
    addresses: Value, place: str
) -> None:
    resource = interface()
    resource.properties["ip_configuration"] = addresses
    with pytest.raises(NotExpressible) as refusal:
        associations(resource)
    assert str(refusal.value).startswith(f"azurerm_network_interface.web.ip_configuration{place}: ")


def test_every_bag_of_an_address_comes_back_from_both_formats() -> None:
    resource = interface(
        address(
            "a",
            load_balancer_backend_address_pool_ids=["/pools/x", "/pools/y"],
            load_balancer_inbound_nat_rules_ids=["/rules/x"],
        ),
        address("b", application_gateway_backend_address_pool_ids=["/gateways/x"]),
    )
    wanted = canonical([resource], CATALOG)
    assert there_and_back(resource, "arm") == wanted
    assert there_and_back(resource, "terraform", "arm", "terraform") == wanted


@pytest.mark.parametrize(
    "said",
    [
        "b",
        ResourceRef("azurerm_network_interface.web", ("ip_configuration", 1, "name")),
    ],
)
def test_the_address_is_found_by_its_name_or_a_reference_to_it(said: Value) -> None:
    found, notes = addresses_of(nic(address("a"), address("b")), association(said))
    assert found == [address("a"), address("b", **{POOLS: [POOL]})]
    assert notes == []


def test_the_address_of_an_instance_is_found_by_a_reference_to_that_instance() -> None:
    name = Template(("ip-", COUNT_INDEX))
    said = ResourceRef(
        "azurerm_network_interface.web", ("ip_configuration", 0, "name"), COUNT_INDEX
    )
    found, notes = addresses_of(
        nic(address(name), count=2), association(said, instance=COUNT_INDEX, count=2)
    )
    assert found == [address(name, **{POOLS: [POOL]})]
    assert notes == []


@pytest.mark.parametrize(
    "said",
    [
        "c",
        VariableRef("which"),
        Unknown("later"),
        ResourceRef("azurerm_network_interface.other", ("ip_configuration", 0, "name")),
        ResourceRef("azurerm_network_interface.web", ("ip_configuration", 7, "name")),
        Symbol(("each", "value")),
    ],
)
def test_a_pool_of_an_address_that_is_not_known_stays_by_itself(said: Value) -> None:
    part = association(said)
    resources, notes = read(Document("terraform", [nic(address("a")), part]), CATALOG)
    alone = {r.address: r for r in resources}[part.address]
    assert alone.properties == part.arguments
    (note,) = notes
    assert (note.kind, note.address) == ("passed_through", part.address)
    assert "ip_configuration" in note.message


def test_a_pool_of_an_interface_that_is_elsewhere_stays_by_itself() -> None:
    part = association("a")
    resources, notes = read(Document("terraform", [part]), CATALOG)
    assert [r.address for r in resources] == [part.address]
    assert [n.kind for n in notes] == ["passed_through"]


def test_where_code_is_judged_every_address_may_be_in_a_pool_of_which_that_is_not_known() -> None:
    found, _ = addresses_of(nic(address("a"), address("b")), association("c"), doubts=True)
    assert isinstance(found, list)
    for element in found:
        assert isinstance(element, dict)
        (unknown,) = element[POOLS]  # type: ignore[misc]
        assert isinstance(unknown, Unknown)
        assert f"{ASSOCIATION}.a" in unknown.reason


def test_a_folded_pool_is_marked_where_it_was_written() -> None:
    main = nic(address("a"), origin=Origin(file="main.tf", line=1))  # type: ignore[arg-type]
    part = association("a", origin=Origin(file="main.tf", line=20))  # type: ignore[arg-type]
    ((resource,), _) = read(Document("terraform", [main, part]), CATALOG)
    assert resource.marks["ip_configuration", 0, POOLS] == (20, 1)


def test_a_pool_that_waits_for_the_interface_closes_no_cycle_in_terraform() -> None:
    pool = Resource(
        "azurerm_lb_backend_address_pool",
        "app",
        {"name": "app", "loadbalancer_id": "/lb"},
        depends_on=("azurerm_network_interface.web",),
    )
    resources = [interface(address("a", **{POOLS: [POOL]})), pool]
    document, _ = write(resources, "terraform", CATALOG)
    assert len(document.parts) == 3
    with pytest.raises(NotExpressible, match="cycle"):
        write(resources, "arm", CATALOG)


def test_the_pools_of_a_list_that_is_not_spelled_out_are_a_loop_and_come_back_as_that_list() -> (
    None
):
    pools = Splat(GetAttr(VariableRef("balancer"), "pools"), ("id",))
    resource = interface(address("a", **{POOLS: pools}))
    (part,) = associations(resource).values()
    assert part.for_each == Call("toset", (pools,))
    assert part.arguments["backend_address_pool_id"] == Symbol(("each", "value"))
    document, _ = write([resource], "arm", CATALOG)
    (configuration,) = document.parts[0].arguments["properties"]["ipConfigurations"]  # type: ignore[call-overload,index,misc]
    assert configuration["properties"]["loadBalancerBackendAddressPools"] == pools.collection  # type: ignore[call-overload,index]
    wanted = canonical([resource], CATALOG)
    assert there_and_back(resource, "arm") == wanted
    assert there_and_back(resource, "terraform", "arm", "terraform") == wanted
