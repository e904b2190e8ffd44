"""Templates as blueprints: parameters, resources, outputs, and what is told about the rest."""

from __future__ import annotations

import json

import pytest

from dharma.blueprint.readers import ReadResult, read_text
from dharma.catalog import load_catalog
from dharma.generator import generate
from dharma.model.blueprint import Lifecycle, Variable
from dharma.model.expressions.nodes import Binary, ResourceRef, Unknown, VariableRef

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Description: Queues
Transform: Count
Metadata:
  AWS::CloudFormation::Interface: {ParameterGroups: []}
Rules: {R: {}}
Parameters:
  Stage:
    Type: String
    Default: dev
    AllowedValues: [dev, prod]
    Description: Which one
    ConstraintDescription: dev or prod
  DBPassword: {Type: String, NoEcho: true, MinLength: 8, MaxLength: "41", AllowedPattern: "[a-z]*"}
  Port: {Type: Number, Default: "8080", MinValue: 1, AllowedValues: ["80", 8080]}
  Zones: {Type: "List<AWS::EC2::AvailabilityZone::Name>", Default: "a, b"}
  Sizes: {Type: List<Number>, Default: "1,2"}
  Public: {Type: String, Default: "false", AllowedValues: ["true", "false"]}
  VpcId: {Type: "AWS::EC2::VPC::Id"}
  Empty: {Type: CommaDelimitedList, Default: ""}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  DeadLetters:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties: {QueueName: !Sub "${Stage}-dead"}
  Work:
    Type: AWS::SQS::Queue
    Condition: IsProd
    DependsOn: DeadLetters
    DeletionPolicy: Delete
    Metadata: {Owner: !Ref Stage}
    Properties:
      RedrivePolicy: {deadLetterTargetArn: !GetAtt DeadLetters.Arn, maxReceiveCount: 3}
      Fifo: [1]
  Fn::ForEach::Many: [X, [a], {}]
  Mystery:
    Type: AWS::Mystery::Box
    Color: red
    Properties: {Queue: !Ref Work}
Outputs:
  WorkArn:
    Condition: IsProd
    Description: The queue's ARN
    Value: !GetAtt Work.Arn
    Export: {Name: !Sub "${AWS::StackName}-arn"}
  Broken: {Description: no value}
"""


@pytest.fixture(scope="module")
def result() -> ReadResult:
    return read_text(TEMPLATE, "queues.yaml")


def test_parameters_are_variables(result: ReadResult) -> None:
    assert list(result.blueprint.variables) == [
        Variable("stage", "string", "dev", description="Which one", allowed=("dev", "prod")),
        Variable(
            "db_password", required=True, sensitive=True, pattern="^(?:[a-z]*)$", min=8, max=41
        ),
        Variable("port", "number", 8080, allowed=(80, 8080), min=1),
        Variable("zones", "list(string)", ["a", "b"]),
        Variable("sizes", "list(number)", [1, 2]),
        Variable("public", "bool", False),
        Variable("vpc_id", required=True),
        Variable("empty", "list(string)", []),
    ]


def test_resources_keep_their_place_policies_and_conditions(result: ReadResult) -> None:
    dead, work, mystery = result.blueprint.resources
    assert dead.lifecycle == Lifecycle(prevent_destroy=True)
    assert (dead.origin.line, dead.origin.address) == (25, "Resources.DeadLetters")
    assert work.condition == Binary("==", VariableRef("stage"), "prod")
    assert work.depends_on == (dead.address,)
    assert work.properties["redrive_policy"] == {
        "dead_letter_target_arn": ResourceRef(dead.address, ("arn",)),
        "max_receive_count": 3,
    }
    assert work.native["cloudformation"]["DeletionPolicy"] == "Delete"
    assert work.native["cloudformation"]["Metadata"] == {"Owner": VariableRef("stage")}
    assert (mystery.type, mystery.properties) == (
        "AWS::Mystery::Box",
        {"Queue": ResourceRef(work.address, ("id",))},
    )


def test_outputs_speak_of_the_models_attributes(result: ReadResult) -> None:
    (output,) = result.blueprint.outputs
    _, work, _ = result.blueprint.resources
    assert output.name == "work_arn"
    assert output.value == ResourceRef(work.address, ("arn",))
    assert output.condition == Binary("==", VariableRef("stage"), "prod")
    assert output.description == "The queue's ARN"


def test_nothing_is_lost_without_a_note(result: ReadResult) -> None:
    told = {(n.kind, n.address, n.path) for n in result.notes}
    assert told == {
        ("not_understood", "Transform", ""),
        ("no_counterpart", "Rules", ""),
        ("not_understood", "Resources.Fn::ForEach::Many", ""),
        ("not_understood", "Resources.Mystery", "Color"),
        ("not_understood", "Outputs.Broken", ""),
        ("not_understood", "Resources.Work", "Fifo"),
        ("passed_through", "Resources.Mystery", ""),
        ("no_counterpart", "Parameters.Stage", "ConstraintDescription"),
        ("no_counterpart", "Outputs.WorkArn", "Export"),
        ("approximated", "Parameters.Zones", "Type"),
        ("approximated", "Parameters.VpcId", "Type"),
    }
    assert all(n.origin.line is not None for n in result.notes)


def test_json_reads_as_yaml_does(result: ReadResult) -> None:
    template = {
        "Parameters": {"Stage": {"Type": "String", "Default": "\U0001f98a\u2028"}},
        "Resources": {
            "Q": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": {"Fn::Join": ["-", [{"Ref": "Stage"}, 1]]}},
            }
        },
    }
    for text in (json.dumps(template), json.dumps(template, indent="\t", ensure_ascii=False)):
        read = read_text(text, "q.json").blueprint
        assert read.variables[0].default == "\U0001f98a\u2028"
        assert read.resources[0].properties["name"] is not None
        assert read.resources[0].origin.line is not None


def test_two_parameters_of_one_name_become_two_variables() -> None:
    text = "Parameters: {AbC: {Type: String}, Ab_c: {Type: String}}\nResources: {}\n"
    names = [v.name for v in read_text(text).blueprint.variables]
    assert len(set(names)) == 2


def test_an_anchor_and_a_merge_key_are_followed() -> None:
    text = (
        "Resources:\n"
        "  A: &q {Type: AWS::SQS::Queue, Properties: &p {DelaySeconds: 5}}\n"
        "  B: *q\n"
        "  C: {Type: AWS::SQS::Queue, Properties: {<<: *p, QueueName: c}}\n"
    )
    delays = [r.properties["delay_seconds"] for r in read_text(text).blueprint.resources]
    assert delays == [5, 5, 5]


def test_an_output_of_what_was_folded_into_another_resource_is_unknown_and_noted() -> None:
    text = (
        "Resources:\n"
        "  B: {Type: AWS::S3::Bucket}\n"
        "  P: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref B, PolicyDocument: {A: b}}}\n"
        "Outputs: {Policy: {Value: !Ref P}, Bucket: {Value: !Ref B}}\n"
    )
    result = read_text(text)
    (resource,) = result.blueprint.resources
    policy, bucket = result.blueprint.outputs
    assert isinstance(policy.value, Unknown)
    assert bucket.value == ResourceRef(resource.address, ("id",))
    assert [(n.address, n.path) for n in result.notes] == [("Outputs.Policy", "Value")]


def test_a_list_of_policies_out_of_a_text_comes_back_as_it_was() -> None:
    text = """\
Parameters:
  Arns: {Type: String, Default: ""}
Conditions:
  Some: !Not [!Equals [!Ref Arns, ""]]
Resources:
  Worker:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
      ManagedPolicyArns: !If [Some, !Split [",", !Ref Arns], !Ref AWS::NoValue]
"""
    catalog = load_catalog()
    read = read_text(text, "t.yaml", catalog).blueprint
    (written,) = generate(read, "cloudformation", catalog).files.values()
    assert read_text(written, "t.yaml", catalog).blueprint.resources == read.resources
    assert "!Split" in written
