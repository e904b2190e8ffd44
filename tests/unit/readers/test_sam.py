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


def test_a_policy_template_is_written_out_for_what_it_is_given() -> None:
    policies = named(read(), "aws_iam_role.orders").properties["inline_policy"]
    [policy] = [p["policy"] for p in policies if p["name"] == "OrdersRolePolicy2"]
    [statement] = policy["Statement"]
    assert "dynamodb:PutItem" in statement["Action"]
    assert [str(r).count("orders") for r in statement["Resource"]] == [1, 1]


def test_a_queue_is_read_by_a_mapping_that_the_role_allows() -> None:
    result = read()
    mapping = named(result, "aws_lambda_event_source_mapping.orders_queue").properties
    assert mapping["event_source_arn"] == ResourceRef("aws_sqs_queue.jobs", ("arn",))
    arns = named(result, "aws_iam_role.orders").properties["managed_policy_arns"]
    assert any("AWSLambdaSQSQueueExecutionRole" in str(arn) for arn in arns)


WITH_EVENTS = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  SimpleTable: {SSESpecification: {SSEEnabled: true}}
Resources:
  Uploads: {Type: "AWS::S3::Bucket"}
  News: {Type: "AWS::SNS::Topic"}
  Table: {Type: "AWS::Serverless::SimpleTable", Properties: {PrimaryKey: {Name: key, Type: Number}}}
  Users: {Type: "AWS::Cognito::UserPool"}
  Public:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      Cors: "'*'"
      Auth:
        DefaultAuthorizer: Pool
        Authorizers: {Pool: {UserPoolArn: !GetAtt Users.Arn}}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(event, context): pass"
      Handler: index.handler
      Runtime: python3.13
      AutoPublishAlias: live
      FunctionUrlConfig: {AuthType: NONE}
      Events:
        Said: {Type: SNS, Properties: {Topic: !Ref News}}
        Put: {Type: S3, Properties: {Bucket: !Ref Uploads, Events: "s3:ObjectCreated:*"}}
        Get: {Type: Api, Properties: {Path: "/jobs/{id}", Method: get}}
        Own: {Type: Api, Properties: {Path: /own, Method: any, RestApiId: !Ref Public}}
        Open:
          Type: Api
          Properties: {Path: /open, Method: GET, RestApiId: !Ref Public, Auth: {Authorizer: NONE}}
Outputs:
  Alias: {Value: !Ref Work.Alias}
  Place: {Value: !Sub "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod"}
  Stage: {Value: !Ref Public.Stage}
"""


def test_an_event_without_an_api_makes_one() -> None:
    body = named(read(WITH_EVENTS), "aws_api_gateway_rest_api.serverless").properties["body"]
    assert list(body["paths"]) == ["/jobs/{id}"]
    assert body["paths"]["/jobs/{id}"]["get"]["x-amazon-apigateway-integration"]["type"] == (
        "aws_proxy"
    )


def test_an_api_says_who_may_call_each_path() -> None:
    body = named(read(WITH_EVENTS), "aws_api_gateway_rest_api.public").properties["body"]
    own, free = body["paths"]["/own"], body["paths"]["/open"]
    assert own["x-amazon-apigateway-any-method"]["security"] == [{"Pool": []}]
    assert "security" not in free["get"]
    assert body["securityDefinitions"]["Pool"]["x-amazon-apigateway-authtype"] == (
        "cognito_user_pools"
    )
    assert own["options"]["x-amazon-apigateway-integration"]["type"] == "mock"


def test_an_api_has_a_deployment_and_a_stage() -> None:
    stage = named(read(WITH_EVENTS), "aws_api_gateway_stage.publiclive").properties
    assert stage["stage_name"] == "live"
    assert stage["deployment_id"] == ResourceRef("aws_api_gateway_deployment.public", ("id",))


def test_what_sam_makes_can_be_referred_to_by_sams_names() -> None:
    result = read(WITH_EVENTS)
    outputs = {o.name: o.value for o in result.blueprint.outputs}
    assert outputs["alias"] == ResourceRef("aws_lambda_alias.work_aliaslive", ("id",))
    assert outputs["stage"] == ResourceRef("aws_api_gateway_stage.publiclive", ("stage_name",))
    assert "aws_api_gateway_rest_api.serverless" in str(outputs["place"])
    assert not [n for n in result.notes if n.kind == "not_understood" and "Outputs" in n.address]


def test_a_url_without_authentication_is_a_permission_for_everybody() -> None:
    permissions = [
        r.properties for r in read(WITH_EVENTS).blueprint.resources
        if r.type == "aws_lambda_permission"
    ]  # fmt: skip
    public = [p["action"] for p in permissions if p["principal"] == "*"]
    assert sorted(public) == ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"]


def test_events_call_the_alias() -> None:
    topic = named(read(WITH_EVENTS), "aws_sns_topic.news").properties
    [subscription] = topic["subscription"]
    assert subscription["endpoint"] == ResourceRef("aws_lambda_alias.work_aliaslive", ("id",))


def test_a_simple_table_is_a_table_on_demand() -> None:
    table = named(read(WITH_EVENTS), "aws_dynamodb_table.table").properties
    assert (table["hash_key"], table["billing_mode"]) == ("key", "PAY_PER_REQUEST")
    assert table["attribute"] == [{"name": "key", "type": "N"}]
    assert table["server_side_encryption"] == {"enabled": True}


def test_what_is_left_out_is_said() -> None:
    text = TEMPLATE.replace("DynamoDBCrudPolicy: {TableName", "DynamoDBCrudPolicy: {Table").replace(
        "Type: SQS", "Type: Carrier"
    )
    said = {f"{n.address}: {n.message}" for n in read(text).notes if n.kind == "not_understood"}
    assert {
        "Resources.Orders.Policies: the policy template DynamoDBCrudPolicy is not written out",
        "Resources.Orders.Events.Queue: the event source Carrier is not written out",
    } <= said
    assert not any("Transform" in text or "Globals" in text for text in said)


def test_without_the_transform_nothing_is_expanded() -> None:
    text = TEMPLATE.replace("Transform: AWS::Serverless-2016-10-31\n", "")
    types = {r.type for r in read(text).blueprint.resources}
    assert "AWS::Serverless::Function" in types


def test_another_transform_is_still_named() -> None:
    text = TEMPLATE.replace(
        "Transform: AWS::Serverless-2016-10-31",
        "Transform: [AWS::Serverless-2016-10-31, Count]",
    )
    result = read(text)
    named(result, "aws_lambda_function.orders")
    messages = [n.message for n in result.notes]
    assert "the transform Count is not executed" in messages


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


def test_a_package_that_is_built_later_is_left_out_and_said() -> None:
    said = {(n.address, n.origin.line) for n in read().notes if "its package" in n.message}
    assert said == {
        ("Resources.Common.ContentUri", 17),
        ("Resources.Own.ContentUri", 20),
        ("Resources.Orders.CodeUri", 24),
    }


WITH_A_FUNCTION_THAT_DECIDES = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Token
        Authorizers:
          Token:
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            EnableFunctionDefaultPermissions: true
            FunctionArn: !GetAtt Gate.Arn
            Identity: {Headers: [Authorization], QueryStrings: [key], ReauthorizeEvery: 60}
  Gate:
    Type: AWS::Serverless::Function
    Properties: {InlineCode: "1", Handler: index.handler, Runtime: python3.13}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "1"
      Handler: index.handler
      Runtime: python3.13
      Events: {Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /jobs, Method: get}}}
"""


def test_a_function_that_decides_who_may_call_an_http_api_is_in_its_document() -> None:
    result = read(WITH_A_FUNCTION_THAT_DECIDES)
    body = named(result, "aws_apigatewayv2_api.api").properties["body"]
    scheme = body["components"]["securitySchemes"]["Token"]
    authorizer = scheme["x-amazon-apigateway-authorizer"]
    assert authorizer["type"] == "request"
    assert authorizer["identitySource"] == (
        "$request.header.Authorization, $request.querystring.key"
    )
    assert authorizer["authorizerResultTtlInSeconds"] == 60
    assert authorizer["enableSimpleResponses"] is True
    assert body["paths"]["/jobs"]["get"]["security"] == [{"Token": []}]
    allowed = [r for r in result.blueprint.resources if r.type == "aws_lambda_permission"]
    assert ResourceRef("aws_lambda_function.gate", ("arn",)) in [
        r.properties["function_name"] for r in allowed
    ]
    assert not any("authorizer" in n.message for n in result.notes)
