"""The role that SAM makes for a function or a state machine."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.readers.cloudformation.sam_nodes import is_plain_object
from dharma.blueprint.tree import Members, members
from dharma.blueprint.yaml_source import Node


def role_of(
    service: str, managed: list[Any], documents: list[Any], properties: Members
) -> dict[str, Any]:
    """`properties`: of whose role it is; it has the same tags."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": f"{service}.amazonaws.com"},
    }
    role: dict[str, Any] = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}
    }
    if "Tags" in properties:
        role["Tags"] = pairs(properties["Tags"][1])
    if managed:
        role["ManagedPolicyArns"] = managed
    if documents:
        role["Policies"] = [
            {"PolicyName": f"Policy{number}", "PolicyDocument": _versioned(document)}
            for number, document in enumerate(documents)
        ]
    return role


def managed_policy(name: str) -> Any:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{name}"}


def pairs(node: Node) -> Any:
    """SAM has a mapping where Lambda has a list of pairs."""
    if not is_plain_object(node):
        return node
    return [{"Key": name, "Value": value} for name, (_, value) in members(node).items()]


def _versioned(document: Node) -> dict[str, Any]:
    said = {name: node for name, (_, node) in members(document).items()}
    return {"Version": "2012-10-17", **said}
