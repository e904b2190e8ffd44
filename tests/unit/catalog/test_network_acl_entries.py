"""Entries of a network ACL, as the templates of others spell them."""

from __future__ import annotations

import pytest

from dharma.catalog import load_catalog, read
from dharma.catalog.document import Document, Part
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import ResourceRef, Value

CATALOG = load_catalog()


def acl(**entry: Value) -> Resource:
    rest: dict[str, Value] = {
        "NetworkAclId": ResourceRef("Web", ("Ref",)),
        "RuleNumber": 100,
        "RuleAction": "allow",
        "CidrBlock": "0.0.0.0/0",
    }
    parts = [
        Part("Web", "AWS::EC2::NetworkAcl", {"VpcId": "vpc-1"}),
        Part("Entry", "AWS::EC2::NetworkAclEntry", rest | entry),
    ]
    (resource,), notes = read(Document("cloudformation", parts), CATALOG)
    assert notes == []
    return resource


@pytest.mark.parametrize("egress", [True, "true", "True"])
def test_an_entry_for_what_goes_out_may_say_so_as_text(egress: Value) -> None:
    found = acl(Egress=egress, Protocol=6).properties
    assert "ingress" not in found
    assert found["egress"] == [
        {"rule_no": 100, "action": "allow", "protocol": "tcp", "cidr_block": "0.0.0.0/0"}
    ]


@pytest.mark.parametrize("egress", [{}, {"Egress": False}, {"Egress": "false"}])
def test_an_entry_is_for_what_comes_in_unless_it_says_otherwise(egress: dict[str, Value]) -> None:
    found = acl(Protocol="-1", **egress).properties
    assert "egress" not in found
    assert found["ingress"] == [
        {"rule_no": 100, "action": "allow", "protocol": "-1", "cidr_block": "0.0.0.0/0"}
    ]
