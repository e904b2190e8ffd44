"""Rules of security groups: the bag with every difficulty. Inline, separate and old forms, lists
that stand for several rules, groups that refer to each other, defaults that differ."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.catalog import Document, Part, canonical, load_catalog, read, write
from dharma.catalog.bags import refers
from dharma.catalog.document import Format
from dharma.catalog.placement import cyclic_components
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    ResourceRef,
    Splat,
    Symbol,
    Template,
    Unknown,
    Value,
    VariableRef,
)

CATALOG = load_catalog()
EVERYWHERE: dict[str, Value] = {"protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}
LOOPBACK = {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}


def group(name: str, **properties: Value) -> Resource:
    return Resource("aws_security_group", name, {"description": "d", **properties})


def from_group(name: str) -> dict[str, Value]:
    source = ResourceRef(f"aws_security_group.{name}", ("id",))
    return {
        "protocol": "tcp",
        "from_port": 443,
        "to_port": 443,
        "source_security_group_id": source,
    }


def written(resources: list[Resource], format: Format) -> dict[str, Part]:
    document, _ = write(resources, format, CATALOG)
    return {part.address: part for part in document.parts}


def terraform(*parts: Part) -> tuple[dict[str, Resource], list[str]]:
    resources, notes = read(Document("terraform", list(parts)), CATALOG)
    return {r.address: r for r in resources}, [f"{n.address}.{n.path} {n.message}" for n in notes]


def rules(*parts: Part, bag: str = "ingress") -> list[Value]:
    resources, _ = terraform(*parts)
    found = resources["aws_security_group.g"].properties.get(bag, [])
    assert isinstance(found, list)
    return found


OWNER = Part("aws_security_group.g", "aws_security_group", {"name": "g"})
OWNER_ID = ResourceRef("aws_security_group.g", ("id",))


def test_groups_that_refer_to_each_other_are_written_without_a_cycle() -> None:
    pair = [group("a", ingress=[from_group("b")]), group("b", ingress=[from_group("a")])]
    for format in ("terraform", "cloudformation"):
        document, _ = write(pair, format, CATALOG)
        mains = [
            p for p in document.parts if p.address in ("aws_security_group.a", "ASecurityGroup")
        ]
        assert not any("ngress" in key for p in mains for key in p.arguments if "Egress" not in key)
        back, notes = read(document, CATALOG)
        assert notes == []
        assert canonical(back, CATALOG) == canonical(pair, CATALOG)


def test_groups_in_a_row_keep_their_rules_inline() -> None:
    parts = written([group("a", ingress=[from_group("b")]), group("b")], "cloudformation")
    assert sorted(parts) == ["ASecurityGroup", "BSecurityGroup"]


def test_terraform_never_mixes_inline_and_separate_rules_of_one_direction() -> None:
    anywhere: Value = {"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_ipv4": "0.0.0.0/0"}
    pair = [group("a", ingress=[from_group("b"), anywhere]), group("b", ingress=[from_group("a")])]
    parts = written(pair, "terraform")
    assert "ingress" not in parts["aws_security_group.a"].arguments
    assert sorted(p for p in parts if "ingress_rule.a" in p) == [
        "aws_vpc_security_group_ingress_rule.a_tcp_443_b",
        "aws_vpc_security_group_ingress_rule.a_tcp_80_any_ipv4",
    ]
    mixed = written(pair, "cloudformation")["ASecurityGroup"].arguments["SecurityGroupIngress"]
    assert mixed == [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}]


def test_a_rule_from_the_group_itself_is_self_in_terraform_and_separate_in_cloudformation() -> None:
    alone = [group("a", ingress=[from_group("a")])]
    (inline,) = written(alone, "terraform")["aws_security_group.a"].arguments["ingress"]
    assert inline == {"protocol": "tcp", "from_port": 443, "to_port": 443, "self": True}
    parts = written(alone, "cloudformation")
    assert parts["ASecurityGroupIngressTcp443A"].arguments["GroupId"] == ResourceRef(
        "ASecurityGroup", ("GroupId",)
    )


def test_a_group_without_egress_lets_nothing_out_in_either_format() -> None:
    parts = written([group("a")], "cloudformation")
    assert parts["ASecurityGroup"].arguments["SecurityGroupEgress"] == [LOOPBACK]
    assert "egress" not in written([group("a")], "terraform")["aws_security_group.a"].arguments


def test_a_group_that_lets_everything_out_needs_no_word_in_cloudformation() -> None:
    parts = written([group("a", egress=[EVERYWHERE])], "cloudformation")
    assert "SecurityGroupEgress" not in parts["ASecurityGroup"].arguments
    document = Document("cloudformation", [Part("A", "AWS::EC2::SecurityGroup", {})])
    (resource,), _ = read(document, CATALOG)
    assert resource.properties["egress"] == [EVERYWHERE]


def test_conditional_egress_in_cloudformation_never_falls_back_to_everything() -> None:
    only = Conditional(VariableRef("open"), EVERYWHERE, None)
    parts = written([group("a", egress=[only])], "cloudformation")
    inline = parts["ASecurityGroup"].arguments["SecurityGroupEgress"]
    assert isinstance(inline, list)
    assert inline[-1] == LOOPBACK
    assert isinstance(inline[0], Conditional)


def test_one_terraform_rule_with_several_peers_is_several_rules() -> None:
    inline: Value = {
        "protocol": "tcp",
        "from_port": 22,
        "to_port": 22,
        "cidr_blocks": ["10.0.0.0/8", "192.168.0.0/16"],
        "ipv6_cidr_blocks": [],
        "security_groups": ["sg-1"],
        "self": True,
        "description": "",
    }
    base = {"protocol": "tcp", "from_port": 22, "to_port": 22}
    found = rules(Part(OWNER.address, OWNER.type, {"ingress": [inline]}))
    assert found == [
        {**base, "cidr_ipv4": "10.0.0.0/8"},
        {**base, "cidr_ipv4": "192.168.0.0/16"},
        {**base, "source_security_group_id": "sg-1"},
        {**base, "source_security_group_id": OWNER_ID},
    ]


def test_rules_with_the_same_ports_share_one_block() -> None:
    base: dict[str, Value] = {"protocol": "tcp", "from_port": 22, "to_port": 22}
    both = [{**base, "cidr_ipv4": "10.0.0.0/8"}, {**base, "cidr_ipv4": "192.168.0.0/16"}]
    parts = written([group("a", ingress=[*both])], "terraform")
    assert parts["aws_security_group.a"].arguments["ingress"] == [
        {**base, "cidr_blocks": ["10.0.0.0/8", "192.168.0.0/16"]}
    ]


def test_a_rule_with_two_peers_is_written_as_two_rules() -> None:
    rule: Value = {"protocol": "tcp", "cidr_ipv4": "10.0.0.0/8", "cidr_ipv6": "::/0"}
    parts = written([group("a", ingress=[rule])], "cloudformation")
    assert parts["ASecurityGroup"].arguments["SecurityGroupIngress"] == [
        {"IpProtocol": "tcp", "CidrIp": "10.0.0.0/8"},
        {"IpProtocol": "tcp", "CidrIpv6": "::/0"},
    ]


def test_the_old_rule_resource_is_folded_by_its_type() -> None:
    old = Part(
        "aws_security_group_rule.out",
        "aws_security_group_rule",
        {
            "type": "egress",
            "security_group_id": OWNER_ID,
            "protocol": "all",
            "from_port": 0,
            "to_port": 0,
            "cidr_blocks": ["0.0.0.0/0"],
        },
    )
    assert rules(OWNER, old, bag="egress") == [EVERYWHERE]
    assert rules(OWNER, old) == []


def test_a_rule_of_a_group_elsewhere_stays_a_resource_of_its_own() -> None:
    arguments: dict[str, Value] = {"security_group_id": "sg-123", "ip_protocol": "tcp"}
    kind = "aws_vpc_security_group_ingress_rule"
    resources, notes = terraform(Part(f"{kind}.r", kind, arguments))
    assert resources[f"{kind}.r"].properties == arguments
    assert notes == [f"{kind}.r. what it belongs to is not in this document"]


def test_a_list_that_is_not_spelled_out_stands_for_one_rule_per_element() -> None:
    inline: Value = {"protocol": "tcp", "cidr_blocks": VariableRef("ranges")}
    (found,) = rules(Part(OWNER.address, OWNER.type, {"ingress": [inline]}))
    assert found == {"protocol": "tcp", "cidr_ipv4": Splat(VariableRef("ranges"))}
    (back,) = written([group("a", ingress=[found])], "terraform").values()
    assert back.arguments["ingress"] == [{"protocol": "tcp", "cidr_blocks": VariableRef("ranges")}]


def test_one_rule_per_element_is_a_loop_where_rules_are_separate() -> None:
    loop: Value = {"protocol": "tcp", "cidr_ipv4": Splat(VariableRef("ranges"))}
    pair = [group("a", ingress=[from_group("b"), loop]), group("b", ingress=[from_group("a")])]
    parts = written(pair, "terraform")
    (looped,) = [part for part in parts.values() if part.for_each is not None]
    assert looped.for_each == Call("toset", (VariableRef("ranges"),))
    assert looped.arguments["cidr_ipv4"] == Symbol(("each", "value"))
    back, notes = read(write(pair, "terraform", CATALOG)[0], CATALOG)
    assert notes == []
    assert canonical(back, CATALOG) == canonical(pair, CATALOG)


def test_the_number_of_rules_may_be_unknown() -> None:
    unknown = Unknown("known after apply")
    resources, _ = terraform(Part(OWNER.address, OWNER.type, {"ingress": unknown}))
    assert resources["aws_security_group.g"].properties["ingress"] == unknown
    inline: Value = {"protocol": "tcp", "cidr_blocks": unknown}
    (rule,) = rules(Part(OWNER.address, OWNER.type, {"ingress": [inline]}))
    assert isinstance(rule, dict)
    assert isinstance(rule["cidr_ipv4"], Unknown)


def test_ports_mean_nothing_for_all_protocols() -> None:
    arguments: Value = {"IpProtocol": -1, "FromPort": 0, "ToPort": 65535, "CidrIp": "0.0.0.0/0"}
    part = Part("A", "AWS::EC2::SecurityGroup", {"SecurityGroupIngress": [arguments]})
    (resource,), notes = read(Document("cloudformation", [part]), CATALOG)
    assert resource.properties["ingress"] == [EVERYWHERE]
    assert notes == []


def test_a_conditional_rule_keeps_its_condition_wherever_it_stands() -> None:
    maybe = Conditional(VariableRef("open"), from_group("b"), None)
    pair = [group("a", ingress=[maybe]), group("b", ingress=[from_group("a")])]
    parts = written(pair, "cloudformation")
    assert parts["ASecurityGroupIngressTcp443B"].condition == VariableRef("open")
    for format in ("terraform", "cloudformation"):
        back, _ = read(write(pair, format, CATALOG)[0], CATALOG)
        assert canonical(back, CATALOG) == canonical(pair, CATALOG)


def random_groups(seed: int) -> list[Resource]:
    """A few groups whose rules refer to each other and to themselves at random."""
    chance = random.Random(seed)
    names = ["a", "b", "c", "d"][: chance.randint(1, 4)]

    def rule() -> Value:
        peers: list[dict[str, Value]] = [
            {"cidr_ipv4": f"10.{chance.randint(0, 3)}.0.0/16"},
            {"cidr_ipv6": "::/0"},
            {"prefix_list_id": "pl-1"},
            {"cidr_ipv4": Splat(VariableRef("ranges"))},
            *({"source_security_group_id": own(name)} for name in names),
        ]
        ports: dict[str, Value] = {"from_port": chance.randint(1, 3), "to_port": 9}
        protocol: dict[str, Value] = {"protocol": "tcp", **ports}
        if chance.random() < 0.2:
            protocol = {"protocol": "-1"}
        made: Value = {**protocol, **chance.choice(peers)}
        return Conditional(VariableRef("open"), made, None) if chance.random() < 0.15 else made

    def own(name: str) -> ResourceRef:
        return ResourceRef(f"aws_security_group.{name}", ("id",))

    return [
        group(
            name,
            **{
                bag: [rule() for _ in range(chance.randint(0, 3))]
                for bag in ("ingress", "egress")
                if chance.random() < 0.8
            },
        )
        for name in names
    ]


def part_graph(document: Document) -> dict[str, set[str]]:
    return {
        part.address: {t for v in part.arguments.values() for t in refers(v)}
        for part in document.parts
    }


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_random_groups_come_back_and_are_never_written_as_a_cycle(seed: int) -> None:
    groups = random_groups(seed)
    back = groups
    for format in ("terraform", "cloudformation", "terraform"):
        try:
            document, _ = write(back, format, CATALOG)
        except NotExpressible as refusal:
            # Only Terraform has a loop for one rule per element of a list.
            if format != "cloudformation" or "needs a loop" not in str(refusal):
                raise
            return
        assert cyclic_components(part_graph(document)) == []
        back, notes = read(document, CATALOG)
        assert notes == []
        assert canonical(back, CATALOG) == canonical(groups, CATALOG)


def looped_rule(**arguments: Value) -> Part:
    kind = "aws_vpc_security_group_ingress_rule"
    given: dict[str, Value] = {"security_group_id": OWNER_ID, "ip_protocol": "tcp", **arguments}
    return Part(f"{kind}.r", kind, given, for_each=Call("toset", (VariableRef("ranges"),)))


def test_a_loop_of_rules_is_folded_only_where_it_says_whole_members() -> None:
    plain = looped_rule(cidr_ipv4=Symbol(("each", "value")))
    assert rules(OWNER, plain) == [{"protocol": "tcp", "cidr_ipv4": Splat(VariableRef("ranges"))}]
    mixed = looped_rule(cidr_ipv4=Template((Symbol(("each", "value")), "/32")))
    assert rules(OWNER, mixed) == []
    resources, notes = terraform(OWNER, mixed)
    assert mixed.address in resources
    assert [(n.split(" ", 1)[0]) for n in notes] == [f"{mixed.address}."], "it stays by itself"


def test_a_loop_of_rules_keeps_conditions() -> None:
    loop: Value = {"protocol": "tcp", "cidr_ipv4": Splat(VariableRef("ranges"))}
    maybe = Conditional(VariableRef("open"), loop, None)
    first = Resource(
        "aws_security_group",
        "a",
        {"ingress": [from_group("b"), maybe]},
        condition=VariableRef("there"),
    )
    pair = [first, group("b", ingress=[from_group("a")])]
    document, _ = write(pair, "terraform", CATALOG)
    (looped,) = [part for part in document.parts if part.for_each is not None]
    assert looped.condition is None
    back, notes = read(document, CATALOG)
    assert notes == []
    assert canonical(back, CATALOG) == canonical(pair, CATALOG)
