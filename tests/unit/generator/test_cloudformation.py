"""What each expression, variable and relation becomes in a template, and what cannot be one."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from dharma.blueprint.readers import read_text
from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.catalog.document import Document, Part
from dharma.core.errors import NotExpressible
from dharma.generator import GenerateOptions, generate, stack_parameters
from dharma.generator.targets.cloudformation import write_cloudformation
from dharma.model.blueprint import Blueprint, Lifecycle, Output, Resource, Variable
from dharma.model.expressions.nodes import ResourceRef, Unknown, Value
from dharma.model.expressions.parser import parse_expression

VARIABLES = (
    Variable("environment", default="dev"),
    Variable("flag", "bool", default=False),
    Variable("size", "number", default=3),
    Variable("names", "list(string)", default=["a", "b"]),
    Variable("key", default=None),
    Variable("amis", "map(string)", default={"a": "b"}),
)


class LongForm(yaml.SafeLoader):
    """Reads short tags as the maps that they stand for."""


def _long(loader: Any, suffix: str, node: yaml.Node) -> Any:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


LongForm.add_multi_constructor("!", _long)


def template(
    value: Value = None, *, parts: list[Part] | None = None, **fields: Any
) -> dict[str, Any]:
    bp = Blueprint("web", "1.0.0", "aws", variables=VARIABLES)
    arguments = {} if value is None else {"P": value}
    document = Document(
        "cloudformation",
        [Part("Thing", "AWS::X::Y", arguments, owner="x.thing"), *(parts or [])],
    )
    files, _ = write_cloudformation(bp, document, fields.pop("outputs", ()), **fields)
    read: dict[str, Any] = yaml.load(files["template.yaml"], Loader=LongForm)
    return read


def written(text: str) -> Any:
    return template(parse_expression(text))["Resources"]["Thing"]["Properties"]["P"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"plain"', "plain"),
        ("var.environment", {"Ref": "Environment"}),
        ("var.names", {"Ref": "Names"}),
        ("data.aws_region.current.name", {"Ref": "AWS::Region"}),
        ("data.aws_caller_identity.current.account_id", {"Ref": "AWS::AccountId"}),
        ("deployment.name", {"Ref": "AWS::StackName"}),
        ("data.aws_availability_zones.available.names", {"Fn::GetAZs": ""}),
        (
            "data.aws_availability_zones.available.names[1]",
            {"Fn::Select": [1, {"Fn::GetAZs": ""}]},
        ),
        ('"${var.environment}-assets"', {"Fn::Sub": "${Environment}-assets"}),
        ('"a $${b} ${var.environment}"', {"Fn::Sub": "a ${!b} ${Environment}"}),
        (
            '"$${ ${var.environment}"',
            {"Fn::Join": ["", ["${ ", {"Ref": "Environment"}]]},
        ),
        (
            '"cost: $${var.environment}$${!x}${var.environment}"',
            {"Fn::Join": ["", ["cost: ${var.environment}${!x}", {"Ref": "Environment"}]]},
        ),
        (
            '"x-${element(var.names, 0)}"',
            {"Fn::Sub": ["x-${Part1}", {"Part1": {"Fn::Select": [0, {"Ref": "Names"}]}}]},
        ),
        ('join("-", var.names)', {"Fn::Join": ["-", {"Ref": "Names"}]}),
        ('split(",", var.environment)[0]',
         {"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "Environment"}]}]}),
        ('base64encode("x ${var.environment}")',
         {"Fn::Base64": {"Fn::Sub": "x ${Environment}"}}),
        ('format("%s-%d", var.environment, var.size)', {"Fn::Sub": "${Environment}-${Size}"}),
        ('concat([1], [var.size])', [1, {"Ref": "Size"}]),
        ('merge({a = 1}, {b = var.size})', {"a": 1, "b": {"Ref": "Size"}}),
        ('jsonencode({a = var.environment, b = [1, true]})',
         {"Fn::Sub": '{"a":"${Environment}","b":[1,true]}'}),
        (
            'var.environment == "dev" ? 1 : var.size',
            {"Fn::If": ["EnvironmentIsDev", 1, {"Ref": "Size"}]},
        ),
        ('var.flag ? "on" : null', {"Fn::If": ["FlagIsTrue", "on", {"Ref": "AWS::NoValue"}]}),
        ("var.key", {"Fn::If": ["KeyIsSet", {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]}),
        ('{dev = 1, production = 3}[var.environment]',
         {"Fn::FindInMap": ["ByEnvironment", {"Ref": "Environment"}, "Value"]}),
        ('{eu-west-1 = {ami = "x"}}[data.aws_region.current.name]["ami"]',
         {"Fn::FindInMap": ["ByRegion", {"Ref": "AWS::Region"}, "ami"]}),
        ('cidrsubnet(var.environment, 24 - tonumber(split("/", var.environment)[1]), 2)',
         {"Fn::Select": [2, {"Fn::Cidr": [{"Ref": "Environment"}, 3, 8]}]}),
        ("[var.flag, null, 2]", [{"Ref": "Flag"}, 2]),
    ],
)  # fmt: skip
def test_an_expression_becomes_intrinsics(expression: str, expected: Any) -> None:
    assert written(expression) == expected


@pytest.mark.parametrize(
    ("condition", "name", "body"),
    [
        ('var.environment != "dev"', "EnvironmentIsNotDev",
         {"Fn::Not": [{"Fn::Equals": [{"Ref": "Environment"}, "dev"]}]}),
        ("var.flag", "FlagIsTrue", {"Fn::Equals": [{"Ref": "Flag"}, "true"]}),
        ("!var.flag", "FlagIsFalse", {"Fn::Equals": [{"Ref": "Flag"}, "false"]}),
        ("var.flag == false", "FlagIsFalse", {"Fn::Equals": [{"Ref": "Flag"}, "false"]}),
        ("var.size == 3", "SizeIs3", {"Fn::Equals": [{"Ref": "Size"}, "3"]}),
        ("var.key == null", "KeyIsNotSet", {"Fn::Equals": [{"Ref": "Key"}, ""]}),
        ('contains(["a", "b"], var.environment)', "EnvironmentIsAOrB",
         {"Fn::Or": [{"Fn::Equals": [{"Ref": "Environment"}, "a"]},
                     {"Fn::Equals": [{"Ref": "Environment"}, "b"]}]}),
        ('var.flag && var.environment == "dev" && var.size == 1',
         "FlagIsTrueAndEnvironmentIsDevAndSizeIs1",
         {"Fn::And": [{"Fn::Equals": [{"Ref": "Flag"}, "true"]},
                      {"Fn::Equals": [{"Ref": "Environment"}, "dev"]},
                      {"Fn::Equals": [{"Ref": "Size"}, "1"]}]}),
    ],
)  # fmt: skip
def test_a_condition_is_named_after_what_it_says(condition: str, name: str, body: Any) -> None:
    assert template(parse_expression(f"{condition} ? 1 : 2"))["Conditions"] == {name: body}


def test_equal_conditions_share_one_name_and_different_ones_never_do() -> None:
    twice = template(
        [parse_expression('var.environment == "a-b" ? 1 : 2'),
         parse_expression('var.environment == "a-b" ? 3 : 4'),
         parse_expression('var.environment == "ab" ? 1 : 2'),
         parse_expression('var.environment == "AB" ? 1 : 2')]
    )  # fmt: skip
    assert len(twice["Conditions"]) == 3


def test_more_than_ten_alternatives_are_grouped() -> None:
    values = ", ".join(f'"{n}"' for n in range(25))
    section = template(parse_expression(f"contains([{values}], var.environment) ? 1 : 2"))
    (body,) = section["Conditions"].values()
    assert len(body["Fn::Or"]) == 3
    assert all(len(group["Fn::Or"]) <= 10 for group in body["Fn::Or"])


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("upper(var.environment)", "no function upper"),
        ("var.size + 1", "no form for var.size [+] 1"),
        ("var.size > 1 ? 1 : 2", "a condition of CloudFormation"),
        ("var.amis", "var.amis is no parameter"),
        ("[for n in var.names : n]", "no form"),
        ("var.names[*]", "no form"),
        ("{(var.environment) = 1}", "no form"),
        ('"x ${[1]}"', "a list or a map inside text"),
        ("cidrsubnet(var.environment, 4, 1)", "cidrsubnet"),
        ("{a = 1}[var.size].b", "no form|holds literals"),
        ("local.x", "no form"),
    ],
)
def test_what_a_template_cannot_say_is_refused_with_its_path(expression: str, why: str) -> None:
    with pytest.raises(NotExpressible, match=rf"x\.thing\.P\.a\[1\].*({why})"):
        template({"a": [0, parse_expression(expression)]})


def test_an_unknown_value_is_refused_with_its_reason() -> None:
    with pytest.raises(NotExpressible, match=r"x\.thing\.P: the value is not known: later"):
        template(Unknown("later"))


CONDITION = parse_expression('var.environment == "dev"')
MAYBE = Part("Maybe", "AWS::X::Y", {}, condition=CONDITION, owner="x.maybe")


def test_a_reference_to_what_may_not_exist_is_conditional() -> None:
    properties = template(ResourceRef("Maybe", ("Arn",)), parts=[MAYBE])
    assert properties["Resources"]["Thing"]["Properties"]["P"] == {
        "Fn::If": ["EnvironmentIsDev", {"Fn::GetAtt": "Maybe.Arn"}, {"Ref": "AWS::NoValue"}]
    }


def test_an_element_of_an_attribute_is_selected() -> None:
    properties = template(ResourceRef("Thing", ("Dns", "Addresses", 0)))
    assert properties["Resources"]["Thing"]["Properties"]["P"] == {
        "Fn::Select": [0, {"Fn::GetAtt": "Thing.Dns.Addresses"}]
    }


def test_an_attribute_that_the_catalog_does_not_know_is_kept_for_the_format_that_it_is_of() -> None:
    source = """
Resources:
  Rule:
    Type: AWS::Config::ConfigRule
    Properties:
      Source: {Owner: AWS, SourceIdentifier: S3_BUCKET_VERSIONING_ENABLED}
Outputs:
  Compliance: {Value: !GetAtt Rule.Compliance.Type}
"""
    blueprint = read_text(source, "t.yaml").blueprint
    text = generate(blueprint, "cloudformation", load_catalog()).files["template.yaml"]
    assert "!GetAtt Rule.Compliance.Type" in text
    with pytest.raises(NotExpressible, match=r"Compliance\.Type cannot be referred to"):
        generate(blueprint, "terraform", load_catalog())


def test_a_template_without_a_resource_is_refused() -> None:
    with pytest.raises(NotExpressible, match="at least one resource"):
        generate(Blueprint("web", "1.0.0", "aws"), "cloudformation", load_catalog())


def test_what_is_said_for_another_format_alone_is_noted() -> None:
    native: dict[str, dict[str, Value]] = {
        "cloudformation": {"CreationPolicy": {}, "LogicalId": "Q"},
        "terraform": {"timeouts": {}},
    }
    queue = Resource("aws_sqs_queue", "q", native=native)
    bp = Blueprint("web", "1.0.0", "aws", resources=(queue,))
    notes = {
        target: [(n.path, n.message) for n in generate(bp, target, load_catalog()).warnings]
        for target in ("cloudformation", "terraform", "pulumi-python")
    }
    cloudformation = ("native.cloudformation", "CreationPolicy: said for CloudFormation alone")
    assert notes["terraform"] == [cloudformation]
    assert cloudformation in notes["pulumi-python"]
    assert notes["cloudformation"] == [("native.terraform", "timeouts: said for Terraform alone")]


def test_under_the_same_condition_it_is_plain() -> None:
    other = Part("Other", "AWS::X::Y", {"P": ResourceRef("Maybe")}, condition=CONDITION)
    read = template(parts=[MAYBE, other])
    assert read["Resources"]["Other"]["Properties"]["P"] == {"Ref": "Maybe"}
    assert read["Resources"]["Other"]["Condition"] == "EnvironmentIsDev"


def test_an_output_exists_where_what_it_shows_exists() -> None:
    outputs = (Output("arn", ResourceRef("Maybe", ("Arn",))),)
    assert template(parts=[MAYBE], outputs=outputs)["Outputs"]["Arn"] == {
        "Condition": "EnvironmentIsDev",
        "Value": {"Fn::GetAtt": "Maybe.Arn"},
    }


def test_a_list_in_an_output_is_joined() -> None:
    outputs = (Output("ids", [ResourceRef("Thing"), ResourceRef("Thing")]),)
    value = template(outputs=outputs)["Outputs"]["Ids"]["Value"]
    assert value == {"Fn::Join": [",", [{"Ref": "Thing"}, {"Ref": "Thing"}]]}


def test_what_is_awaited_and_referred_to_is_said_once() -> None:
    parts = [
        Part("A", "AWS::X::Y", {}),
        Part("B", "AWS::X::Y", {"P": ResourceRef("A")}, depends_on=("A", "Thing")),
        Part("C", "AWS::X::Y", {}, depends_on=("A", "B")),
    ]
    resources = template(parts=parts)["Resources"]
    assert resources["B"]["DependsOn"] == ["Thing"]
    assert resources["C"]["DependsOn"] == ["B"]


def test_a_resource_of_which_only_a_value_is_written_is_awaited_all_the_same() -> None:
    part = Part("A", "AWS::X::Y", {"P": "a value of it"}, order_only=("Thing",))
    assert template(parts=[part])["Resources"]["A"]["DependsOn"] == ["Thing"]


def test_what_must_not_be_destroyed_is_retained() -> None:
    part = Part("Kept", "AWS::X::Y", {}, lifecycle=Lifecycle(prevent_destroy=True))
    kept = template(parts=[part])["Resources"]["Kept"]
    assert kept["DeletionPolicy"] == kept["UpdateReplacePolicy"] == "Retain"


def test_native_additions_stand_where_they_belong() -> None:
    native: dict[str, Value] = {"UpdateReplacePolicy": "Snapshot", "Engine": "x"}
    part = Part("N", "AWS::X::Y", {"Engine": "y", "Z": 1}, native=native)
    assert template(parts=[part])["Resources"]["N"] == {
        "Type": "AWS::X::Y",
        "UpdateReplacePolicy": "Snapshot",
        "Properties": {"Engine": "x", "Z": 1},
    }


def test_parameters_carry_their_constraints() -> None:
    bp = load_blueprint(
        """
apiVersion: dharma/v1
kind: Blueprint
name: web
version: 1.0.0
provider: aws
variables:
  - {name: account, type: string, pattern: "^[0-9]{12}$", sensitive: true, description: Whose}
  - {name: size, type: number, default: 2, min: 1, max: 5}
  - {name: stage, type: string, default: dev, allowed: [dev, prod]}
  - {name: zones, type: list(string), default: [a, b]}
  - {name: deep, type: bool, default: true}
resources:
  - {name: q, type: aws_sqs_queue, properties: {}}
"""
    )
    files = generate(bp, "cloudformation", load_catalog()).files
    read = yaml.load(files["template.yaml"], Loader=LongForm)
    assert read["Parameters"] == {
        "Account": {"Type": "String", "Description": "Whose", "AllowedPattern": "^[0-9]{12}$",
                    "NoEcho": True},
        "Size": {"Type": "Number", "Default": 2, "MinValue": 1, "MaxValue": 5},
        "Stage": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]},
        "Zones": {"Type": "CommaDelimitedList", "Default": "a,b"},
        "Deep": {"Type": "String", "Default": "true", "AllowedValues": ["true", "false"]},
    }  # fmt: skip
    assert stack_parameters(bp, {"size": 3, "zones": ["x"], "deep": False, "other": 1}) == [
        {"ParameterKey": "Size", "ParameterValue": "3"},
        {"ParameterKey": "Zones", "ParameterValue": "x"},
        {"ParameterKey": "Deep", "ParameterValue": "false"},
    ]


def test_a_secret_is_never_shown_in_an_output() -> None:
    bp = load_blueprint(
        """
apiVersion: dharma/v1
kind: Blueprint
name: web
version: 1.0.0
provider: aws
variables: [{name: secret, type: string, sensitive: true}]
resources:
  - {name: q, type: aws_sqs_queue, properties: {}}
outputs:
  - {name: leak, value: "x-${var.secret}", sensitive: true}
  - {name: where, value: "${aws_sqs_queue.q.arn}", sensitive: true}
"""
    )
    code = generate(bp, "cloudformation", load_catalog())
    read = yaml.load(code.files["template.yaml"], Loader=LongForm)
    assert list(read["Outputs"]) == ["Where"]
    assert [(n.kind, n.address) for n in code.warnings] == [
        ("no_counterpart", "outputs.leak"),
        ("no_counterpart", "outputs.where"),
    ]


def test_over_five_hundred_resources_are_nested_stacks_and_a_warning() -> None:
    document = Document("cloudformation", [Part(f"R{n}", "AWS::X::Y", {}) for n in range(501)])
    files, notes = write_cloudformation(Blueprint("web", "1.0.0", "aws"), document, ())
    assert len(files) > 2
    assert all(path.startswith("stacks/") for path in files if path != "template.yaml")
    assert "501 resources" in notes[0].message


def test_another_clouds_blueprint_is_refused() -> None:
    bp = Blueprint("net", "1.0.0", "gcp")
    with pytest.raises(NotExpressible, match="gcp"):
        generate(bp, "cloudformation", load_catalog())


def test_json_is_a_template_too() -> None:
    bp = Blueprint("web", "1.0.0", "aws", resources=(Resource("aws_sqs_queue", "q"),))
    files = generate(bp, "cloudformation", load_catalog(), GenerateOptions(json=True)).files
    assert list(files) == ["template.json"]
