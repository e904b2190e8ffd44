"""`Fn::ForEach` of the language extensions."""

from __future__ import annotations

from dharma.blueprint.readers import ReadResult, read_text
from dharma.model.expressions.nodes import ResourceRef

TEMPLATE = """\
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: "in-box,out-box"}
  Unsaid: {Type: CommaDelimitedList}
Mappings:
  Queues: {all: {names: [orders, returns]}}
Resources:
  Fn::ForEach::Topics:
    - Name
    - [orders, returns]
    - ${Name}Topic:
        Type: AWS::SNS::Topic
        Properties: {TopicName: !Sub "all-${Name}", DisplayName: !Ref Name}
  Fn::ForEach::Queues:
    - Name
    - !FindInMap [Queues, all, names]
    - ${Name}Queue: {Type: "AWS::SQS::Queue"}
  Fn::ForEach::Boxes:
    - Name
    - !Ref Names
    - "&{Name}Box": {Type: "AWS::S3::Bucket", Properties: {BucketName: "example-${Name}"}}
  Fn::ForEach::Others:
    - Name
    - !Ref Unsaid
    - ${Name}: {Type: "AWS::SQS::Queue"}
Outputs:
  Fn::ForEach::Shown:
    - Name
    - [orders, returns]
    - Fn::ForEach::Attributes:
        - Attribute
        - [TopicName, TopicArn]
        - ${Name}${Attribute}: {Value: !GetAtt [!Sub "${Name}Topic", !Ref Attribute]}
"""


def read(text: str = TEMPLATE) -> ReadResult:
    return read_text(text, "template.yaml")


def test_a_loop_is_a_resource_for_each_element() -> None:
    made = {r.address: r.properties for r in read().blueprint.resources}
    assert made["aws_sns_topic.returns"] == {"name": "all-returns", "display_name": "returns"}
    assert {"aws_sqs_queue.orders", "aws_sqs_queue.returns"} <= made.keys()


def test_a_loop_over_a_parameter_is_that_over_its_default_and_says_so() -> None:
    result = read()
    buckets = [r for r in result.blueprint.resources if r.type == "aws_s3_bucket"]
    assert [b.properties["bucket"] for b in buckets] == ["example-in-box", "example-out-box"]
    assert [b.origin.line for b in buckets] == [21, 21]
    [note] = [n for n in result.notes if "default of the parameter Names" in n.message]
    assert note.kind == "approximated"


def test_loops_may_stand_inside_of_loops() -> None:
    outputs = {o.name: o.value for o in read().blueprint.outputs}
    assert len(outputs) == 4
    assert outputs["returns_topic_arn"] == ResourceRef("aws_sns_topic.returns", ("arn",))


def test_a_loop_over_what_nobody_knows_is_reported() -> None:
    said = {f"{n.address}: {n.message}" for n in read().notes if n.kind == "not_understood"}
    assert said == {
        "Resources.Fn::ForEach::Others: the loop is not written out: what it goes over cannot be "
        "told"
    }


def test_without_the_transform_a_loop_is_reported() -> None:
    result = read(TEMPLATE.replace("Transform: AWS::LanguageExtensions\n", ""))
    assert result.blueprint.resources == ()
    assert any("does not ask for the transform" in n.message for n in result.notes)
