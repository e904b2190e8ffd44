"""Bridges of AWS's kinds: what CloudFormation says otherwise than Terraform."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dharma.catalog.bridges.bridge import Bridge
from dharma.catalog.bridges.state_machine import SubstitutedDefinition
from dharma.catalog.document import Part
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Ambient,
    Conditional,
    ResourceRef,
    Symbol,
    Template,
    Value,
)
from dharma.model.expressions.templates import join_parts


class FinalSnapshot(Bridge):
    """`skip_final_snapshot` is the resource's `DeletionPolicy` in CloudFormation, whose own default
    for a database instance is a snapshot. The policy is no property: it takes no expression.

    Source: "DeletionPolicy attribute", AWS CloudFormation template reference.
    """

    _ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy")

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        skip = resource.properties.get("skip_final_snapshot")
        if not isinstance(skip, bool) or resource.lifecycle.prevent_destroy:
            return frozenset()
        if skip:
            for name in self._ATTRIBUTES:
                part.native.setdefault(name, "Delete")
        return frozenset({"skip_final_snapshot"})

    def read(self, part: Part, properties: dict[str, Value]) -> frozenset[str]:
        said = [part.native.get(name) for name in self._ATTRIBUTES]
        if said[0] != "Delete" or said[1] not in ("Delete", None):
            return frozenset()
        properties["skip_final_snapshot"] = True
        return frozenset(self._ATTRIBUTES)


class LaunchTemplateVersion(Bridge):
    """`$Default` and `$Latest` are no versions in CloudFormation: there the launch template's own
    attributes say them. What comes back for `$Latest` is the reference, which means the same.

    Source: "AWS::AutoScaling::AutoScalingGroup LaunchTemplateSpecification", AWS CloudFormation
    template reference.
    """

    refuses = (
        "only a number or an attribute of a launch template in the same blueprint that its id "
        "refers to"
    )
    _ATTRIBUTES: ClassVar[dict[Value, str]] = {
        "$Default": "default_version",
        "$Latest": "latest_version",
    }
    # Where a specification stands in the model, and where in the format.
    _PLACES = (
        (("launch_template",), ("LaunchTemplate",)),
        (
            ("mixed_instances_policy", "launch_template", "launch_template_specification"),
            ("MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification"),
        ),
    )

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        for model, native in self._PLACES:
            where = f"{resource.address}.{'.'.join(model)}.version"
            part.arguments = {
                key: self._numbered(value, native[1:], where) if key == native[0] else value
                for key, value in part.arguments.items()
            }
        return frozenset()

    def _numbered(self, value: Value, path: tuple[str, ...], where: str) -> Value:
        if isinstance(value, Conditional):
            return Conditional(
                value.condition,
                self._numbered(value.then, path, where),
                self._numbered(value.otherwise, path, where),
            )
        if not isinstance(value, dict):
            return value
        if path:
            return {
                key: self._numbered(inner, path[1:], where) if key == path[0] else inner
                for key, inner in value.items()
            }
        template = value.get("LaunchTemplateId")
        return {
            key: self._number(inner, template, where) if key == "Version" else inner
            for key, inner in value.items()
        }

    def _number(self, version: Value, template: Value, where: str) -> Value:
        if isinstance(version, Conditional):
            then, otherwise = _sides(template, version.condition)
            return Conditional(
                version.condition,
                self._number_under(version.then, then, where, template),
                self._number_under(version.otherwise, otherwise, where, template),
            )
        if not isinstance(version, str) or version not in self._ATTRIBUTES:
            return version
        if isinstance(template, Conditional):
            return Conditional(
                template.condition,
                self._number_under(version, template.then, where, template),
                self._number_under(version, template.otherwise, where, template),
            )
        if isinstance(template, ResourceRef) and template.address.startswith(
            "aws_launch_template."
        ):
            return replace(template, path=(self._ATTRIBUTES[version],))
        raise NotExpressible(f"{where}: CloudFormation knows no {version}, {self.refuses}")

    def _number_under(self, version: Value, template: Value, where: str, whole: Value) -> Value:
        """One outcome; where it leaves the template out, there is no version of it either."""
        if template is None and whole is not None and isinstance(version, str):
            return None if version in self._ATTRIBUTES else version
        return self._number(version, template, where)

    def read(self, part: Part, properties: dict[str, Value]) -> frozenset[str]:
        for model, _ in self._PLACES:
            specification: Value = properties
            for key in model:
                specification = specification.get(key) if isinstance(specification, dict) else None
            if isinstance(specification, dict) and "version" in specification:
                template = specification.get("id") or specification.get("launch_template_id")
                specification["version"] = self._named(specification["version"], template)
        return frozenset()

    def _named(self, version: Value, template: Value) -> Value:
        if isinstance(version, Conditional):
            then, otherwise = _sides(template, version.condition)
            return Conditional(
                version.condition,
                self._named(version.then, then),
                self._named(version.otherwise, otherwise),
            )
        if isinstance(template, ResourceRef) and version == replace(
            template, path=(self._ATTRIBUTES["$Default"],)
        ):
            return "$Default"
        return version


def _sides(value: Value, condition: Value) -> tuple[Value, Value]:
    """What a value is when the condition holds, and when it does not."""
    if isinstance(value, Conditional) and value.condition == condition:
        return value.then, value.otherwise
    return value, value


class RootDevice(Bridge):
    """Terraform has a block of its own for an instance's root device and takes its name from the
    image; in CloudFormation it is one of the block device mappings, known by that name. On Linux
    and Windows it is one of two; Amazon Linux calls it `/dev/xvda`, which is what is written where
    the blueprint names none.

    Source: "Device names for volumes on Amazon EC2 instances", Amazon EC2 User Guide.
    """

    _USUAL = "/dev/xvda"
    _NAMES = (_USUAL, "/dev/sda1")
    _MEMBERS: ClassVar[dict[str, str]] = {
        "volume_size": "VolumeSize",
        "volume_type": "VolumeType",
        "iops": "Iops",
        "encrypted": "Encrypted",
        "kms_key_id": "KmsKeyId",
        "delete_on_termination": "DeleteOnTermination",
        "snapshot_id": "SnapshotId",
        "throughput": "Throughput",
    }

    def __init__(self, *, throughput: bool) -> None:
        """Whether the format says the throughput of a volume."""
        self.refuses = (
            None
            if throughput
            else "an instance in CloudFormation cannot say it, a launch template can"
        )

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        root = resource.properties.get("root_block_device")
        others = part.arguments.get("BlockDeviceMappings") or []
        if not isinstance(root, dict) or not isinstance(others, list):
            return frozenset()
        if root.get("throughput") is not None and self.refuses is not None:
            raise NotExpressible(f"{resource.address}.root_block_device.throughput: {self.refuses}")
        said = {n: root[m] for m, n in self._MEMBERS.items() if root.get(m) is not None}
        device: dict[str, Value] = {"DeviceName": root.get("device_name") or self._USUAL}
        part.arguments["BlockDeviceMappings"] = [{**device, "Ebs": said}, *others]
        return frozenset({"root_block_device"})

    def read(self, part: Part, properties: dict[str, Value]) -> frozenset[str]:
        devices = properties.get("ebs_block_device")
        if not isinstance(devices, list):
            return frozenset()
        for device in devices:
            if isinstance(device, dict) and device.get("device_name") in self._NAMES:
                root = dict(device)
                if root["device_name"] == self._USUAL:
                    del root["device_name"]
                properties["root_block_device"] = root
                properties["ebs_block_device"] = [other for other in devices if other is not device]
                break
        return frozenset()


class ProtocolOfInstances(Bridge):
    """Terraform wants the protocol between a classic load balancer and its instances said; a
    template may leave it to the listener's own where that is a plain one.

    Source: "AWS::ElasticLoadBalancing::LoadBalancer Listeners", AWS CloudFormation template
    reference.
    """

    _PLAIN = ("HTTP", "TCP")

    def read(self, part: Part, properties: dict[str, Value]) -> frozenset[str]:
        listeners = properties.get("listener")
        for listener in listeners if isinstance(listeners, list) else []:
            if isinstance(listener, dict) and listener.get("instance_protocol") is None:
                protocol = listener.get("lb_protocol")
                if isinstance(protocol, str) and protocol.upper() in self._PLAIN:
                    listener["instance_protocol"] = protocol
        return frozenset()


class NumberedLifecycleRules(Bridge):
    """Terraform wants an id of every lifecycle rule; a template may leave it to S3. Then a rule is
    called by its place.

    Source: "AWS::S3::Bucket Rule", AWS CloudFormation template reference.
    """

    def read(self, part: Part, properties: dict[str, Value]) -> frozenset[str]:
        rules = properties.get("lifecycle_rules")
        for number, rule in enumerate(rules if isinstance(rules, list) else [], 1):
            for said in (rule.then, rule.otherwise) if isinstance(rule, Conditional) else (rule,):
                if isinstance(said, dict):
                    said.setdefault("id", f"rule-{number}")
        return frozenset()


class StatementOfEventBus(Bridge):
    """A template may say a permission on an event bus as a statement; Terraform says its parts. The
    resource of the statement is the bus. Any other statement is left to be reported.

    Source: "AWS::Events::EventBusPolicy", AWS CloudFormation template reference.
    """

    _PARTS = frozenset({"Effect", "Principal", "Action", "Resource", "Condition"})

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        statement = arguments.get("Statement")
        if not isinstance(statement, dict) or statement.keys() - self._PARTS:
            return arguments, {}
        principal, action = statement.get("Principal"), statement.get("Action")
        if isinstance(principal, dict) and principal.keys() == {"AWS"}:
            principal = principal["AWS"]
        condition = self._condition(statement.get("Condition"))
        plain = not isinstance(principal, dict | list) and isinstance(action, str)
        if statement.get("Effect") != "Allow" or not plain or condition is None:
            return arguments, {}
        left = {key: value for key, value in arguments.items() if key != "Statement"}
        return left, {"principal": principal, "action": action, **condition}

    def _condition(self, said: Value) -> dict[str, Value] | None:
        """The one comparison of a condition; nothing where there is none, None for another."""
        if said is None:
            return {}
        if not isinstance(said, dict) or len(said) != 1:
            return None
        ((operator, compared),) = said.items()
        if not isinstance(compared, dict) or len(compared) != 1:
            return None
        ((key, value),) = compared.items()
        return {"condition": {"type": operator, "key": key, "value": value}}


class ScalingTarget(Bridge):
    """A scaling policy says of its target what the target says of itself; a template may refer to
    the target instead.

    Source: "AWS::ApplicationAutoScaling::ScalingPolicy", AWS CloudFormation template reference.
    """

    _SAID = ("resource_id", "scalable_dimension", "service_namespace")

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        target = arguments.get("ScalingTargetId")
        if not isinstance(target, ResourceRef):
            return arguments, {}
        left = {key: value for key, value in arguments.items() if key != "ScalingTargetId"}
        return left, {name: replace(target, path=(name,)) for name in self._SAID}


class LogGroupByName(Bridge):
    """A flow log's destination has an ARN; a template may name the log group instead.

    Source: "AWS::EC2::FlowLog", AWS CloudFormation template reference.
    """

    _NAMES = (("name",), ("id",))

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        name = arguments.get("LogGroupName")
        if name is None or arguments.get("LogDestination") is not None:
            return arguments, {}
        left = {key: value for key, value in arguments.items() if key != "LogGroupName"}
        return left, {"log_destination": self._arn(name)}

    def _arn(self, name: Value) -> Value:
        if isinstance(name, Conditional):
            return Conditional(name.condition, self._arn(name.then), self._arn(name.otherwise))
        if name is None:
            return None
        if isinstance(name, ResourceRef) and name.path in self._NAMES:
            return replace(name, path=("arn",))
        place: tuple[Value, ...] = (
            "arn:", Ambient("partition"), ":logs:", Ambient("region"), ":", Ambient("account_id"),
        )  # fmt: skip
        return join_parts((*place, ":log-group:", name))


class GeneratedName(Bridge):
    """Terraform wants a name where CloudFormation makes one out of the stack's name and the logical
    id. The same is written out, and taken for no name on reading."""

    def __init__(self, argument: str) -> None:
        self.completes = frozenset({argument})
        self.refuses: str | None = None
        self._argument = argument

    def write(self, resource: Resource, part: Part) -> frozenset[str]:
        if part.arguments.get(self._argument) is None:
            part.arguments = {self._argument: self._name(part), **part.arguments}
        return frozenset()

    def read(self, part: Part, properties: dict[str, Value]) -> frozenset[str]:
        if properties.get(self._argument) == self._name(part):
            del properties[self._argument]
        return frozenset()

    def _name(self, part: Part) -> Value:
        """Unique in the deployment, and for each instance of a loop."""
        parts: list[Value] = [Ambient("deployment_name"), f"-{part.address.rsplit('.', 1)[-1]}"]
        for loop, key in ((part.count, ("count", "index")), (part.for_each, ("each", "key"))):
            if loop is not None:
                parts[-1] = f"{parts[-1]}-"
                parts.append(Symbol(key))
        return Template(tuple(parts))


AWS_BRIDGES: dict[str, Bridge] = {
    "generated_alarm_name": GeneratedName("alarm_name"),
    "generated_function_name": GeneratedName("function_name"),
    "generated_cluster_id": GeneratedName("cluster_id"),
    "generated_cluster_identifier": GeneratedName("cluster_identifier"),
    "generated_dashboard_name": GeneratedName("dashboard_name"),
    "generated_domain_name": GeneratedName("domain_name"),
    "generated_family": GeneratedName("family"),
    "generated_fargate_profile_name": GeneratedName("fargate_profile_name"),
    "generated_identity_pool_name": GeneratedName("identity_pool_name"),
    "generated_layer_name": GeneratedName("layer_name"),
    "generated_name": GeneratedName("name"),
    "generated_replication_group_id": GeneratedName("replication_group_id"),
    "generated_scheduled_action_name": GeneratedName("scheduled_action_name"),
    "final_snapshot": FinalSnapshot(),
    "log_group_by_name": LogGroupByName(),
    "launch_template_version": LaunchTemplateVersion(),
    "numbered_lifecycle_rules": NumberedLifecycleRules(),
    "scaling_target": ScalingTarget(),
    "substituted_definition": SubstitutedDefinition(),
    "statement_of_event_bus": StatementOfEventBus(),
    "protocol_of_instances": ProtocolOfInstances(),
    "root_device": RootDevice(throughput=False),
    "root_device_with_throughput": RootDevice(throughput=True),
}
