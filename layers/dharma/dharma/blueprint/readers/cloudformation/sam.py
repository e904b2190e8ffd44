"""What AWS's SAM transform makes of a template, as far as an analysis needs it.

    AWS::Serverless::Function      AWS::Lambda::Function, its role, permissions and rules of events
    AWS::Serverless::HttpApi       AWS::ApiGatewayV2::Api and its stage
    AWS::Serverless::StateMachine  AWS::StepFunctions::StateMachine, its role, rules of its events
    AWS::Serverless::LayerVersion  AWS::Lambda::LayerVersion

`Globals` are merged in: maps by key, lists one behind the other, the resource's own value else.
Names of what is made are those of SAM (`<Function>Role`). Everything made keeps the place in the
file of what it was made from. What is left out is reported: packages that are built only later,
policy templates, event sources and properties that are not known here.
Source: AWS SAM specification, 2016-10-31, and "Generated CloudFormation resources" in the AWS SAM
developer guide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dharma.blueprint.readers.cloudformation.sam_nodes import (
    as_node,
    member,
    members_at,
    merged,
    properties_of,
)
from dharma.blueprint.readers.cloudformation.sam_roles import managed_policy, pairs, role_of
from dharma.blueprint.tree import Members, members
from dharma.blueprint.yaml_source import Node

TRANSFORM = "AWS::Serverless-2016-10-31"
Report = Callable[[str, Node, str], None]
_KEPT = ("Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy")
_BASIC = "AWSLambdaBasicExecutionRole"
_TRACING = "AWSXRayDaemonWriteAccess"
_IN_A_VPC = "AWSLambdaVPCAccessExecutionRole"
# SAM's property, and where it stands in the Lambda function.
_FUNCTION = {
    "Architectures": "Architectures",
    "CodeSigningConfigArn": "CodeSigningConfigArn",
    "Description": "Description",
    "Environment": "Environment",
    "EphemeralStorage": "EphemeralStorage",
    "FileSystemConfigs": "FileSystemConfigs",
    "FunctionName": "FunctionName",
    "Handler": "Handler",
    "ImageConfig": "ImageConfig",
    "KmsKeyArn": "KmsKeyArn",
    "Layers": "Layers",
    "LoggingConfig": "LoggingConfig",
    "MemorySize": "MemorySize",
    "PackageType": "PackageType",
    "RecursiveLoop": "RecursiveLoop",
    "ReservedConcurrentExecutions": "ReservedConcurrentExecutions",
    "Runtime": "Runtime",
    "RuntimeManagementConfig": "RuntimeManagementConfig",
    "SnapStart": "SnapStart",
    "Timeout": "Timeout",
    "VpcConfig": "VpcConfig",
}
# They say how the function is built, deployed or called, not what it is.
_NOT_OF_THE_FUNCTION = frozenset(
    {"AutoPublishAlias", "AutoPublishCodeSha256", "DeploymentPreference", "Events", "Policies",
     "PermissionsBoundary", "RolePath", "VersionDescription", "FunctionUrlConfig",
     "AssumeRolePolicyDocument", "PropagateTags", "EventInvokeConfig"}
)  # fmt: skip
_INTRINSIC = frozenset({"Ref", "Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::ImportValue"})
_CODE = frozenset({"CodeUri", "ImageUri", "InlineCode"})


def expanded(sections: Members, report: Report) -> Members:
    """The resources of a template that asks for the transform, with those of SAM replaced by what
    they stand for. `report` gets a message, a place and an address."""
    return _Expansion(sections, members(sections["Resources"][1]), report).made()


@dataclass(frozen=True, slots=True)
class _Event:
    """An event source of a function or a state machine: `logical` and `body` are the owner's."""

    logical: str
    title: str
    place: Node
    said: Members
    body: Members

    @property
    def name(self) -> str:
        return f"{self.logical}{self.title}"

    @property
    def address(self) -> str:
        return f"Resources.{self.logical}.Events.{self.title}"


class _Expansion:
    def __init__(self, sections: Members, resources: Members, report: Report) -> None:
        self._resources = resources
        self._report = report
        self._globals = members(sections["Globals"][1]) if "Globals" in sections else {}
        self._made: Members = {}

    def made(self) -> Members:
        makers = {
            "AWS::Serverless::Function": self._function,
            "AWS::Serverless::HttpApi": self._http_api,
            "AWS::Serverless::LayerVersion": self._layer,
            "AWS::Serverless::StateMachine": self._state_machine,
        }
        for logical, (key, node) in self._resources.items():
            body = members(node)
            kind = body["Type"][1].value if "Type" in body else None
            maker = makers.get(kind) if isinstance(kind, str) else None
            if maker is None:
                self._made[logical] = (key, node)
            else:
                maker(logical, key, body)
        return self._made

    # --- the four types

    def _function(self, logical: str, key: Node, body: Members) -> None:
        own = properties_of(body)
        properties = self._with_globals("Function", own)
        at = f"Resources.{logical}"
        made: dict[str, Any] = {}
        for name, (place, node) in properties.items():
            if name in _FUNCTION:
                made[_FUNCTION[name]] = node
            elif name == "Tracing":
                made["TracingConfig"] = {"Mode": node}
            elif name == "DeadLetterQueue":
                made["DeadLetterConfig"] = {"TargetArn": member(node, "TargetArn")}
            elif name == "Tags":
                made["Tags"] = pairs(node)
            elif name not in _NOT_OF_THE_FUNCTION | _CODE | {"Role"}:
                self._report("the property of SAM is not understood", place, f"{at}.{name}")
        made.update(self._code(properties))
        if "Role" in properties:
            made["Role"] = properties["Role"][1]
        else:
            made["Role"] = {"Fn::GetAtt": [f"{logical}Role", "Arn"]}
            self._role(logical, key, body, properties)
        self._add(logical, "AWS::Lambda::Function", made, key, body)
        for title, (place, event) in members_at(properties, "Events").items():
            self._event_of_function(_Event(logical, title, place, members(event), body))

    def _http_api(self, logical: str, key: Node, body: Members) -> None:
        properties = self._with_globals("HttpApi", properties_of(body))
        api: dict[str, Any] = {"ProtocolType": "HTTP"}
        names = {"Name": "Name", "Description": "Description"}
        api.update({new: properties[old][1] for old, new in names.items() if old in properties})
        if "CorsConfiguration" in properties:
            api["CorsConfiguration"] = properties["CorsConfiguration"][1]
        if "DisableExecuteApiEndpoint" in properties:
            api["DisableExecuteApiEndpoint"] = properties["DisableExecuteApiEndpoint"][1]
        if "Tags" in properties:
            api["Tags"] = properties["Tags"][1]
        self._add(logical, "AWS::ApiGatewayV2::Api", api, key, body)
        stage: dict[str, Any] = {
            "ApiId": {"Ref": logical},
            "StageName": properties["StageName"][1] if "StageName" in properties else "$default",
            "AutoDeploy": True,
        }
        for name in ("AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "Tags"):
            if name in properties:
                stage[name] = properties[name][1]
        title = "Stage" if "StageName" in properties else "ApiGatewayDefaultStage"
        self._add(f"{logical}{title}", "AWS::ApiGatewayV2::Stage", stage, key, body)

    def _state_machine(self, logical: str, key: Node, body: Members) -> None:
        properties = self._with_globals("StateMachine", properties_of(body))
        names = {
            "Definition": "Definition",
            "DefinitionSubstitutions": "DefinitionSubstitutions",
            "Logging": "LoggingConfiguration",
            "Name": "StateMachineName",
            "Tracing": "TracingConfiguration",
            "Type": "StateMachineType",
        }
        made: dict[str, Any] = {
            new: properties[old][1] for old, new in names.items() if old in properties
        }
        if "Tags" in properties:
            made["Tags"] = pairs(properties["Tags"][1])
        if "Role" in properties:
            made["RoleArn"] = properties["Role"][1]
        else:
            made["RoleArn"] = {"Fn::GetAtt": [f"{logical}Role", "Arn"]}
            statements = self._documents(logical, properties, None)
            tracing = members_at(properties, "Tracing").get("Enabled")
            traced = tracing is not None and tracing[1].value is True
            arns = [managed_policy(_TRACING)] if traced else []
            role = role_of("states", arns, statements, properties)
            self._add(f"{logical}Role", "AWS::IAM::Role", role, key, body)
        self._add(logical, "AWS::StepFunctions::StateMachine", made, key, body)
        for title, (place, event) in members_at(properties, "Events").items():
            self._rule(_Event(logical, title, place, members(event), body), {"Ref": logical})

    def _layer(self, logical: str, key: Node, body: Members) -> None:
        properties = self._with_globals("LayerVersion", properties_of(body))
        made = {
            name: node
            for name, (_, node) in properties.items()
            if name in ("CompatibleArchitectures", "CompatibleRuntimes", "Description", "LayerName",
                        "LicenseInfo")
        }  # fmt: skip
        self._add(logical, "AWS::Lambda::LayerVersion", made, key, body)

    # --- what functions bring along

    @staticmethod
    def _code(properties: Members) -> dict[str, Any]:
        """Where the code lies, if it is said: a path is packaged only when it is deployed."""
        if "InlineCode" in properties:
            return {"Code": {"ZipFile": properties["InlineCode"][1]}}
        if "ImageUri" in properties:
            return {"Code": {"ImageUri": properties["ImageUri"][1]}}
        place = members_at(properties, "CodeUri")
        names = {"Bucket": "S3Bucket", "Key": "S3Key", "Version": "S3ObjectVersion"}
        found = {new: place[old][1] for old, new in names.items() if old in place}
        return {"Code": found} if found else {}

    def _role(self, logical: str, key: Node, body: Members, properties: Members) -> None:
        managed = [_IN_A_VPC if "VpcConfig" in properties else _BASIC]
        tracing = properties["Tracing"][1].value if "Tracing" in properties else None
        arns: list[Any] = [managed_policy(f"service-role/{name}") for name in managed]
        if tracing == "Active":
            arns.append(managed_policy(_TRACING))
        statements = self._documents(logical, properties, arns)
        role = role_of("lambda", arns, statements, properties)
        self._add(f"{logical}Role", "AWS::IAM::Role", role, key, body)

    def _documents(self, logical: str, properties: Members, arns: list[Any] | None) -> list[Any]:
        """Documents that are written out; names of managed policies go into `arns`."""
        if "Policies" not in properties:
            return []
        node = properties["Policies"][1]
        found: list[Any] = []
        for policy in node.value if isinstance(node.value, list) else [node]:
            said = policy.value
            if isinstance(said, str) and arns is not None:
                arns.append(said if said.startswith("arn:") else managed_policy(said))
            elif isinstance(said, dict) and "Statement" in said:
                found.append(policy)
            elif isinstance(said, dict) and len(said) == 1 and next(iter(said)) in _INTRINSIC:
                if arns is not None:
                    arns.append(policy)
            else:
                name = next(iter(said), "") if isinstance(said, dict) else str(said)
                message = f"the policy template {name} is not written out"
                self._report(message, policy, f"Resources.{logical}.Policies")
        return found

    def _event_of_function(self, event: _Event) -> None:
        kind = event.said["Type"][1].value if "Type" in event.said else None
        properties = properties_of(event.said)
        if kind == "HttpApi":
            if "ApiId" not in properties and "ServerlessHttpApi" not in self._made:
                self._http_api("ServerlessHttpApi", event.place, {})
            api = properties["ApiId"][1] if "ApiId" in properties else {"Ref": "ServerlessHttpApi"}
            source = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"
            self._permission(event, "apigateway", {"Fn::Sub": [source, {"Api": api}]})
        elif kind in ("EventBridgeRule", "CloudWatchEvent", "Schedule"):
            rule = self._rule(event, {"Fn::GetAtt": [event.logical, "Arn"]})
            if rule:
                self._permission(event, "events", {"Fn::GetAtt": [rule, "Arn"]})
        else:
            message = f"the event source {kind} is not written out"
            self._report(message, event.place, event.address)

    def _rule(self, event: _Event, arn: Any) -> str | None:
        properties = properties_of(event.said)
        target: dict[str, Any] = {"Id": f"{event.name}Target", "Arn": arn}
        for name in ("Input", "InputPath", "RetryPolicy", "DeadLetterConfig", "InputTransformer"):
            if name in properties:
                target[name] = properties[name][1]
        rule: dict[str, Any] = {"Targets": [target]}
        names = {
            "Description": "Description",
            "EventBusName": "EventBusName",
            "Pattern": "EventPattern",
            "Schedule": "ScheduleExpression",
            "Name": "Name",
            "State": "State",
        }
        rule.update({new: properties[old][1] for old, new in names.items() if old in properties})
        if "EventPattern" not in rule and "ScheduleExpression" not in rule:
            self._report("the event source is not written out", event.place, event.address)
            return None
        self._add(event.name, "AWS::Events::Rule", rule, event.place, event.body)
        return event.name

    def _permission(self, event: _Event, service: str, source: Any) -> None:
        properties = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": event.logical},
            "Principal": f"{service}.amazonaws.com",
            "SourceArn": source,
        }
        made = f"{event.name}Permission"
        self._add(made, "AWS::Lambda::Permission", properties, event.place, event.body)

    def _add(
        self, logical: str, kind: str, properties: dict[str, Any], at: Node, body: Members
    ) -> None:
        made = {"Type": kind, "Properties": properties}
        node = as_node(made, at)
        assert isinstance(node.value, dict)
        node.value.update({name: body[name] for name in _KEPT if name in body})
        key = Node(logical, at.line, at.column)
        self._made[logical] = (key, node)

    def _with_globals(self, section: str, own: Members) -> Members:
        usual = members(self._globals[section][1]) if section in self._globals else {}
        return merged(usual, own)
