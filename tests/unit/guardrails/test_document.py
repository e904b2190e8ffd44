"""The document that policies see."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.catalog.catalog import Catalog
from dharma.catalog.loading import load_kind_data
from dharma.guardrails.document import analysis_document
from dharma.guardrails.plain import SENSITIVE, Plain
from dharma.model.blueprint import ResolvedBlueprint, ResourceInstance
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    ResourceRef,
    Template,
    Unknown,
    Value,
)
from dharma.model.origin import Origin

CATALOG = Catalog(load_kind_data())
KEY = ResourceRef("aws_kms_key.data", ("arn",))
LATER = Unknown("known after apply")


def _instance(kind: str, properties: dict[str, Value], **more: Any) -> ResourceInstance:
    name = more.pop("name", "a")
    return ResourceInstance(f"{kind}.{name}", kind, name, properties, **more)


def _document(*resources: ResourceInstance, **more: Any) -> dict[str, Any]:
    resolved = ResolvedBlueprint("web", "1.0.0", "aws", resources, **more.pop("resolved", {}))
    return analysis_document(resolved, CATALOG, **{"plan_shape": False, **more})


def _plain(kind: str, properties: dict[str, Value]) -> tuple[dict[str, Any], dict[str, str]]:
    declared = CATALOG.kind(kind)
    assert declared is not None
    plain = Plain(properties, declared.properties)
    return plain.properties, plain.unknown


def test_a_resource_tells_where_it_was_written() -> None:
    instance = _instance("aws_sqs_queue", {"name": "jobs"}, origin=Origin("web.yaml", 12, 3))
    (queue,) = _document(instance)["resources"]["aws_sqs_queue"]
    assert queue == {
        "address": "aws_sqs_queue.a",
        "name": "a",
        "kind": "aws_sqs_queue",
        "file": "web.yaml",
        "line": 12,
        "properties": {"name": "jobs"},
        "unknown": {},
    }


def test_a_type_without_a_kind_stands_there_with_its_raw_arguments() -> None:
    (thing,) = _document(_instance("aws_frobnicator", {"x": {"y": LATER}}))["resources"][
        "aws_frobnicator"
    ]
    assert (thing["properties"], thing["unknown"]) == ({"x": {}}, {"x.y": "known after apply"})


VALUES: list[tuple[str, Value, Any, dict[str, str]]] = [
    ("absent", None, None, {}),
    ("a reference", KEY, "aws_kms_key.data", {}),
    ("an instance of a loop", ResourceRef("aws_kms_key.k", ("arn",), 0), "aws_kms_key.k[0]", {}),
    ("a keyed instance", ResourceRef("aws_kms_key.k", (), "eu"), 'aws_kms_key.k["eu"]', {}),
    ("unknown", LATER, None, {"kms_master_key_id": "known after apply"}),
    (
        "text with a reference",
        Template((ResourceRef("aws_s3_bucket.b", ("arn",)), "/*")),
        "${aws_s3_bucket.b.arn}/*",
        {},
    ),
    (
        "text with the account",
        Template(("arn:aws:iam::", Ambient("account_id"), ":root")),
        "arn:aws:iam::${account_id}:root",
        {},
    ),
    (
        "text with something unknown",
        Template(("alias/", LATER)),
        None,
        {"kms_master_key_id": "known after apply"},
    ),
    (
        "a place of deployment alone",
        Ambient("region"),
        None,
        {"kms_master_key_id": "depends on the place of deployment (region)"},
    ),
    (
        "a function of a reference",
        Call("upper", (KEY,)),
        None,
        {"kms_master_key_id": "depends on aws_kms_key.data.arn"},
    ),
    ("a choice of one thing", Conditional(LATER, KEY, KEY), "aws_kms_key.data", {}),
    (
        "a choice of two things",
        Conditional(LATER, KEY, "alias/aws/sqs"),
        None,
        {"kms_master_key_id": "known after apply; depends on aws_kms_key.data.arn"},
    ),
]


@pytest.mark.parametrize(
    ("value", "plain", "unknown"), [v[1:] for v in VALUES], ids=[v[0] for v in VALUES]
)
def test_a_value_is_known_or_its_reason_is(
    value: Value, plain: Any, unknown: dict[str, str]
) -> None:
    expected = {} if plain is None else {"kms_master_key_id": plain}
    assert _plain("aws_sqs_queue", {"kms_master_key_id": value}) == (expected, unknown)


def test_elements_keep_their_places_when_one_is_unknown() -> None:
    rules: Value = [
        {"protocol": "tcp", "cidr_ipv4": LATER},
        LATER,
        {"protocol": "tcp", "cidr_ipv4": "10.0.0.0/8", "description": None},
    ]
    assert _plain("aws_security_group", {"ingress": rules}) == (
        {
            "ingress": [
                {"protocol": "tcp"},
                None,
                {"protocol": "tcp", "cidr_ipv4": "10.0.0.0/8"},
            ]
        },
        {"ingress.0.cidr_ipv4": "known after apply", "ingress.1": "known after apply"},
    )


def test_a_secret_does_not_leave_the_model_but_its_presence_does() -> None:
    plain, unknown = _plain("aws_db_instance", {"password": "hunter22!"})
    assert (plain, unknown) == ({"password": SENSITIVE}, {})
    assert _plain("aws_db_instance", {"password": LATER})[1] == {"password": "known after apply"}
    document = _document(resolved={"variables": {"p": "hunter22!"}, "sensitive": frozenset({"p"})})
    assert document["blueprint"]["variables"] == {"p": SENSITIVE}


def test_a_document_is_read_whether_it_was_written_as_data_text_or_jsonencode() -> None:
    statement: Value = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": KEY}]}
    plain = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "aws_kms_key.data"}]}
    assert _plain("aws_s3_bucket", {"policy": statement}) == ({"policy": plain}, {})
    assert _plain("aws_s3_bucket", {"policy": Call("jsonencode", (statement,))})[0] == {
        "policy": plain
    }
    assert _plain("aws_s3_bucket", {"policy": json.dumps(plain)})[0] == {"policy": plain}
    assert _plain("aws_s3_bucket", {"policy": "no json"})[0] == {"policy": "no json"}


def test_the_account_stands_for_itself_in_a_document() -> None:
    policy: Value = {"Condition": {"StringEquals": {"aws:SourceAccount": Ambient("account_id")}}}
    plain = {"Condition": {"StringEquals": {"aws:SourceAccount": "${account_id}"}}}
    assert _plain("aws_s3_bucket", {"policy": policy}) == ({"policy": plain}, {})


def test_a_resource_that_may_not_exist_says_so() -> None:
    (queue,) = _document(_instance("aws_sqs_queue", {}, exists=None))["resources"]["aws_sqs_queue"]
    assert queue["uncertain"] == "the condition is not known yet"


def test_changes_that_end_what_keeps_data_are_marked() -> None:
    changes = [
        {"address": "aws_s3_bucket.a", "kind": "aws_s3_bucket", "action": "replace"},
        {"address": "aws_s3_bucket.b", "kind": "aws_s3_bucket", "action": "update"},
        {"address": "aws_subnet.c", "kind": "aws_subnet", "action": "delete"},
        {"address": "aws_new.d", "kind": "aws_new", "action": "delete"},
    ]
    marked = _document(plan={"changes": changes})["plan"]["changes"]
    assert [c["losesData"] for c in marked] == [True, False, False, False]


def test_terraforms_shape_stands_beside_it_with_unknowns_and_references() -> None:
    document = _document(
        _instance("aws_kms_key", {"enable_key_rotation": True}, name="data"),
        _instance(
            "aws_s3_bucket",
            {"bucket": "b", "server_side_encryption": {"algorithm": "aws:kms", "kms_key": KEY}},
        ),
        _instance("aws_db_instance", {"instance_class": "db.t3.micro", "password": "hunter22!"}),
        plan_shape=True,
        plan={
            "changes": [
                {"address": "aws_kms_key.data", "kind": "aws_kms_key", "action": "no-op"},
                {"address": "aws_s3_bucket.a", "kind": "aws_s3_bucket", "action": "replace"},
            ]
        },
    )
    changes = {c["address"]: c for c in document["resource_changes"]}
    types = {c["type"] for c in document["resource_changes"]}
    assert types == {
        "aws_kms_key",
        "aws_s3_bucket",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_db_instance",
    }
    assert changes["aws_kms_key.data"]["change"]["actions"] == ["no-op"]
    assert changes["aws_s3_bucket.a"]["change"]["actions"] == ["delete", "create"]
    assert changes["aws_db_instance.a"]["change"]["actions"] == ["create"]
    assert changes["aws_s3_bucket.a"]["change"]["after"] == {"bucket": "b"}
    assert "hunter22!" not in json.dumps(document)
    configured = {r["type"] for r in document["configuration"]["root_module"]["resources"]}
    assert configured == types


def test_instances_of_a_loop_keep_their_addresses_in_terraforms_shape() -> None:
    instances = [
        ResourceInstance(f"aws_sqs_queue.q[{i}]", "aws_sqs_queue", "q", {"name": f"q{i}"}, key=i)
        for i in range(2)
    ]
    changes = _document(*instances, plan_shape=True)["resource_changes"]
    assert [c["address"] for c in changes] == ["aws_sqs_queue.q[0]", "aws_sqs_queue.q[1]"]


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-9, 9),
        st.text(max_size=4),
        st.builds(Unknown, st.just("later")),
        st.builds(ResourceRef, st.just("aws_x.y"), st.just(("id",))),
        st.builds(Binary, st.just("+"), st.integers(0, 3), st.builds(Unknown, st.just("later"))),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=12,
)


def _at(plain: Any, path: list[str]) -> Any:
    for step in path:
        plain = plain[int(step)] if isinstance(plain, list) else plain[step]
    return plain


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["bucket", "tags", "x"]), values, max_size=3))
def test_every_value_is_json_and_every_unknown_path_leads_to_its_gap(
    properties: dict[str, Value],
) -> None:
    plain = Plain(properties, {})
    assert json.loads(json.dumps(plain.properties)) == plain.properties
    for path in plain.unknown:
        *parents, last = path.split(".")
        owner = _at(plain.properties, parents)
        assert owner[int(last)] is None if isinstance(owner, list) else last not in owner


def test_a_part_of_what_is_elsewhere_is_seen_as_its_owner_and_as_itself() -> None:
    statement: dict[str, Value] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    arguments: dict[str, Value] = {
        "PolicyName": "all",
        "Users": [LATER],
        "PolicyDocument": {"Statement": [statement]},
    }
    resources = _document(_instance("AWS::IAM::Policy", arguments))["resources"]
    assert sorted(resources) == ["AWS::IAM::Policy", "aws_iam_user"]
    (user,) = resources["aws_iam_user"]
    assert (user["address"], user["only"]) == ("AWS::IAM::Policy.a", ["inline_policy"])
    assert user["properties"] == {
        "inline_policy": [{"name": "all", "policy": {"Statement": [statement]}}]
    }
    assert user["unknown"]["name"] == "what it belongs to is not in this document"


def test_a_rule_of_a_security_group_that_is_named_is_seen_too() -> None:
    rule: dict[str, Value] = {"GroupName": "web", "IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
    (group,) = _document(_instance("AWS::EC2::SecurityGroupIngress", rule))["resources"][
        "aws_security_group"
    ]
    assert group["properties"] == {"ingress": [{"protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}]}


def test_what_is_a_part_of_nothing_known_is_seen_as_itself_alone() -> None:
    stack = _instance("AWS::CloudFormation::Stack", {"TemplateURL": "https://example.com"})
    assert list(_document(stack)["resources"]) == ["AWS::CloudFormation::Stack"]
