"""Roles, their policies, instance profiles."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from dharma.adapters.clouds.aws_clients import AwsClients
from dharma.adapters.clouds.sandbox_types.native_type import (
    Live,
    Made,
    NativeType,
    Properties,
    document,
    found,
    known,
    tag_list,
    tag_map,
)

AWS_MANAGED = "arn:aws:iam::aws:policy/"


class Role(NativeType):
    type = "AWS::IAM::Role"
    immutable = frozenset({"RoleName", "Path"})
    name_property = "RoleName"

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        iam, name = aws["iam"], made.physical_id
        answer = found(lambda: iam.get_role(RoleName=name))
        if answer is None:
            return None
        role = answer["Role"]
        own = {policy["PolicyName"] for policy in made.properties.get("Policies", [])}
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        return Live(
            known(
                RoleName=name,
                Path=role.get("Path"),
                Description=role.get("Description") or "",
                MaxSessionDuration=role.get("MaxSessionDuration"),
                AssumeRolePolicyDocument=document(role["AssumeRolePolicyDocument"]),
                PermissionsBoundary=role.get("PermissionsBoundary", {}).get(
                    "PermissionsBoundaryArn", ""
                ),
                ManagedPolicyArns=self._told(aws, made, [p["PolicyArn"] for p in attached]),
                Policies=[
                    {
                        "PolicyName": policy,
                        "PolicyDocument": document(
                            iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                        ),
                    }
                    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
                    if policy in own
                ],
                Tags=tag_list(role.get("Tags")),
            ),
            {"Arn": role["Arn"], "RoleId": role["RoleId"]},
        )

    def _told(self, aws: AwsClients, made: Made, attached: list[str]) -> list[str] | None:
        """None when the emulator cannot have what is wanted."""
        wanted = made.properties.get("ManagedPolicyArns", [])
        possible = all(self._exists(aws["iam"], arn) for arn in set(wanted) - set(attached))
        return attached if possible else None

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        iam, name, before = aws["iam"], made.physical_id, made.properties
        iam.update_assume_role_policy(
            RoleName=name, PolicyDocument=json.dumps(document(wanted["AssumeRolePolicyDocument"]))
        )
        iam.update_role(
            RoleName=name,
            Description=wanted.get("Description", ""),
            MaxSessionDuration=int(wanted.get("MaxSessionDuration", 3600)),
        )
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        there = {policy["PolicyArn"] for policy in attached}
        managed = set(wanted.get("ManagedPolicyArns", []))
        for arn in sorted(set(before.get("ManagedPolicyArns", [])) - managed):
            found(partial(iam.detach_role_policy, RoleName=name, PolicyArn=arn))
        for arn in sorted(managed - there):
            if self._exists(iam, arn):
                iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        inline = {p["PolicyName"]: p["PolicyDocument"] for p in wanted.get("Policies", [])}
        for policy in {p["PolicyName"] for p in before.get("Policies", [])} - inline.keys():
            found(partial(iam.delete_role_policy, RoleName=name, PolicyName=policy))
        for policy, body in inline.items():
            iam.put_role_policy(
                RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document(body))
            )
        self._bound(iam, name, wanted, before)
        _set_tags(iam, name, wanted, before)

    @staticmethod
    def _exists(iam: Any, arn: str) -> bool:
        """An emulator may have been started without AWS's own policies: those are passed over, and
        reported as not verifiable."""
        return not arn.startswith(AWS_MANAGED) or bool(found(lambda: iam.get_policy(PolicyArn=arn)))

    @staticmethod
    def _bound(iam: Any, name: str, wanted: Properties, before: Properties) -> None:
        boundary = wanted.get("PermissionsBoundary")
        if boundary:
            iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
        elif before.get("PermissionsBoundary"):
            iam.delete_role_permissions_boundary(RoleName=name)

    def delete(self, aws: AwsClients, made: Made) -> None:
        iam, name = aws["iam"], made.physical_id
        for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        names = (role["RoleName"] for role in aws["iam"].list_roles()["Roles"])
        return [name for name in names if name.startswith(prefix)]


def _set_tags(iam: Any, name: str, wanted: Properties, before: Properties) -> None:
    tags, old = tag_map(wanted.get("Tags")), tag_map(before.get("Tags"))
    if old.keys() - tags.keys():
        iam.untag_role(RoleName=name, TagKeys=sorted(old.keys() - tags.keys()))
    if tags:
        iam.tag_role(RoleName=name, Tags=[{"Key": k, "Value": v} for k, v in tags.items()])


class RolePolicy(NativeType):
    """Physical id: `<role>|<policy>`."""

    type = "AWS::IAM::RolePolicy"
    by_hand = True
    immutable = frozenset({"RoleName", "PolicyName"})

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        self._put(aws, wanted)
        return f"{wanted['RoleName']}|{wanted['PolicyName']}"

    @staticmethod
    def _put(aws: AwsClients, wanted: Properties) -> None:
        aws["iam"].put_role_policy(
            RoleName=wanted["RoleName"],
            PolicyName=wanted["PolicyName"],
            PolicyDocument=json.dumps(document(wanted.get("PolicyDocument", {}))),
        )

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        role, policy = made.physical_id.split("|")
        answer = found(lambda: aws["iam"].get_role_policy(RoleName=role, PolicyName=policy))
        if answer is None:
            return None
        return Live(
            {
                "RoleName": role,
                "PolicyName": policy,
                "PolicyDocument": document(answer["PolicyDocument"]),
            }
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        self._put(aws, wanted)

    def delete(self, aws: AwsClients, made: Made) -> None:
        role, policy = made.physical_id.split("|")
        aws["iam"].delete_role_policy(RoleName=role, PolicyName=policy)


class Policy(NativeType):
    """An inline policy put on several roles. Physical id: the policy's name."""

    type = "AWS::IAM::Policy"
    by_hand = True
    immutable = frozenset({"PolicyName"})

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        for role in wanted.get("Roles", []):
            aws["iam"].put_role_policy(
                RoleName=role,
                PolicyName=wanted["PolicyName"],
                PolicyDocument=json.dumps(document(wanted["PolicyDocument"])),
            )
        return str(wanted["PolicyName"])

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        roles, body = [], None
        for role in made.properties.get("Roles", []):
            answer = found(
                partial(aws["iam"].get_role_policy, RoleName=role, PolicyName=made.physical_id)
            )
            if answer is not None:
                roles.append(role)
                body = document(answer["PolicyDocument"])
        if body is None:
            return None
        return Live({"PolicyName": made.physical_id, "Roles": roles, "PolicyDocument": body})

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        gone = set(made.properties.get("Roles", [])) - set(wanted.get("Roles", []))
        for role in sorted(gone):
            self._remove(aws, role, made.physical_id)
        self.create(aws, wanted, made.physical_id)

    @staticmethod
    def _remove(aws: AwsClients, role: str, policy: str) -> None:
        found(lambda: aws["iam"].delete_role_policy(RoleName=role, PolicyName=policy))

    def delete(self, aws: AwsClients, made: Made) -> None:
        for role in made.properties.get("Roles", []):
            self._remove(aws, role, made.physical_id)


class InstanceProfile(NativeType):
    type = "AWS::IAM::InstanceProfile"
    immutable = frozenset({"InstanceProfileName", "Path"})
    name_property = "InstanceProfileName"

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        name = made.physical_id
        answer = found(lambda: aws["iam"].get_instance_profile(InstanceProfileName=name))
        if answer is None:
            return None
        profile = answer["InstanceProfile"]
        return Live(
            known(
                InstanceProfileName=name,
                Path=profile.get("Path"),
                Roles=[role["RoleName"] for role in profile.get("Roles", [])],
            ),
            {"Arn": profile["Arn"]},
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        live = self.read(aws, made)
        there = set(live.properties["Roles"]) if live is not None else set()
        roles = set(wanted.get("Roles", []))
        for role in sorted(there - roles):
            aws["iam"].remove_role_from_instance_profile(
                InstanceProfileName=made.physical_id, RoleName=role
            )
        for role in sorted(roles - there):
            aws["iam"].add_role_to_instance_profile(
                InstanceProfileName=made.physical_id, RoleName=role
            )

    def delete(self, aws: AwsClients, made: Made) -> None:
        self.update(aws, made, {"Roles": []})
        aws["iam"].delete_instance_profile(InstanceProfileName=made.physical_id)

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        profiles = aws["iam"].list_instance_profiles()["InstanceProfiles"]
        names = (p["InstanceProfileName"] for p in profiles)
        return [name for name in names if name.startswith(prefix)]


TYPES = (Role(), RolePolicy(), Policy(), InstanceProfile())
