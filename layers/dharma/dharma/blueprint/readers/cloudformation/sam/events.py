"""Events that call a function: rules, schedules, topics, buckets, logs, user pools and others.

Each is a resource of the service that calls, and the permission to do so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dharma.blueprint.readers.cloudformation.sam.made import Called, Event, Made
from dharma.blueprint.readers.cloudformation.sam.nodes import elements, members_at
from dharma.blueprint.readers.cloudformation.sam.roles import Role
from dharma.blueprint.yaml_source import Node

_ACCOUNT = {"Ref": "AWS::AccountId"}
_RULE = {
    "Description": "Description",
    "EventBusName": "EventBusName",
    "Name": "Name",
    "Pattern": "EventPattern",
    "Schedule": "ScheduleExpression",
    "State": "State",
}
_TARGET = ("Input", "InputPath", "RetryPolicy", "InputTransformer")
_SCHEDULE = (
    "Description", "EndDate", "GroupName", "KmsKeyArn", "ScheduleExpression",
    "ScheduleExpressionTimezone", "StartDate", "State",
)  # fmt: skip
_SUBSCRIPTION = ("FilterPolicy", "FilterPolicyScope", "RedrivePolicy", "Region")


def add_event(event: Event, function: Called, made: Made) -> None:
    """What an event brings along; `function` is what it calls."""
    add = _EVENTS.get(event.type)
    if add is None or not add(event, function, made):
        made.report(f"the event source {event.type} is not written out", event.place, event.address)


def add_permission(
    event: Event,
    service: str,
    function: Called,
    made: Made,
    *,
    name: str | None = None,
    more: dict[str, Any] | None = None,
) -> str:
    """That a service may call the function; `name` of the permission if not the event's."""
    logical = name or f"{event.name}Permission"
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": function.name,
        "Principal": service,
        **(more or {}),
    }
    made.add(logical, "AWS::Lambda::Permission", properties, event.owner, event.place)
    return logical


def add_rule(event: Event, arn: Any, made: Made, *, role: Any = None) -> str | None:
    """A rule of EventBridge with one target; None where the event says neither what it waits for
    nor when."""
    given = event.properties
    target: dict[str, Any] = {"Id": f"{event.name}Target", "Arn": arn}
    target.update({name: given[name][1] for name in _TARGET if name in given})
    dead = members_at(given, "DeadLetterConfig")
    if "Arn" in dead:
        target["DeadLetterConfig"] = {"Arn": dead["Arn"][1]}
    elif dead:
        where = f"{event.address}.DeadLetterConfig"
        made.report("the queue that SAM makes is not written out", event.place, where)
    if role is not None:
        target["RoleArn"] = role
    rule: dict[str, Any] = {meant: given[said][1] for said, meant in _RULE.items() if said in given}
    if "EventPattern" not in rule and "ScheduleExpression" not in rule:
        return None
    if "Enabled" in given and "State" not in rule:
        enabled = given["Enabled"][1].value
        rule["State"] = "DISABLED" if enabled is False else "ENABLED"
    made.add(
        event.name, "AWS::Events::Rule", {**rule, "Targets": [target]}, event.owner, event.place
    )
    return event.name


def add_schedule(event: Event, action: str, arn: Any, made: Made) -> bool:
    """A schedule of EventBridge Scheduler, with the role in which it does `action`."""
    given = event.properties
    if "ScheduleExpression" not in given:
        return False
    target: dict[str, Any] = {"Arn": arn}
    target.update({name: given[name][1] for name in ("Input", "RetryPolicy") if name in given})
    dead = members_at(given, "DeadLetterConfig").get("Arn")
    role = Role("scheduler")
    role.allow(f"{event.name}Policy", {"Action": action, "Resource": arn})
    if dead is not None:
        target["DeadLetterConfig"] = {"Arn": dead[1]}
        role.allow(f"{event.name}QueuePolicy", {"Action": "sqs:SendMessage", "Resource": dead[1]})
    if "RoleArn" in given:
        target["RoleArn"] = given["RoleArn"][1]
    else:
        boundary = {k: v for k, v in given.items() if k == "PermissionsBoundary"}
        made.add(f"{event.name}Role", "AWS::IAM::Role", role.resource(boundary), event.owner)
        target["RoleArn"] = {"Fn::GetAtt": [f"{event.name}Role", "Arn"]}
    schedule: dict[str, Any] = {n: given[n][1] for n in _SCHEDULE if n in given}
    if "OmitName" not in given:
        schedule["Name"] = given["Name"][1] if "Name" in given else event.name
    window = given["FlexibleTimeWindow"][1] if "FlexibleTimeWindow" in given else {"Mode": "OFF"}
    made.add(
        event.name,
        "AWS::Scheduler::Schedule",
        {**schedule, "FlexibleTimeWindow": window, "Target": target},
        event.owner,
        event.place,
    )
    return True


def _rule(event: Event, function: Called, made: Made) -> bool:
    rule = add_rule(event, function.arn, made)
    if rule is not None:
        source = {"Fn::GetAtt": [rule, "Arn"]}
        add_permission(event, "events.amazonaws.com", function, made, more={"SourceArn": source})
    return rule is not None


def _schedule(event: Event, function: Called, made: Made) -> bool:
    return add_schedule(event, "lambda:InvokeFunction", function.arn, made)


def _topic(event: Event, function: Called, made: Made) -> bool:
    given = event.properties
    if "Topic" not in given or "SqsSubscription" in given:
        return False
    topic = given["Topic"][1]
    subscription: dict[str, Any] = {name: given[name][1] for name in _SUBSCRIPTION if name in given}
    subscription |= {"Protocol": "lambda", "Endpoint": function.arn, "TopicArn": topic}
    made.add(event.name, "AWS::SNS::Subscription", subscription, event.owner, event.place)
    add_permission(event, "sns.amazonaws.com", function, made, more={"SourceArn": topic})
    return True


def _bucket(event: Event, function: Called, made: Made) -> bool:
    """The bucket stands in the same template, and is told whom to call."""
    given = event.properties
    bucket = made.named(given["Bucket"][1] if "Bucket" in given else None, "AWS::S3::Bucket")
    if bucket is None or "Events" not in given:
        return False
    more = {"SourceAccount": _ACCOUNT}
    permission = add_permission(event, "s3.amazonaws.com", function, made, more=more)
    said = given["Events"][1]
    calls: list[dict[str, Any]] = []
    for what in elements(said):
        call: dict[str, Any] = {"Event": what, "Function": function.arn}
        if "Filter" in given:
            call["Filter"] = given["Filter"][1]
        calls.append(call)
    settings = {"NotificationConfiguration": {"LambdaConfigurations": calls}}
    made.extend(bucket, settings, permission, event.place)
    return True


def _user_pool(event: Event, function: Called, made: Made) -> bool:
    given = event.properties
    node = given["UserPool"][1] if "UserPool" in given else None
    pool = made.named(node, "AWS::Cognito::UserPool")
    if pool is None or "Trigger" not in given:
        return False
    said: Node = given["Trigger"][1]
    triggers = elements(said)
    called = {str(trigger.value): function.arn for trigger in triggers}
    made.extend(pool, {"LambdaConfig": called}, None, event.place)
    source = {"Fn::GetAtt": [pool, "Arn"]}
    name = f"{event.owner.logical}CognitoPermission"
    more = {"SourceArn": source}
    add_permission(event, "cognito-idp.amazonaws.com", function, made, name=name, more=more)
    return True


def _logs(event: Event, function: Called, made: Made) -> bool:
    given = event.properties
    if not {"LogGroupName", "FilterPattern"} <= given.keys():
        return False
    group = given["LogGroupName"][1]
    here = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Group}:*"
    source = {"Fn::Sub": [here, {"Group": group}]}
    add_permission(event, "logs.amazonaws.com", function, made, more={"SourceArn": source})
    subscription = {
        "LogGroupName": group,
        "FilterPattern": given["FilterPattern"][1],
        "DestinationArn": function.arn,
    }
    made.add(event.name, "AWS::Logs::SubscriptionFilter", subscription, event.owner, event.place)
    return True


def _iot(event: Event, function: Called, made: Made) -> bool:
    given = event.properties
    if "Sql" not in given:
        return False
    rule: dict[str, Any] = {"Sql": given["Sql"][1], "RuleDisabled": False}
    rule["Actions"] = [{"Lambda": {"FunctionArn": function.arn}}]
    if "AwsIotSqlVersion" in given:
        rule["AwsIotSqlVersion"] = given["AwsIotSqlVersion"][1]
    made.add(
        event.name, "AWS::IoT::TopicRule", {"TopicRulePayload": rule}, event.owner, event.place
    )
    here = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/${Rule}"
    source = {"Fn::Sub": [here, {"Rule": {"Ref": event.name}}]}
    more = {"SourceArn": source, "SourceAccount": _ACCOUNT}
    add_permission(event, "iot.amazonaws.com", function, made, more=more)
    return True


def _alexa(event: Event, function: Called, made: Made) -> bool:
    skill = event.properties.get("SkillId")
    more = {} if skill is None else {"EventSourceToken": skill[1]}
    add_permission(event, "alexa-appkit.amazon.com", function, made, more=more)
    return True


_EVENTS: dict[str, Callable[[Event, Called, Made], bool]] = {
    "AlexaSkill": _alexa,
    "CloudWatchEvent": _rule,
    "CloudWatchLogs": _logs,
    "Cognito": _user_pool,
    "EventBridgeRule": _rule,
    "IoTRule": _iot,
    "S3": _bucket,
    "SNS": _topic,
    "Schedule": _rule,
    "ScheduleV2": _schedule,
}
