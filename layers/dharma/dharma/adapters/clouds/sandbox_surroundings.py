"""What a template of the sandbox may ask for while it is worked out."""

from __future__ import annotations

from typing import Any

from dharma.adapters.clouds.cloudformation_template import Evaluation, Surroundings, Template
from dharma.adapters.clouds.sandbox_emulator import EmulatedStack
from dharma.adapters.clouds.sandbox_journal import Entry
from dharma.adapters.clouds.sandbox_types import TYPES
from dharma.adapters.clouds.sandbox_types.native_type import Live, Made, NativeType
from dharma.core.errors import DeploymentFailed


def evaluation(
    stack: EmulatedStack, parsed: Template, *, reveal: bool, lenient: bool = False
) -> Evaluation:
    """`lenient`: what does not exist yet gets a placeholder instead of a failure."""
    place = _Place(stack, lenient)
    return parsed.evaluation(
        Surroundings(
            pseudo=place.pseudo(),
            zones=place.zones,
            ref=place.ref,
            attribute=place.attribute,
            stored=place.stored,
            exported=place.exported,
        ),
        reveal=reveal,
    )


def live(
    stack: EmulatedStack, entry: Entry, native: NativeType, properties: dict[str, Any]
) -> Live | None:
    """The resource as it is; read once in a call."""
    if entry.logical_id not in stack.lives:
        made = Made(entry.physical_id, properties)
        stack.lives[entry.logical_id] = native.read(stack.aws, made)
    return stack.lives[entry.logical_id]


class _Place:
    def __init__(self, stack: EmulatedStack, lenient: bool) -> None:
        self.stack = stack
        self.lenient = lenient

    def ref(self, logical_id: str) -> str:
        entry = self.stack.journal.entries.get(logical_id)
        if entry is not None and not entry.skipped:
            return entry.physical_id
        if self.lenient or entry is not None:
            return f"<{logical_id}>"
        raise DeploymentFailed(f"{logical_id} does not exist")

    def attribute(self, logical_id: str, name: str) -> Any:
        entry = self.stack.journal.entries.get(logical_id)
        native = TYPES.get(entry.type) if entry is not None else None
        if entry is None or native is None or entry.skipped:
            if self.lenient or entry is not None:
                return f"<{logical_id}.{name}>"
            raise DeploymentFailed(f"{logical_id} does not exist")
        found = live(self.stack, entry, native, entry.properties)
        if found is None:
            if self.lenient:
                return f"<{logical_id}.{name}>"
            raise DeploymentFailed(f"{logical_id} ({entry.physical_id}) is gone")
        if name not in found.attributes:
            raise DeploymentFailed(f"the sandbox does not tell {logical_id}.{name}")
        return found.attributes[name]

    def pseudo(self) -> dict[str, str]:
        aws = self.stack.aws
        account = str(aws["sts"].get_caller_identity()["Account"])
        own = f"arn:aws:cloudformation:{aws.region}:{account}:stack/{self.stack.name}"
        return {
            "AWS::AccountId": account,
            "AWS::Region": aws.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": self.stack.name,
            "AWS::StackId": own,
            "AWS::NotificationARNs": "",
        }

    def zones(self, region: str) -> list[str]:
        zones = self.stack.aws["ec2"].describe_availability_zones(
            Filters=[{"Name": "region-name", "Values": [region]}]
        )["AvailabilityZones"]
        return sorted(zone["ZoneName"] for zone in zones)

    def stored(self, name: str) -> str:
        return str(self.stack.aws["ssm"].get_parameter(Name=name)["Parameter"]["Value"])

    def exported(self, name: str) -> str:
        for export in self.stack.aws["cloudformation"].list_exports()["Exports"]:
            if export["Name"] == name:
                return str(export["Value"])
        raise DeploymentFailed(f"no stack exports {name}")
