"""The roles that SAM makes: of a function, of a state machine, of what starts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dharma.blueprint.readers.cloudformation.sam.made import Made, Owner
from dharma.blueprint.readers.cloudformation.sam.nodes import elements, is_plain_object, members_at
from dharma.blueprint.readers.cloudformation.sam.policy_templates import (
    is_policy_template,
    statements_of,
)
from dharma.blueprint.tree import Members, members
from dharma.blueprint.yaml_source import Node

_INTRINSIC = frozenset({"Ref", "Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::ImportValue"})


@dataclass(slots=True)
class Role:
    """What a role will hold: ARNs of managed policies, and documents by their names."""

    service: str
    managed: list[Any] = field(default_factory=list)
    documents: dict[str, Any] = field(default_factory=dict)

    def allow(self, name: str, *statements: dict[str, Any]) -> None:
        """One more document; one that is there already is not said twice."""
        said = [{"Effect": "Allow", **statement} for statement in statements]
        self.documents.setdefault(name, {"Version": "2012-10-17", "Statement": said})

    def manage(self, name: str) -> None:
        arn = managed_policy(name)
        if arn not in self.managed:
            self.managed.append(arn)

    def resource(self, properties: Members) -> dict[str, Any]:
        """The role; `properties` are of whose role it is: it has the same tags."""
        statement = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": f"{self.service}.amazonaws.com"},
        }
        role: dict[str, Any] = {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}
        }
        if "AssumeRolePolicyDocument" in properties:
            role["AssumeRolePolicyDocument"] = properties["AssumeRolePolicyDocument"][1]
        for said, meant in {
            "RolePath": "Path",
            "PermissionsBoundary": "PermissionsBoundary",
        }.items():
            if said in properties:
                role[meant] = properties[said][1]
        if "Tags" in properties:
            role["Tags"] = pairs(properties["Tags"][1])
        if self.managed:
            role["ManagedPolicyArns"] = self.managed
        if self.documents:
            role["Policies"] = [
                {"PolicyName": name, "PolicyDocument": document}
                for name, document in self.documents.items()
            ]
        return role


def add_policies(role: Role, owner: Owner, made: Made) -> None:
    """What `Policies` says: names and ARNs of managed policies, documents, policy templates."""
    if "Policies" not in owner.properties:
        return
    node = owner.properties["Policies"][1]
    for number, policy in enumerate(elements(node)):
        said = policy.value
        name = f"{owner.logical}RolePolicy{number}"
        first = next(iter(said), "") if isinstance(said, dict) else ""
        if isinstance(said, str):
            role.managed.append(said if said.startswith("arn:") else managed_policy(said))
        elif isinstance(said, dict) and "Statement" in said:
            document = {key: part for key, (_, part) in said.items()}
            role.documents[name] = {"Version": "2012-10-17", **document}
        elif first in _INTRINSIC:
            role.managed.append(policy)
        else:
            statements = (
                statements_of(first, members_at(members(policy), first))
                if is_policy_template(first)
                else None
            )
            if statements is not None:
                role.documents[name] = {"Version": "2012-10-17", "Statement": statements}
            else:
                message = f"the policy template {first or said} is not written out"
                made.report(message, policy, f"{owner.address}.Policies")


def managed_policy(name: str) -> Any:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{name}"}


def pairs(node: Node) -> Any:
    """SAM has a mapping where Lambda has a list of pairs."""
    if not is_plain_object(node):
        return node
    return [{"Key": name, "Value": value} for name, (_, value) in members(node).items()]
