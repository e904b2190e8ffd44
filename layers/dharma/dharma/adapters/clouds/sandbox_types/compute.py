"""Launch templates and autoscaling groups."""

from __future__ import annotations

from typing import Any

from dharma.adapters.clouds.aws_clients import AwsClients
from dharma.adapters.clouds.sandbox_types.native_type import (
    Live,
    Made,
    NativeType,
    Properties,
    first,
    found,
    known,
    same,
    truth,
)


class LaunchTemplate(NativeType):
    type = "AWS::EC2::LaunchTemplate"
    immutable = frozenset({"LaunchTemplateName"})
    name_property = "LaunchTemplateName"

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        template = self._find(aws, made.physical_id)
        if template is None:
            return None
        versions = aws["ec2"].describe_launch_template_versions(
            LaunchTemplateId=made.physical_id, Versions=["$Latest"]
        )["LaunchTemplateVersions"]
        return Live(
            known(
                LaunchTemplateName=template["LaunchTemplateName"],
                LaunchTemplateData=versions[0]["LaunchTemplateData"] if versions else None,
            ),
            {
                "LaunchTemplateId": made.physical_id,
                "LatestVersionNumber": str(template["LatestVersionNumber"]),
                "DefaultVersionNumber": str(template["DefaultVersionNumber"]),
            },
        )

    @staticmethod
    def _find(aws: AwsClients, identifier: str) -> Any:
        answer = found(lambda: aws["ec2"].describe_launch_templates(LaunchTemplateIds=[identifier]))
        return first((answer or {}).get("LaunchTemplates", []))

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        live = self.read(aws, made)
        data = wanted["LaunchTemplateData"]
        if live is not None and not same(data, live.properties.get("LaunchTemplateData", {})):
            aws["ec2"].create_launch_template_version(
                LaunchTemplateId=made.physical_id, LaunchTemplateData=typed(data)
            )

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["ec2"].delete_launch_template(LaunchTemplateId=made.physical_id)

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        templates = aws["ec2"].describe_launch_templates()["LaunchTemplates"]
        return [
            t["LaunchTemplateId"] for t in templates if t["LaunchTemplateName"].startswith(prefix)
        ]


_NUMBERS = frozenset(
    {"VolumeSize", "Iops", "Throughput", "HttpPutResponseHopLimit", "DeviceIndex", "CoreCount"}
)
_FLAGS = frozenset(
    {"Encrypted", "DeleteOnTermination", "EbsOptimized", "Enabled", "AssociatePublicIpAddress"}
)


def typed(node: Any, name: str = "") -> Any:
    """CloudFormation's texts as the numbers and booleans that the API insists on."""
    if isinstance(node, dict):
        return {key: typed(value, key) for key, value in node.items()}
    if isinstance(node, list):
        return [typed(element, name) for element in node]
    if name in _NUMBERS:
        return int(node)
    if name in _FLAGS:
        return truth(node)
    return node


class AutoScalingGroup(NativeType):
    type = "AWS::AutoScaling::AutoScalingGroup"
    immutable = frozenset({"AutoScalingGroupName"})
    name_property = "AutoScalingGroupName"

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        group = self._find(aws, made.physical_id)
        if group is None:
            return None
        template = group.get("LaunchTemplate") or {}
        return Live(
            known(
                AutoScalingGroupName=group["AutoScalingGroupName"],
                MinSize=group["MinSize"],
                MaxSize=group["MaxSize"],
                DesiredCapacity=group["DesiredCapacity"],
                VPCZoneIdentifier=[s for s in group.get("VPCZoneIdentifier", "").split(",") if s],
                LaunchTemplate=known(
                    LaunchTemplateId=template.get("LaunchTemplateId"),
                    Version=template.get("Version"),
                )
                or None,
                TargetGroupARNs=group.get("TargetGroupARNs"),
                HealthCheckType=group.get("HealthCheckType"),
                HealthCheckGracePeriod=group.get("HealthCheckGracePeriod"),
                Tags=[
                    {
                        "Key": tag["Key"],
                        "Value": tag["Value"],
                        "PropagateAtLaunch": tag.get("PropagateAtLaunch", False),
                    }
                    for tag in group.get("Tags", [])
                    if not tag["Key"].startswith("aws:")
                ],
            ),
            {"Arn": group["AutoScalingGroupARN"]},
        )

    @staticmethod
    def _find(aws: AwsClients, name: str) -> Any:
        answer = aws["autoscaling"].describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        return first(answer["AutoScalingGroups"])

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        live = self.read(aws, made)
        if live is None:
            return
        changes: dict[str, Any] = {
            "MinSize": int(wanted["MinSize"]),
            "MaxSize": int(wanted["MaxSize"]),
            # Without a word AWS leaves the capacity where it is, within the bounds.
            "DesiredCapacity": int(wanted.get("DesiredCapacity") or wanted["MinSize"]),
        }
        if wanted.get("VPCZoneIdentifier"):
            changes["VPCZoneIdentifier"] = ",".join(wanted["VPCZoneIdentifier"])
        if wanted.get("LaunchTemplate"):
            changes["LaunchTemplate"] = {
                name: str(value) for name, value in wanted["LaunchTemplate"].items()
            }
        if wanted.get("HealthCheckType"):
            changes["HealthCheckType"] = wanted["HealthCheckType"]
        if wanted.get("HealthCheckGracePeriod") is not None:
            changes["HealthCheckGracePeriod"] = int(wanted["HealthCheckGracePeriod"])
        scaling = aws["autoscaling"]
        scaling.update_auto_scaling_group(AutoScalingGroupName=made.physical_id, **changes)
        self._attach(scaling, made, set(wanted.get("TargetGroupARNs", [])), live)
        self._tag(scaling, made, wanted, live)

    @staticmethod
    def _attach(scaling: Any, made: Made, targets: set[str], live: Live) -> None:
        there = set(live.properties.get("TargetGroupARNs") or [])
        if targets - there:
            scaling.attach_load_balancer_target_groups(
                AutoScalingGroupName=made.physical_id, TargetGroupARNs=sorted(targets - there)
            )
        if there - targets:
            scaling.detach_load_balancer_target_groups(
                AutoScalingGroupName=made.physical_id, TargetGroupARNs=sorted(there - targets)
            )

    @staticmethod
    def _tag(scaling: Any, made: Made, wanted: Properties, live: Live) -> None:
        owner = {"ResourceId": made.physical_id, "ResourceType": "auto-scaling-group"}
        tags = {tag["Key"]: tag for tag in wanted.get("Tags", [])}
        gone = [
            {**owner, "Key": tag["Key"]}
            for tag in live.properties["Tags"]
            if tag["Key"] not in tags
        ]
        if gone:
            scaling.delete_tags(Tags=gone)
        if tags:
            scaling.create_or_update_tags(
                Tags=[
                    {
                        **owner,
                        "Key": tag["Key"],
                        "Value": tag["Value"],
                        "PropagateAtLaunch": truth(tag.get("PropagateAtLaunch", False)),
                    }
                    for tag in tags.values()
                ]
            )

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["autoscaling"].delete_auto_scaling_group(
            AutoScalingGroupName=made.physical_id, ForceDelete=True
        )

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        groups = aws["autoscaling"].describe_auto_scaling_groups()["AutoScalingGroups"]
        names = (g["AutoScalingGroupName"] for g in groups)
        return [name for name in names if name.startswith(prefix)]


TYPES = (LaunchTemplate(), AutoScalingGroup())
