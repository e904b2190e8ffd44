"""A state machine of SAM: the machine, its role, and what starts it."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.readers.cloudformation.sam.events import add_rule, add_schedule
from dharma.blueprint.readers.cloudformation.sam.functions import stored_object
from dharma.blueprint.readers.cloudformation.sam.made import Event, Made, Owner
from dharma.blueprint.readers.cloudformation.sam.nodes import members_at
from dharma.blueprint.readers.cloudformation.sam.roles import Role, add_policies, pairs
from dharma.blueprint.tree import members

_MACHINE = {
    "Definition": "Definition",
    "DefinitionSubstitutions": "DefinitionSubstitutions",
    "Logging": "LoggingConfiguration",
    "Name": "StateMachineName",
    "Tracing": "TracingConfiguration",
    "Type": "StateMachineType",
}
_KNOWN = frozenset(
    {*_MACHINE, "AutoPublishAlias", "DefinitionUri", "DeploymentPreference", "Events",
     "PermissionsBoundary", "Policies", "PropagateTags", "Role", "RolePath", "Tags",
     "UseAliasAsEventTarget"}
)  # fmt: skip
_START = "states:StartExecution"
_TRACING = "AWSXRayDaemonWriteAccess"


def add_machine(owner: Owner, made: Made) -> None:
    given, logical = owner.properties, owner.logical
    made.unread(owner, _KNOWN)
    machine: dict[str, Any] = {
        meant: given[said][1] for said, meant in _MACHINE.items() if said in given
    }
    place = stored_object(given, "DefinitionUri")
    if place is not None:
        names = {"S3Bucket": "Bucket", "S3Key": "Key", "S3ObjectVersion": "Version"}
        machine["DefinitionS3Location"] = {names[name]: part for name, part in place.items()}
    elif "DefinitionUri" in given:
        named = f"{owner.address}.DefinitionUri"
        made.report("the definition in another file is not read", given["DefinitionUri"][1], named)
        machine.pop("DefinitionSubstitutions", None)
    if "Tags" in given:
        machine["Tags"] = pairs(given["Tags"][1])
    if "Role" in given:
        machine["RoleArn"] = given["Role"][1]
    else:
        machine["RoleArn"] = {"Fn::GetAtt": [f"{logical}Role", "Arn"]}
        role = Role("states")
        tracing = members_at(given, "Tracing").get("Enabled")
        if tracing is not None and tracing[1].value is True:
            role.manage(_TRACING)
        add_policies(role, owner, made)
        made.add(f"{logical}Role", "AWS::IAM::Role", role.resource(given), owner)
    made.add(logical, "AWS::StepFunctions::StateMachine", machine, owner)
    for title, (where, said) in members_at(given, "Events").items():
        event = Event(owner, title, where, members(said))
        if not _add_start(event, made):
            message = f"the event source {event.type} is not written out"
            made.report(message, event.place, event.address)


def _add_start(event: Event, made: Made) -> bool:
    """What starts the machine, in a role of its own."""
    arn = {"Ref": event.owner.logical}
    if event.type == "ScheduleV2":
        return add_schedule(event, _START, arn, made)
    if event.type not in ("CloudWatchEvent", "EventBridgeRule", "Schedule"):
        return False
    given, name = event.properties, f"{event.name}Role"
    own = given["RoleArn"][1] if "RoleArn" in given else {"Fn::GetAtt": [name, "Arn"]}
    if add_rule(event, arn, made, role=own) is None:
        return False
    if "RoleArn" not in given:
        role = Role("events")
        role.allow(f"{name}StartExecutionPolicy", {"Action": _START, "Resource": arn})
        boundary = {k: v for k, v in given.items() if k == "PermissionsBoundary"}
        made.add(name, "AWS::IAM::Role", role.resource(boundary), event.owner, event.place)
    return True
