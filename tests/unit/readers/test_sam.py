"""SAM's resources as what they stand for. Milliseconds."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.readers import ReadResult, read_text
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import ResourceRef

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
    Timeout: 20
    Tracing: Active
    Layers: [!Ref Common]
    Environment: {Variables: {STAGE: dev, LEVEL: INFO}}
    Tags: {product: shop}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties: {Name: shop}
  Common:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layers/common, CompatibleRuntimes: [python3.13]}
  Own:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layers/own}
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: orders.handler
      Timeout: 5
      Layers: [!Ref Own]
      Environment: {Variables: {LEVEL: DEBUG}}
      Policies:
        - AWSLambdaExecute
        - Statement:
            - {Effect: Allow, Action: "dynamodb:GetItem", Resource: "*"}
        - DynamoDBCrudPolicy: {TableName: orders}
      Events:
        Read:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}
        Nightly:
          Type: Schedule
          Properties: {Schedule: rate(1 day)}
        Queue:
          Type: SQS
          Properties: {Queue: !GetAtt Jobs.Arn}
  Jobs:
    Type: AWS::SQS::Queue
"""


def read(text: str = TEMPLATE) -> ReadResult:
    return read_text(text, "template.yaml")


def named(result: ReadResult, address: str) -> Resource:
    [found] = [r for r in result.blueprint.resources if r.address == address]
    return found


def test_a_function_is_a_lambda_function_with_the_globals_merged_in() -> None:
    function = named(read(), "aws_lambda_function.orders").properties
    assert (function["runtime"], function["timeout"]) == ("python3.13", 5)
    assert function["environment"] == {"variables": {"STAGE": "dev", "LEVEL": "DEBUG"}}
    assert function["tracing_config"] == {"mode": "Active"}
    assert function["tags"] == {"product": "shop"}
    assert len(function["layers"]) == 2
    assert function["role"] == ResourceRef("aws_iam_role.orders", ("arn",))


def test_its_role_has_what_sam_gives_it() -> None:
    role = named(read(), "aws_iam_role.orders").properties
    arns = [str(a) for a in role["managed_policy_arns"]]
    for name in ("AWSLambdaBasicExecutionRole", "AWSXRayDaemonWriteAccess", "AWSLambdaExecute"):
        assert any(name in arn for arn in arns), name
    assert "dynamodb:GetItem" in str(role["inline_policy"])


def test_events_become_rules_and_permissions() -> None:
    result = read()
    assert named(result, "aws_cloudwatch_event_rule.orders_nightly").properties[
        "schedule_expression"
    ] == ("rate(1 day)")
    permissions = [r for r in result.blueprint.resources if r.type == "aws_lambda_permission"]
    assert sorted(str(p.properties["principal"]) for p in permissions) == [
        "apigateway.amazonaws.com",
        "events.amazonaws.com",
    ]


def test_an_http_api_has_a_stage_and_both_know_their_line() -> None:
    result = read()
    made = {r.origin.address: r for r in result.blueprint.resources}
    assert made["Resources.Api"].type == "aws_apigatewayv2_api"
    assert made["Resources.ApiApiGatewayDefaultStage"].type == "aws_apigatewayv2_stage"
    assert made["Resources.ApiApiGatewayDefaultStage"].origin.line == 12


def test_what_is_left_out_is_said() -> None:
    said = {f"{n.address}: {n.message}" for n in read().notes if n.kind == "not_understood"}
    assert {
        "Resources.Orders.Policies: the policy template DynamoDBCrudPolicy is not written out",
        "Resources.Orders.Events.Queue: the event source SQS is not written out",
    } <= said
    assert not any("Transform" in text or "Globals" in text for text in said)


def test_without_the_transform_nothing_is_expanded() -> None:
    text = TEMPLATE.replace("Transform: AWS::Serverless-2016-10-31\n", "")
    types = {r.type for r in read(text).blueprint.resources}
    assert "AWS::Serverless::Function" in types


def test_another_transform_is_still_named() -> None:
    text = TEMPLATE.replace(
        "Transform: AWS::Serverless-2016-10-31",
        "Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]",
    )
    result = read(text)
    named(result, "aws_lambda_function.orders")
    messages = [n.message for n in result.notes]
    assert "the transform AWS::LanguageExtensions is not executed" in messages


def test_a_state_machine_has_a_role_and_rules() -> None:
    text = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: flow
      DefinitionUri: flow.asl.json
      Tracing: {Enabled: true}
      Policies:
        - Statement: [{Effect: Allow, Action: "lambda:InvokeFunction", Resource: "*"}]
      Events:
        Asked:
          Type: EventBridgeRule
          Properties: {Pattern: {source: [shop]}}
"""
    made: dict[str, Any] = {r.origin.address: r for r in read(text).blueprint.resources}
    assert made["Resources.Flow"].type == "aws_sfn_state_machine"
    assert "lambda:InvokeFunction" in str(made["Resources.FlowRole"].properties)
    assert made["Resources.FlowAsked"].type == "aws_cloudwatch_event_rule"


def test_hostile_shapes_are_read_without_a_crash() -> None:
    for broken in (
        "Globals: 5",
        "Globals: {Function: [1]}",
        "Globals: {Function: {Layers: x, Environment: 3, Tags: [1]}}",
    ):
        read(TEMPLATE.replace(TEMPLATE[TEMPLATE.index("Globals:") : TEMPLATE.index("Resources:")],
                              f"{broken}\n"))  # fmt: skip
    for properties in ("5", "{Events: 3, Policies: 4, Tags: 5}", "{Policies: [{}, [], null]}"):
        read(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n"
            f"  F: {{Type: 'AWS::Serverless::Function', Properties: {properties}}}\n"
            f"  M: {{Type: 'AWS::Serverless::StateMachine', Properties: {properties}}}\n"
            f"  A: {{Type: 'AWS::Serverless::HttpApi', Properties: {properties}}}\n"
            f"  L: {{Type: 'AWS::Serverless::LayerVersion', Properties: {properties}}}\n"
        )
