"""Load balancers, target groups, listeners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from dharma.adapters.clouds.aws_clients import AwsClients
from dharma.adapters.clouds.sandbox_types.native_type import (
    Live,
    Made,
    NativeType,
    NotUpdatable,
    Properties,
    first,
    found,
    known,
    same,
    tag_list,
    tag_map,
    truth,
)


def _set_tags(aws: AwsClients, arn: str, wanted: Properties, before: Properties) -> None:
    tags, old = tag_map(wanted.get("Tags")), tag_map(before.get("Tags"))
    if old.keys() - tags.keys():
        aws["elbv2"].remove_tags(ResourceArns=[arn], TagKeys=sorted(old.keys() - tags.keys()))
    if tags:
        aws["elbv2"].add_tags(
            ResourceArns=[arn], Tags=[{"Key": k, "Value": v} for k, v in tags.items()]
        )


def _tags(aws: AwsClients, arn: str) -> list[dict[str, str]]:
    described = aws["elbv2"].describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return tag_list(described[0]["Tags"]) if described else []


def _attributes(properties: Properties, name: str) -> dict[str, str]:
    return {a["Key"]: _word(a["Value"]) for a in properties.get(name, [])}


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pairs(attributes: list[dict[str, str]], wanted: Properties, name: str) -> Any:
    """Of all attributes those that were asked for."""
    asked = _attributes(wanted, name)
    return [{"Key": a["Key"], "Value": a["Value"]} for a in attributes if a["Key"] in asked] or None


class LoadBalancer(NativeType):
    type = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    immutable = frozenset({"Name", "Scheme", "Type"})
    name_property = "Name"

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        answer = found(
            lambda: aws["elbv2"].describe_load_balancers(LoadBalancerArns=[made.physical_id])
        )
        balancer = first((answer or {}).get("LoadBalancers", []))
        if balancer is None:
            return None
        attributes = aws["elbv2"].describe_load_balancer_attributes(
            LoadBalancerArn=made.physical_id
        )["Attributes"]
        name = balancer["LoadBalancerName"]
        return Live(
            known(
                Name=name,
                Scheme=balancer.get("Scheme"),
                Type=balancer.get("Type"),
                Subnets=[z["SubnetId"] for z in balancer.get("AvailabilityZones", [])],
                SecurityGroups=balancer.get("SecurityGroups"),
                LoadBalancerAttributes=_pairs(
                    attributes, made.properties, "LoadBalancerAttributes"
                ),
                Tags=_tags(aws, made.physical_id),
            ),
            {
                "DNSName": balancer["DNSName"],
                "CanonicalHostedZoneID": balancer.get("CanonicalHostedZoneId", ""),
                "LoadBalancerArn": made.physical_id,
                "LoadBalancerName": name,
                "LoadBalancerFullName": made.physical_id.split(":loadbalancer/")[-1],
                "SecurityGroups": balancer.get("SecurityGroups", []),
            },
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        live = self.read(aws, made)
        if live is None:
            return
        balancing = aws["elbv2"]
        arn = made.physical_id
        groups = wanted.get("SecurityGroups")
        if groups and not same(groups, live.properties.get("SecurityGroups", [])):
            balancing.set_security_groups(LoadBalancerArn=arn, SecurityGroups=groups)
        subnets = wanted.get("Subnets")
        if subnets and not same(subnets, live.properties["Subnets"]):
            balancing.set_subnets(LoadBalancerArn=arn, Subnets=subnets)
        attributes = _attributes(wanted, "LoadBalancerAttributes")
        if attributes:
            balancing.modify_load_balancer_attributes(
                LoadBalancerArn=arn,
                Attributes=[{"Key": k, "Value": v} for k, v in attributes.items()],
            )
        _set_tags(aws, arn, wanted, made.properties)

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["elbv2"].delete_load_balancer(LoadBalancerArn=made.physical_id)

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        balancers = aws["elbv2"].describe_load_balancers()["LoadBalancers"]
        return [b["LoadBalancerArn"] for b in balancers if b["LoadBalancerName"].startswith(prefix)]


class TargetGroup(NativeType):
    type = "AWS::ElasticLoadBalancingV2::TargetGroup"
    immutable = frozenset({"Name", "Port", "Protocol", "VpcId", "TargetType", "ProtocolVersion"})
    name_property = "Name"
    CHECKS: ClassVar[dict[str, Callable[[Any], Any]]] = {
        "HealthCheckEnabled": truth,
        "HealthCheckPath": str,
        "HealthCheckPort": str,
        "HealthCheckProtocol": str,
        "HealthCheckIntervalSeconds": int,
        "HealthCheckTimeoutSeconds": int,
        "HealthyThresholdCount": int,
        "UnhealthyThresholdCount": int,
        "Matcher": lambda value: value,
    }

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        answer = found(
            lambda: aws["elbv2"].describe_target_groups(TargetGroupArns=[made.physical_id])
        )
        group = first((answer or {}).get("TargetGroups", []))
        if group is None:
            return None
        attributes = aws["elbv2"].describe_target_group_attributes(TargetGroupArn=made.physical_id)[
            "Attributes"
        ]
        return Live(
            known(
                Name=group["TargetGroupName"],
                Port=group.get("Port"),
                Protocol=group.get("Protocol"),
                VpcId=group.get("VpcId"),
                TargetType=group.get("TargetType"),
                TargetGroupAttributes=_pairs(attributes, made.properties, "TargetGroupAttributes"),
                Tags=_tags(aws, made.physical_id),
                **{name: group.get(name) for name in self.CHECKS},
            ),
            {
                "TargetGroupArn": made.physical_id,
                "TargetGroupName": group["TargetGroupName"],
                "TargetGroupFullName": made.physical_id.split(":")[-1],
                "LoadBalancerArns": group.get("LoadBalancerArns", []),
            },
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        checks = {
            name: convert(wanted[name]) for name, convert in self.CHECKS.items() if name in wanted
        }
        if any(name in made.properties and name not in wanted for name in self.CHECKS):
            # The API has no way back to a default, a new group has.
            raise NotUpdatable
        if checks:
            aws["elbv2"].modify_target_group(TargetGroupArn=made.physical_id, **checks)
        attributes = _attributes(wanted, "TargetGroupAttributes")
        if attributes:
            aws["elbv2"].modify_target_group_attributes(
                TargetGroupArn=made.physical_id,
                Attributes=[{"Key": k, "Value": v} for k, v in attributes.items()],
            )
        _set_tags(aws, made.physical_id, wanted, made.properties)

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["elbv2"].delete_target_group(TargetGroupArn=made.physical_id)

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        groups = aws["elbv2"].describe_target_groups()["TargetGroups"]
        return [g["TargetGroupArn"] for g in groups if g["TargetGroupName"].startswith(prefix)]


class Listener(NativeType):
    type = "AWS::ElasticLoadBalancingV2::Listener"
    immutable = frozenset({"LoadBalancerArn"})

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        answer = found(lambda: aws["elbv2"].describe_listeners(ListenerArns=[made.physical_id]))
        listener = first((answer or {}).get("Listeners", []))
        if listener is None:
            return None
        certificates = listener.get("Certificates")
        return Live(
            known(
                LoadBalancerArn=listener["LoadBalancerArn"],
                Port=listener["Port"],
                Protocol=listener["Protocol"],
                SslPolicy=listener.get("SslPolicy") or None,
                Certificates=[{"CertificateArn": c["CertificateArn"]} for c in certificates]
                if certificates
                else None,
                DefaultActions=[_action(a) for a in listener.get("DefaultActions", [])],
            ),
            {"ListenerArn": made.physical_id},
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        changes: dict[str, Any] = {
            "Port": int(wanted["Port"]),
            "Protocol": wanted["Protocol"],
            "DefaultActions": [_action(a) for a in wanted["DefaultActions"]],
        }
        for name in ("SslPolicy", "Certificates"):
            if wanted.get(name):
                changes[name] = wanted[name]
        aws["elbv2"].modify_listener(ListenerArn=made.physical_id, **changes)

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["elbv2"].delete_listener(ListenerArn=made.physical_id)


def _action(action: Properties) -> Properties:
    """An action without the order and the copies that the API adds."""
    kept = ("Type", "TargetGroupArn", "RedirectConfig", "FixedResponseConfig")
    return {name: action[name] for name in kept if action.get(name)}


TYPES = (LoadBalancer(), TargetGroup(), Listener())
