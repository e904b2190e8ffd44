"""A document in the shape of a Terraform plan, as policies for plans expect it."""

from __future__ import annotations

import json

from dharma.catalog.document import Document, Part
from dharma.catalog.plan_shape import instance_of, plan_shape
from dharma.model.expressions.nodes import (
    Ambient,
    Call,
    Index,
    ResourceRef,
    Template,
    Unknown,
    VariableRef,
)

DOCUMENT = Document(
    "terraform",
    [
        Part("aws_s3_bucket.a[0]", "aws_s3_bucket", {"bucket": "a", "force_destroy": None}),
        Part(
            "aws_s3_bucket_policy.a",
            "aws_s3_bucket_policy",
            {
                "bucket": ResourceRef("aws_s3_bucket.a", ("id",), 0),
                "policy": Call("jsonencode", ({"Version": "2012-10-17"},)),
                "x": [{"y": Unknown("later"), "z": 1}, {"z": 2}],
                "t": Template((VariableRef("stage"), "-", Ambient("region"))),
                "zone": Index(Ambient("availability_zones"), 1),
            },
            depends_on=("aws_s3_bucket.a[0]",),
        ),
    ],
)


def test_known_values_and_unknown_ones_are_kept_apart() -> None:
    change = plan_shape(DOCUMENT)["resource_changes"][1]
    assert change["address"] == "aws_s3_bucket_policy.a"
    assert change["provider_name"] == "registry.terraform.io/hashicorp/aws"
    assert change["change"]["actions"] == ["create"]
    assert change["change"]["after"] == {
        "policy": '{"Version":"2012-10-17"}',
        "x": [{"z": 1}, {"z": 2}],
    }
    assert change["change"]["after_unknown"] == {
        "bucket": True,
        "x": [{"y": True}, {}],
        "t": True,
        "zone": True,
    }


def test_configuration_names_what_is_referred_to_with_its_prefixes() -> None:
    bucket, policy = plan_shape(DOCUMENT)["configuration"]["root_module"]["resources"]
    assert bucket["address"] == "aws_s3_bucket.a"
    assert bucket["expressions"] == {"bucket": {"constant_value": "a"}}
    assert policy["depends_on"] == ["aws_s3_bucket.a"]
    assert policy["expressions"]["bucket"] == {
        "references": ["aws_s3_bucket.a[0].id", "aws_s3_bucket.a[0]", "aws_s3_bucket.a"]
    }
    assert policy["expressions"]["t"] == {
        "references": ["var.stage", "data.aws_region.current.region"]
    }
    assert policy["expressions"]["zone"]["references"][0] == (
        "data.aws_availability_zones.available.names[1]"
    )


def test_planned_values_carry_the_instance_key() -> None:
    shape = plan_shape(DOCUMENT)
    first = shape["planned_values"]["root_module"]["resources"][0]
    assert (first["address"], first["name"], first["index"]) == ("aws_s3_bucket.a[0]", "a", 0)
    assert first["values"] == {"bucket": "a"}


def test_actions_are_those_of_the_plan() -> None:
    actions = {"aws_s3_bucket.a[0]": ["delete", "create"]}
    changes = plan_shape(DOCUMENT, actions)["resource_changes"]
    assert [c["change"]["actions"] for c in changes] == [["delete", "create"], ["create"]]


def test_the_shape_is_plain_json() -> None:
    assert json.loads(json.dumps(plan_shape(DOCUMENT))) == plan_shape(DOCUMENT)


def test_an_instance_key_may_be_any_text() -> None:
    assert instance_of('a.b["x\\"]y"]') == ("a.b", 'x"]y')
    assert instance_of("a.b[12]") == ("a.b", 12)
    assert instance_of("a.b") == ("a.b", None)
