"""Intrinsics, worked out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dharma.adapters.clouds.cloudformation_template import Surroundings, Template
from dharma.core.errors import DeploymentFailed, InvalidTemplate

ATTRIBUTES = {("Queue", "Arn"): "arn:queue", ("Lb", "DNSName"): "lb.example"}


def surroundings() -> Surroundings:
    def ref(name: str) -> str:
        if name == "Nothing":
            raise DeploymentFailed("Nothing does not exist")
        return f"id-of-{name}"

    return Surroundings(
        pseudo={"AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012"},
        zones=lambda region: [f"{region}a", f"{region}b"],
        ref=ref,
        attribute=lambda name, attribute: ATTRIBUTES[name, attribute],
        stored={"/ami": "ami-1"}.__getitem__,
        exported={"shared-vpc": "vpc-1"}.__getitem__,
    )


def worked_out(node: Any, *, reveal: bool = True, **given: str) -> Any:
    document = {
        "Parameters": {
            "Name": {"Type": "String", "Default": "web"},
            "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
            "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/ami"},
            "Word": {"Type": "String", "NoEcho": "true"},
        },
        "Mappings": {"Sizes": {"eu-west-1": {"small": "t3.micro"}}},
        "Conditions": {
            "IsWeb": {"Fn::Equals": [{"Ref": "Name"}, "web"]},
            "IsNot": {"Fn::Not": [{"Condition": "IsWeb"}]},
            "Both": {"Fn::And": [{"Condition": "IsWeb"}, {"Condition": "IsNot"}]},
            "One": {"Fn::Or": [{"Condition": "IsWeb"}, {"Condition": "IsNot"}]},
            "HasWord": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Word"}, ""]}]},
        },
        "Resources": {},
    }
    template = Template.parse(json.dumps(document), {"Word": "s3cret", **given})
    return template.evaluation(surroundings(), reveal=reveal).value(node)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"Ref": "Name"}, "web"),
        ({"Ref": "Zones"}, ["a", "b"]),
        ({"Ref": "Image"}, "ami-1"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "Queue"}, "id-of-Queue"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:queue"),
        ({"Fn::GetAtt": "Queue.Arn"}, "arn:queue"),
        (
            {"Fn::Sub": "${Name}-${AWS::Region}-${Queue.Arn}-${!Kept}"},
            "web-eu-west-1-arn:queue-${Kept}",
        ),
        ({"Fn::Sub": ["${a}/${Name}", {"a": {"Ref": "Queue"}}]}, "id-of-Queue/web"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}, 1, True]]}, "a-web-1-true"),
        ({"Fn::Select": ["1", {"Fn::GetAZs": ""}]}, "eu-west-1b"),
        ({"Fn::Select": [0, {"Fn::Split": ["/", "x/y"]}]}, "x"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "small"]}, "t3.micro"),
        ({"Fn::ImportValue": "shared-vpc"}, "vpc-1"),
        ({"Fn::Base64": {"Ref": "Name"}}, "d2Vi"),
        ({"Fn::If": ["IsWeb", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsNot", "yes", {"Ref": "Name"}]}, "web"),
        ({"Fn::If": ["Both", 1, 2]}, 2),
        ({"Fn::If": ["One", 1, 2]}, 1),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": [1]}),
    ],
)
def test_each_intrinsic_gives_its_value(node: Any, expected: Any) -> None:
    assert worked_out(node) == expected


def test_a_given_value_wins_over_the_default() -> None:
    assert worked_out({"Fn::Sub": "${Name}"}, Name="other") == "other"


@pytest.mark.parametrize(
    ("node", "shown", "revealed"),
    [
        ({"Ref": "Word"}, {"Ref": "Word"}, "s3cret"),
        (
            {"Fn::Sub": "user:${Word}@${Name}"},
            {"Fn::Join": ["", ["user:", {"Ref": "Word"}, "@", "web", ""]]},
            "user:s3cret@web",
        ),
        (
            {"Fn::Base64": {"Fn::Sub": "${Word}"}},
            {"Fn::Base64": {"Fn::Join": ["", ["", {"Ref": "Word"}, ""]]}},
            "czNjcmV0",
        ),
        ({"Fn::If": ["HasWord", 1, 2]}, 1, 1),
    ],
)
def test_a_secret_stays_a_reference_in_what_is_shown(node: Any, shown: Any, revealed: Any) -> None:
    assert worked_out(node, reveal=False) == shown
    assert worked_out(node) == revealed
    # What is shown means the same.
    assert worked_out(shown) == revealed


@pytest.mark.parametrize(
    ("node", "error"),
    [
        ({"Fn::Transform": {}}, InvalidTemplate),
        ({"Fn::If": ["Missing", 1, 2]}, InvalidTemplate),
        ({"Ref": "Nothing"}, DeploymentFailed),
    ],
)
def test_what_cannot_be_worked_out_is_an_error(node: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        worked_out(node)


def test_resources_come_behind_what_they_refer_to() -> None:
    resources = {
        "A": {"Type": "T", "Properties": {"x": {"Fn::Sub": "${C.Arn}-${Local}"}}},
        "B": {"Type": "T", "DependsOn": "A"},
        "C": {"Type": "T", "Properties": {"x": [{"Fn::GetAtt": ["D", "Arn"]}]}},
        "D": {"Type": "T"},
    }
    template = Template.parse(json.dumps({"Resources": resources}), {})
    assert template.order() == ["D", "C", "A", "B"]


def test_a_circle_is_named() -> None:
    resources = {"A": {"Type": "T", "DependsOn": ["B"]}, "B": {"Type": "T", "DependsOn": ["A"]}}
    with pytest.raises(InvalidTemplate, match="A -> B -> A"):
        Template.parse(json.dumps({"Resources": resources}), {}).order()
