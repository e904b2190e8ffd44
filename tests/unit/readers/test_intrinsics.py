"""Every intrinsic function of CloudFormation, in both spellings, as an expression."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers import ReadResult, read_text
from dharma.core.errors import DharmaError
from dharma.model.expressions.nodes import Expression, Unknown, Value, VariableRef
from dharma.model.expressions.printer import print_expression

HEAD = """
Parameters:
  Stage: {Type: String, Default: dev}
  Names: {Type: CommaDelimitedList, Default: "a,b"}
  Count: {Type: Number, Default: "3"}
  Flag: {Type: String, AllowedValues: ["true", "false"], Default: "true"}
  Ami: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /aws/ami}
Mappings:
  Sizes:
    dev: {Type: t3.micro, Zones: [a, b]}
    prod: {Type: m5.large, Zones: [c]}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  NotDev: !Not [!Condition IsDev]
  Both: !And [!Condition NotDev, !Equals [!Ref Flag, "true"], !Equals [!Ref Count, 3]]
  Either: !Or [!Condition IsDev, !Equals [!Ref Flag, "false"]]
  Always: !Equals [a, a]
Resources:
  Net: {Type: "AWS::EC2::VPC", Properties: {CidrBlock: 10.0.0.0/16}}
  Other: {Type: "Custom::Thing", Properties: {V: VALUE}}
"""


def read(value: str) -> ReadResult:
    return read_text(HEAD.replace("VALUE", value), "t.yaml")


def property_of(result: ReadResult) -> Value:
    return next(r for r in result.blueprint.resources if r.name == "Other").properties.get("V")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("!Ref Stage", "var.stage"),
        ("{Ref: Net}", "aws_vpc.net.id"),
        ("!Ref AWS::NoValue", "null"),
        ("!Ref AWS::Region", "data.aws_region.current.name"),
        ("!Ref AWS::StackName", "deployment.name"),
        ("!Ref Ami", "data.aws_ssm_parameter.ami.value"),
        ("!GetAtt Net.CidrBlock", "aws_vpc.net.cidr_block"),
        ("{'Fn::GetAtt': [Net, CidrBlock]}", "aws_vpc.net.cidr_block"),
        ('!Sub "${Stage}-x"', '"${var.stage}-x"'),
        ('!Sub "${!Literal} ${Stage}"', '"$${Literal} ${var.stage}"'),
        ('!Sub "${Net.CidrBlock}/${AWS::AccountId}"',
         '"${aws_vpc.net.cidr_block}/${data.aws_caller_identity.current.account_id}"'),
        ('!Sub ["${A}-${Stage}", {A: !Ref Net}]', '"${aws_vpc.net.id}-${var.stage}"'),
        ('!Join ["-", [a, !Ref Stage, 3]]', '"a-${var.stage}-3"'),
        ('!Join ["", [a, b]]', '"ab"'),
        ('!Join [",", !Ref Names]', 'join(",", var.names)'),
        ('!Join ["-", [a, !If [IsDev, b, !Ref "AWS::NoValue"]]]',
         'join("-", ["a", var.stage == "dev" ? "b" : null])'),
        ('!Split [",", "a,b"]', '["a", "b"]'),
        ('!Select [1, !Split [",", !Ref Stage]]', 'split(",", var.stage)[1]'),
        ('!Select ["0", [x, y]]', '"x"'),
        ("!Select [0, !Ref Names]", "var.names[0]"),
        ("!Select [1, !GetAZs '']", "data.aws_availability_zones.available.names[1]"),
        ("!Select [1, {'Fn::GetAZs': !Ref 'AWS::Region'}]",
         "data.aws_availability_zones.available.names[1]"),
        ("!FindInMap [Sizes, !Ref Stage, Type]",
         '{ dev = "t3.micro", prod = "m5.large" }[var.stage]'),
        ("!FindInMap [Sizes, dev, Zones]", '["a", "b"]'),
        ("!FindInMap [Sizes, !Ref Stage, Nope, {DefaultValue: 1}]", "try({}[var.stage], 1)"),
        ("!Base64 abc", 'base64encode("abc")'),
        ("!Base64 {'Fn::Sub': '${Stage}'}", "base64encode(var.stage)"),
        ("!Select [1, !Cidr [10.0.0.0/16, 4, 8]]", 'cidrsubnet("10.0.0.0/16", 8, 1)'),
        ("!Select [2, !Cidr [!GetAtt Net.CidrBlock, 4, 8]]",
         'cidrsubnet(aws_vpc.net.cidr_block, '
         '24 - tonumber(split("/", aws_vpc.net.cidr_block)[1]), 2)'),
        ("!If [IsDev, 1, 2]", 'var.stage == "dev" ? 1 : 2'),
        ("!If [NotDev, 1, !Ref 'AWS::NoValue']", 'var.stage != "dev" ? 1 : null'),
        ("!If [Both, 1, 2]", 'var.stage != "dev" && var.flag && var.count == 3 ? 1 : 2'),
        ("!If [Either, 1, 2]", 'var.stage == "dev" || !var.flag ? 1 : 2'),
        ("!If [Always, 1, 2]", "1"),
        ("!ImportValue net-VpcId", "var.imported_net_vpcid"),
        ("!ToJsonString {a: !Ref Stage}", "jsonencode({ a = var.stage })"),
        ("!Length [a, b]", "2"),
        ("2012-10-17", '"2012-10-17"'),
        ("yes", "true"),
        ("012345678901", '"012345678901"'),
    ],
)  # fmt: skip
def test_a_function_becomes_an_expression(source: str, expected: str) -> None:
    assert print_expression(property_of(read(source))) == expected


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("!Transform {Name: x}", "Fn::Transform is not understood"),
        ("!Nonsense x", "Fn::Nonsense is not understood"),
        ("!Ref Gone", "there is no Gone"),
        ("!GetAtt Gone.Arn", "no resource Gone"),
        ("!GetAtt Net", "attribute is computed"),
        ("!GetAtt [Net, !Ref Stage]", "attribute is computed"),
        ("!GetAZs eu-west-1", "zones of another region"),
        ("!FindInMap [Gone, a, b]", "no mapping Gone"),
        ("!FindInMap [Sizes, gone, Type]", "has no gone"),
        ("!If [Gone, 1, 2]", "no condition Gone"),
        ("!Select [7, [a]]", "no element 7"),
        ("!Sub {a: 1}", "it takes a text"),
        ("!Join abc", "two arguments"),
        ("!Cidr [a, b]", "a block, a count"),
    ],
)
def test_what_is_not_understood_is_unknown_and_noted_with_its_line(source: str, why: str) -> None:
    result = read(source)
    value = property_of(result)
    assert isinstance(value, Unknown)
    notes = [n for n in result.notes if n.kind == "not_understood"]
    assert why in notes[0].message
    assert (notes[0].address, notes[0].origin.line) == ("Resources.Other", 20)


def conditions(section: str, used: str) -> Value:
    text = f"Conditions:\n{section}Resources:\n  T: {{Type: 'Custom::T', Condition: {used}}}\n"
    (resource,) = read_text(text).blueprint.resources
    return resource.condition


def test_a_condition_defined_by_itself_is_unknown() -> None:
    found = conditions("  A: !Not [!Condition B]\n  B: !Not [!Condition A]\n", "A")
    assert isinstance(found, Unknown)


def test_conditions_that_double_at_every_step_do_not_explode() -> None:
    section = "  C0: !Equals [!Ref AWS::Region, x]\n" + "".join(
        f"  C{n}: !And [!Condition C{n - 1}, !Condition C{n - 1}]\n" for n in range(1, 60)
    )
    assert isinstance(conditions(section, "C59"), Unknown)
    assert isinstance(conditions(section, "C3"), Expression)


def test_a_long_chain_of_conditions_does_not_overflow() -> None:
    section = "  C0: !Equals [!Ref AWS::Region, x]\n" + "".join(
        f"  C{n}: !Not [!Condition C{n - 1}]\n" for n in range(1, 3000)
    )
    assert isinstance(conditions(section, "C2999"), Unknown)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("!Equals [!Ref Stage, 2]", 'var.stage == "2"'),
        ("!Equals [true, !Ref Stage]", 'var.stage == "true"'),
        ("!Equals [!Ref AWS::AccountId, 123456789012]",
         'data.aws_caller_identity.current.account_id == "123456789012"'),
        ("!Equals [!Ref Flag, true]", "var.flag"),
        ("!Equals [!Ref Flag, false]", "!var.flag"),
        ('!Equals [!Ref Count, "3"]', "var.count == 3"),
    ],
)  # fmt: skip
def test_what_a_template_compares_as_text_is_compared_in_the_type_of_the_variable(
    condition: str, expected: str
) -> None:
    text = HEAD.replace("Conditions:\n", f"Conditions:\n  Own: {condition}\n")
    result = read_text(text.replace("V: VALUE}", "V: 1}, Condition: Own"), "t.yaml")
    other = next(r for r in result.blueprint.resources if r.name == "Other")
    assert print_expression(other.condition) == expected


NAMES = st.sampled_from(
    ["Ref", "Fn::Sub", "Fn::If", "Fn::Join", "Fn::Select", "Fn::GetAtt", "Fn::FindInMap", "Fn::And",
     "Fn::Cidr", "Fn::Split", "Fn::GetAZs", "Fn::ForEach::X", "Fn::Equals", "Condition", "Type",
     "Properties", "DependsOn", "Fn::ImportValue", "Fn::Base64", "Fn::Transform", "Tags", "Value",
     "Net", "Sizes", "IsDev", "Stage", "DeletionPolicy", "Metadata", "Default", "AllowedValues"]
)  # fmt: skip
WORDS = ["${Stage}", "${Net.Arn}", "${", "AWS::SQS::Queue", "10.0.0.0/8", "List<X>",
         "AWS::EC2::SecurityGroup", "AWS::S3::Bucket"]  # fmt: skip
LEAVES = st.one_of(
    NAMES,
    st.text(max_size=4),
    st.integers(-3, 3),
    st.none(),
    st.booleans(),
    st.sampled_from(WORDS),
)
TREES = st.recursive(
    LEAVES,
    lambda c: st.one_of(st.lists(c, max_size=4), st.dictionaries(NAMES, c, max_size=3)),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(TREES, TREES, TREES, TREES)
def test_no_template_crashes_the_reader(a: Any, b: Any, c: Any, d: Any) -> None:
    template = {
        "Parameters": {"Stage": a, "P": {"Type": "String", "Default": b}},
        "Conditions": {"IsDev": b, "C": c},
        "Mappings": {"Sizes": c},
        "Resources": {
            "Net": {"Type": "AWS::EC2::VPC", "Properties": d, "Condition": "IsDev"},
            "Group": {"Type": "AWS::EC2::SecurityGroup",
                      "Properties": {"VpcId": a, "Tags": b, "SecurityGroupIngress": c}},
            "Bucket": {"Type": "AWS::S3::Bucket", "DependsOn": a, "DeletionPolicy": b,
                       "Properties": {"BucketName": c, "VersioningConfiguration": d}},
            "X": a,
        },
        "Outputs": {"O": {"Value": d, "Condition": "C"}, "Q": b},
    }  # fmt: skip
    with contextlib.suppress(DharmaError):
        read_text(json.dumps(template), "t.json")


def test_an_output_of_another_stack_is_an_input() -> None:
    result = read_text(
        "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: "
        "{'Fn::GetStackOutput': {StackName: base, OutputName: Name}}}}}",
        "t.yaml",
    )
    assert [v.name for v in result.blueprint.variables] == ["imported_base_name"]
    [topic] = result.blueprint.resources
    assert topic.properties == {"name": VariableRef("imported_base_name")}


def test_a_look_up_that_finds_nothing_is_its_default() -> None:
    result = read_text(
        "Mappings: {M: {a: {b: c}}}\n"
        "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: "
        "{'Fn::FindInMap': [M, x, b, {DefaultValue: usual}]}}}}",
        "t.yaml",
    )
    [topic] = result.blueprint.resources
    assert topic.properties == {"name": "usual"}


def test_an_element_of_a_text_is_reported() -> None:
    result = read_text(
        "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: "
        "{'Fn::Select': [1, text]}}}}",
        "t.yaml",
    )
    assert [n.message for n in result.notes] == ["Fn::Select: it takes an index and a list"]


def test_a_condition_says_nothing_twice() -> None:
    result = read_text(
        "Parameters: {A: {Type: String}, B: {Type: String}}\n"
        "Conditions:\n"
        "  IsA: {'Fn::Equals': [{Ref: A}, x]}\n"
        "  IsBoth: {'Fn::And': [{Condition: IsA}, {'Fn::Equals': [{Ref: B}, y]}]}\n"
        "  Is: {'Fn::And': [{Condition: IsBoth}, {Condition: IsA}]}\n"
        "Resources: {T: {Type: 'AWS::SNS::Topic', Condition: Is}}",
        "t.yaml",
    )
    [topic] = result.blueprint.resources
    assert print_expression(topic.condition) == 'var.a == "x" && var.b == "y"'


def test_a_condition_that_compares_nothing_is_reported() -> None:
    result = read_text(
        "Conditions: {Odd: odd}\n"
        "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: "
        "{'Fn::If': [Odd, a, b]}}}}",
        "t.yaml",
    )
    assert [n.message for n in result.notes] == ["Fn::If: the condition Odd compares nothing"]
