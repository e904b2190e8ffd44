"""Several properties in one place of a format, told apart by what stands beside it; and what of
flow logs, classic load balancers and event buses no table can say."""

from __future__ import annotations

import pytest

from dharma.blueprint.readers import read_text
from dharma.catalog import Document, Part, load_catalog, read, write
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import (
    Ambient,
    Conditional,
    ResourceRef,
    Template,
    Value,
    VariableRef,
)

CATALOG = load_catalog()


def written(properties: dict[str, Value]) -> dict[str, Value]:
    document, _ = write([Resource("aws_flow_log", "it", properties)], "cloudformation", CATALOG)
    return document.parts[0].arguments


def back(arguments: dict[str, Value]) -> tuple[dict[str, Value], list[str]]:
    part = Part("It", "AWS::EC2::FlowLog", arguments)
    resources, notes = read(Document("cloudformation", [part]), CATALOG)
    return dict(resources[0].properties), [f"{n.path}: {n.message}" for n in notes]


def test_the_literal_that_tells_whose_value_it_is_is_written_with_it() -> None:
    assert written({"subnet_id": "subnet-1"}) == {
        "ResourceId": "subnet-1",
        "ResourceType": "Subnet",
    }


def test_a_shared_value_is_that_of_the_property_which_the_literal_names() -> None:
    said = {"ResourceId": "eni-1", "ResourceType": "NetworkInterface"}
    assert back(said) == ({"eni_id": "eni-1"}, [])


@pytest.mark.parametrize("told", ["Bridge", VariableRef("kind")])
def test_a_literal_that_names_no_property_is_reported(told: Value) -> None:
    found, notes = back({"ResourceId": "x", "ResourceType": told})
    assert found == {}
    assert notes == [f"ResourceType: {told!r} is not understood"]


def test_two_properties_for_one_place_are_refused() -> None:
    with pytest.raises(NotExpressible, match="cannot be said together with the other values"):
        written({"vpc_id": "vpc-1", "subnet_id": "subnet-1"})


TEMPLATE = """
Parameters: {Name: {Type: String}}
Resources:
  Group: {Type: AWS::Logs::LogGroup}
  Named: {Type: AWS::EC2::FlowLog, Properties: {LogGroupName: !Ref Group}}
  Given: {Type: AWS::EC2::FlowLog, Properties: {LogGroupName: !Ref Name}}
"""


def test_a_log_group_that_is_named_is_read_as_its_arn() -> None:
    named, given = (
        r.properties["log_destination"]
        for r in read_text(TEMPLATE, "t.yaml", CATALOG).blueprint.resources
        if r.type == "aws_flow_log"
    )
    assert named == ResourceRef("aws_cloudwatch_log_group.group", ("arn",))
    place = (
        "arn:", Ambient("partition"), ":logs:", Ambient("region"), ":", Ambient("account_id"),
        ":log-group:", VariableRef("name"),
    )  # fmt: skip
    assert given == Template(place)


@pytest.mark.parametrize(
    ("protocol", "to_instances"), [("HTTP", "HTTP"), ("tcp", "tcp"), ("HTTPS", None)]
)
def test_a_plain_listener_speaks_its_own_protocol_to_the_instances(
    protocol: str, to_instances: str | None
) -> None:
    listener: dict[str, Value] = {
        "LoadBalancerPort": "80", "InstancePort": "8080", "Protocol": protocol,
    }  # fmt: skip
    part = Part("It", "AWS::ElasticLoadBalancing::LoadBalancer", {"Listeners": [listener]})
    resources, _ = read(Document("cloudformation", [part]), CATALOG)
    found = resources[0].properties["listener"]
    assert isinstance(found, list)
    assert isinstance(found[0], dict)
    assert found[0].get("instance_protocol") == to_instances


RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"


@pytest.mark.parametrize(
    "condition",
    [
        {"Field": "path-pattern", "Values": ["/a"]},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}},
        {"PathPatternConfig": {"Values": ["/a"]}},
    ],
)
def test_every_spelling_of_a_condition_of_a_listener_rule_is_understood(
    condition: dict[str, Value],
) -> None:
    part = Part("It", RULE, {"Conditions": [condition]})
    resources, notes = read(Document("cloudformation", [part]), CATALOG)
    assert resources[0].properties["condition"] == [{"path_pattern": {"values": ["/a"]}}]
    assert notes == []


def test_a_condition_of_a_listener_rule_is_written_with_its_field() -> None:
    condition: dict[str, Value] = {"http_header": {"http_header_name": "X", "values": ["1"]}}
    rule = Resource("aws_lb_listener_rule", "it", {"condition": [condition]})
    document, _ = write([rule], "cloudformation", CATALOG)
    assert document.parts[0].arguments["Conditions"] == [
        {"HttpHeaderConfig": {"HttpHeaderName": "X", "Values": ["1"]}, "Field": "http-header"}
    ]


def test_a_condition_of_a_listener_rule_holds_one_thing() -> None:
    condition: dict[str, Value] = {
        "path_pattern": {"values": ["/a"]}, "host_header": {"values": ["a.example.com"]},
    }  # fmt: skip
    rule = Resource("aws_lb_listener_rule", "it", {"condition": [condition]})
    with pytest.raises(NotExpressible, match="cannot be said together with the other values"):
        write([rule], "cloudformation", CATALOG)


@pytest.mark.parametrize(
    "secret", ["SecureString", Conditional(VariableRef("x"), "SecureString", "String")]
)
def test_a_literal_that_a_format_does_not_know_is_refused(secret: Value) -> None:
    parameter = Resource("aws_ssm_parameter", "it", {"type": secret, "value": "x"})
    with pytest.raises(
        NotExpressible, match=r"it\.type: CloudFormation cannot make a SecureString"
    ):
        write([parameter], "cloudformation", CATALOG)
    document, _ = write([parameter], "terraform", CATALOG)
    assert document.parts[0].arguments["type"] == secret


BUS = "AWS::Events::EventBusPolicy"
STATEMENT: dict[str, Value] = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "events:PutEvents",
    "Resource": "arn:aws:events:us-east-1:123456789012:event-bus/main",
    "Condition": {"StringEquals": {"aws:PrincipalOrgID": VariableRef("organization")}},
}


def test_a_permission_on_an_event_bus_may_be_a_statement() -> None:
    part = Part("It", BUS, {"StatementId": "s", "Statement": STATEMENT})
    resources, notes = read(Document("cloudformation", [part]), CATALOG)
    assert resources[0].properties == {
        "statement_id": "s",
        "principal": "*",
        "action": "events:PutEvents",
        "condition": {
            "type": "StringEquals",
            "key": "aws:PrincipalOrgID",
            "value": VariableRef("organization"),
        },
    }
    assert notes == []


@pytest.mark.parametrize(
    "other",
    [
        {"Effect": "Deny"},
        {"NotAction": "x"},
        {"Principal": {"Service": "x"}},
        {"Action": ["a", "b"]},
        {"Condition": {"StringEquals": {"a": 1, "b": 2}}},
    ],
)
def test_a_statement_that_is_no_permission_is_reported(other: dict[str, Value]) -> None:
    part = Part("It", BUS, {"StatementId": "s", "Statement": {**STATEMENT, **other}})
    resources, notes = read(Document("cloudformation", [part]), CATALOG)
    assert resources[0].properties == {"statement_id": "s"}
    assert [(n.path, n.message) for n in notes] == [("Statement", "is not understood")]


SCALING = """
Resources:
  Tasks:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: ecs
      ResourceId: service/main/web
      ScalableDimension: ecs:service:DesiredCount
      MinCapacity: 1
      MaxCapacity: 4
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties: {PolicyName: cpu, PolicyType: StepScaling, ScalingTargetId: !Ref Tasks}
"""


def test_a_scaling_policy_may_refer_to_its_target() -> None:
    blueprint = read_text(SCALING, "t.yaml", CATALOG).blueprint
    policy = next(r for r in blueprint.resources if r.type == "aws_appautoscaling_policy")
    target = "aws_appautoscaling_target.tasks"
    for name in ("resource_id", "scalable_dimension", "service_namespace"):
        assert policy.properties[name] == ResourceRef(target, (name,))
    document, _ = write(blueprint.resources, "cloudformation", CATALOG)
    assert document.parts[1].arguments["ResourceId"] == "service/main/web"
