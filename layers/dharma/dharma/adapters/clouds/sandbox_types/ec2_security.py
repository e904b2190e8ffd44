"""Security groups: the group with its inline rules, and rules that stand alone."""

from __future__ import annotations

from typing import Any, ClassVar

from botocore.exceptions import ClientError

from dharma.adapters.aws_errors import code_of
from dharma.adapters.clouds.aws_clients import AwsClients
from dharma.adapters.clouds.sandbox_types.ec2_network import set_tags
from dharma.adapters.clouds.sandbox_types.native_type import (
    Live,
    Made,
    NativeType,
    Properties,
    first,
    found,
    tag_list,
)

Direction = str  # "ingress" or "egress"

# What CloudFormation and AWS add to a group that says nothing of egress.
ALLOW_ALL = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
_PEERS = (
    ("CidrIp", "IpRanges", "CidrIp"),
    ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
    ("SourcePrefixListId", "PrefixListIds", "PrefixListId"),
    ("DestinationPrefixListId", "PrefixListIds", "PrefixListId"),
    ("SourceSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ("DestinationSecurityGroupId", "UserIdGroupPairs", "GroupId"),
)


def permission(rule: Properties) -> dict[str, Any]:
    """A rule as the EC2 API takes it."""
    result: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    if str(rule["IpProtocol"]) != "-1":
        result["FromPort"] = int(rule.get("FromPort", -1))
        result["ToPort"] = int(rule.get("ToPort", -1))
    for name, bag, member in _PEERS:
        if rule.get(name):
            peer = {member: rule[name]}
            if rule.get("Description"):
                peer["Description"] = rule["Description"]
            result.setdefault(bag, []).append(peer)
    return result


def identity(rule: Properties) -> tuple[Any, ...]:
    """What makes two rules the same: protocol, ports and peer."""
    protocol = str(rule["IpProtocol"])
    ports = (
        (None, None)
        if protocol == "-1"
        else (int(rule.get("FromPort", -1)), int(rule.get("ToPort", -1)))
    )
    peers = tuple(sorted({(bag, str(rule[name])) for name, bag, _ in _PEERS if rule.get(name)}))
    return (protocol, *ports, peers)


def rules(permissions: list[dict[str, Any]], direction: Direction) -> list[Properties]:
    """The API's permissions as CloudFormation's rules, one peer each."""
    result: list[Properties] = []
    for each in permissions:
        base: Properties = {"IpProtocol": each["IpProtocol"]}
        if each["IpProtocol"] != "-1":
            base |= {"FromPort": each.get("FromPort", -1), "ToPort": each.get("ToPort", -1)}
        word = "Source" if direction == "ingress" else "Destination"
        for bag, member, name in (
            ("IpRanges", "CidrIp", "CidrIp"),
            ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
            ("PrefixListIds", "PrefixListId", f"{word}PrefixListId"),
            ("UserIdGroupPairs", "GroupId", f"{word}SecurityGroupId"),
        ):
            for peer in each.get(bag, []):
                described = {"Description": peer["Description"]} if peer.get("Description") else {}
                result.append({**base, name: peer[member], **described})
    return result


def group(aws: AwsClients, identifier: str) -> Any:
    answer = found(lambda: aws["ec2"].describe_security_groups(GroupIds=[identifier]))
    return first((answer or {}).get("SecurityGroups", []))


def authorize(aws: AwsClients, identifier: str, direction: Direction, rule: Properties) -> None:
    call = getattr(aws["ec2"], f"authorize_security_group_{direction}")
    try:
        call(GroupId=identifier, IpPermissions=[permission(rule)])
    except ClientError as error:
        if code_of(error) != "InvalidPermission.Duplicate":
            raise


def revoke(aws: AwsClients, identifier: str, direction: Direction, rule: Properties) -> None:
    call = getattr(aws["ec2"], f"revoke_security_group_{direction}")
    found(lambda: call(GroupId=identifier, IpPermissions=[permission(rule)]))


class SecurityGroup(NativeType):
    type = "AWS::EC2::SecurityGroup"
    immutable = frozenset({"GroupName", "GroupDescription", "VpcId"})
    name_property = "GroupName"

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        found_group = group(aws, made.physical_id)
        if found_group is None:
            return None
        properties: Properties = {
            "GroupName": found_group["GroupName"],
            "GroupDescription": found_group["Description"],
            "Tags": tag_list(found_group.get("Tags")),
        }
        if found_group.get("VpcId"):
            properties["VpcId"] = found_group["VpcId"]
        # Rules that stand alone are resources of their own: only the group's own ones are its.
        for direction, name, bag in self.SIDES:
            own = {identity(rule) for rule in made.properties.get(name, [])}
            properties[name] = [
                rule for rule in rules(found_group.get(bag, []), direction) if identity(rule) in own
            ]
        return Live(
            properties,
            {"GroupId": found_group["GroupId"], "VpcId": found_group.get("VpcId", "")},
        )

    SIDES: ClassVar[tuple[tuple[Direction, str, str], ...]] = (
        ("ingress", "SecurityGroupIngress", "IpPermissions"),
        ("egress", "SecurityGroupEgress", "IpPermissionsEgress"),
    )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        present = group(aws, made.physical_id)
        for direction, name, bag in self.SIDES:
            if not wanted.get(name) and not made.properties.get(name):
                continue
            there = {identity(r): r for r in rules(present.get(bag, []), direction)}
            before = self._own(made.properties, name)
            after = self._own(wanted, name)
            for key in before.keys() - after.keys():
                if key in there:
                    revoke(aws, made.physical_id, direction, there[key])
            opened = identity(ALLOW_ALL)
            if direction == "egress" and opened in there and opened not in after:
                # The emulator opens every new group, as AWS does, also when rules were given.
                revoke(aws, made.physical_id, direction, there[opened])
            for key, rule in after.items():
                if key in there and there[key].get("Description") != rule.get("Description"):
                    revoke(aws, made.physical_id, direction, there[key])
                    authorize(aws, made.physical_id, direction, rule)
                elif key not in there:
                    authorize(aws, made.physical_id, direction, rule)
        set_tags(aws, made.physical_id, wanted, made.properties)

    @staticmethod
    def _own(properties: Properties, name: str) -> dict[tuple[Any, ...], Properties]:
        if name == "SecurityGroupEgress" and not properties.get(name):
            return {identity(ALLOW_ALL): ALLOW_ALL}
        return {identity(rule): rule for rule in properties.get(name, [])}

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["ec2"].delete_security_group(GroupId=made.physical_id)

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        groups = aws["ec2"].describe_security_groups()["SecurityGroups"]
        return [g["GroupId"] for g in groups if g["GroupName"].startswith(prefix)]


class _Rule(NativeType):
    """A rule that stands alone. Physical id: `<group>|<direction>|<protocol>|<ports>|<peer>`."""

    by_hand = True
    direction: ClassVar[Direction]
    bag: ClassVar[str]

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        if self.direction == "egress":
            self._close(aws, wanted)
        authorize(aws, wanted["GroupId"], self.direction, wanted)
        protocol, first_port, last_port, peers = identity(wanted)
        peer = peers[0][1] if peers else ""
        return f"{wanted['GroupId']}|{self.direction}|{protocol}|{first_port}-{last_port}|{peer}"

    @staticmethod
    def _close(aws: AwsClients, wanted: Properties) -> None:
        """A group with egress rules of its own does not keep the one that allows everything."""
        present = group(aws, wanted["GroupId"])
        for rule in rules((present or {}).get("IpPermissionsEgress", []), "egress"):
            opened = identity(rule) == identity(ALLOW_ALL) and not rule.get("Description")
            if opened and identity(wanted) != identity(ALLOW_ALL):
                revoke(aws, wanted["GroupId"], "egress", rule)

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        found_group = group(aws, made.properties["GroupId"])
        wanted = identity(made.properties)
        for rule in rules((found_group or {}).get(self.bag, []), self.direction):
            if identity(rule) == wanted:
                return Live(
                    {**rule, "GroupId": made.properties["GroupId"]}, {"Id": made.physical_id}
                )
        return None

    def delete(self, aws: AwsClients, made: Made) -> None:
        revoke(aws, made.properties["GroupId"], self.direction, made.properties)


class Ingress(_Rule):
    type = "AWS::EC2::SecurityGroupIngress"
    direction = "ingress"
    bag = "IpPermissions"


class Egress(_Rule):
    type = "AWS::EC2::SecurityGroupEgress"
    direction = "egress"
    bag = "IpPermissionsEgress"


TYPES = (SecurityGroup(), Ingress(), Egress())
