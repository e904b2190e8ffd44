"""Faults that need the catalog or the whole blueprint: each one named, placed and with a hint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dharma.blueprint import validation
from dharma.blueprint.source import load_blueprint
from dharma.blueprint.validation import review, validate
from dharma.catalog import load_catalog
from dharma.core.errors import Fault
from dharma.model.blueprint import Blueprint, Resource, Variable
from dharma.model.expressions.nodes import ResourceRef

HEAD = "apiVersion: dharma/v1\nkind: Blueprint\nname: web\nversion: 1.0.0\nprovider: aws\n"
EXAMPLES = sorted(Path(__file__).parents[3].glob("examples/**/*.yaml"))


def faults(body: str) -> list[str]:
    return [str(f) for f in validate(load_blueprint(HEAD + body), load_catalog())]


def resource(properties: str, more: str = "", type: str = "aws_s3_bucket") -> list[str]:
    """Faults of one resource with these properties, in flow style; `name` is "a"."""
    return faults(f"resources:\n- {{name: a, type: {type}, properties: {properties}{more}}}\n")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_the_examples_are_valid(path: Path) -> None:
    assert validate(load_blueprint(path.read_bytes(), path.name), load_catalog()) == []


PROPERTIES: list[tuple[str, str, str]] = [
    ("{buckets: x}", "aws_s3_bucket", "unknown property 'buckets' (did you mean bucket?)"),
    ("{versionin: {enabled: true}}", "aws_s3_bucket", "(did you mean versioning?)"),
    ("{versioning: {enable: true}}", "aws_s3_bucket",
     "resources.aws_s3_bucket.a.properties.versioning.enable: unknown property 'enable'"
     " (did you mean enabled?)"),
    ("{arn: x}", "aws_s3_bucket", "arn is given by the cloud and cannot be set"),
    ("{versioning: true}", "aws_s3_bucket", "a bool where an object should be"),
    ("{versioning: {enabled: maybe}}", "aws_s3_bucket", "a string 'maybe' where a bool should be"),
    ("{tags: [a]}", "aws_s3_bucket", "a list where a map(string) should be"),
    ("{tags: {a: [b]}}", "aws_s3_bucket", "properties.tags.a: a list where a string should be"),
    ("{tags: {version: 1.10}}", "aws_s3_bucket",
     "a number where a string should be (quote it)"),
    ("{lifecycle_rules: {id: x}}", "aws_s3_bucket", "a map where a list(object) should be"),
    ("{lifecycle_rules: [{id: x}]}", "aws_s3_bucket",
     "properties.lifecycle_rules[0].enabled: enabled is missing"),
    ("{policy: 'not json'}", "aws_s3_bucket", "no JSON document"),
    ("{acl: publik-read}", "aws_s3_bucket",
     "'publik-read' is not allowed (did you mean public-read?)"),
    ("{server_side_encryption: {algorithm: rot13}}", "aws_s3_bucket",
     "'rot13' is not allowed (one of AES256, aws:kms, aws:kms:dsse)"),
    ('{acl: "${true ? "private" : "publik-read"}"}'.replace('"private"', "'private'"),
     "aws_s3_bucket", ""),
    ("{}", "aws_subnet", "vpc_id is missing"),
    ("{vpc_id: null}", "aws_subnet", "vpc_id is null"),
    ("{enable_key_rotation: 3}", "aws_kms_key", "a number where a bool should be"),
    ("{deletion_window_in_days: soon}", "aws_kms_key",
     "a string 'soon' where a number should be"),
    ('{deletion_window_in_days: "${[1]}"}', "aws_kms_key", "a list where a number should be"),
    ('{tags: "${var.x}"}', "aws_kms_key", "there is no variable 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("properties", "type", "message"), [p for p in PROPERTIES if p[2]])
def test_a_property_that_does_not_fit_its_kind(properties: str, type: str, message: str) -> None:
    found = resource(properties, type=type)
    assert any(message in fault for fault in found), found


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("${var.names}", "a list where a string should be"),
        ('${var.on ? "a" : var.names}', "a list where a string should be"),
        ('${split(",", "a")}', "a list where a string should be"),
        ("${aws_lb.web.arn}", None),
        ("${var.size}", None),
        ("${[for n in var.names : n]}", "a list where a string should be"),
        ("${var.names[0]}", None),
        ("${upper(var.names)}", None),
        ("${aws_autoscaling_group.g.vpc_zone_identifier}", "a set where a string should be"),
    ],
)
def test_the_type_of_an_expression_is_inferred(value: str, message: str | None) -> None:
    body = f"""\
variables:
- {{name: names, type: list(string), default: []}}
- {{name: size, type: number, default: 1}}
- {{name: on, type: bool, default: true}}
resources:
- name: web
  type: aws_lb
- name: g
  type: aws_autoscaling_group
  properties: {{min_size: 1, max_size: 2, vpc_zone_identifier: []}}
- name: a
  type: aws_s3_bucket
  properties:
    bucket: '{value}'
"""
    found = [f for f in faults(body) if "aws_s3_bucket.a" in f]
    if message is None:
        assert not [f for f in found if "where" in f], found
    else:
        assert any(message in fault for fault in found), found


REFERENCES: list[tuple[str, str]] = [
    ("${aws_kms_key.b.arn}", "there is no resource aws_kms_key.b (did you mean aws_kms_key.k?)"),
    ("${aws_kms_key.k.arm}", "aws_kms_key.k has no attribute 'arm' (did you mean arn?)"),
    ("${aws_sqs_queue.q.arn}", "aws_sqs_queue.q is a loop with several instances"),
    ("${aws_kms_key.k[1].arn}", "aws_kms_key.k is no loop and has no instances"),
    ("${aws_sqs_queue.q[5].arn}", "aws_sqs_queue.q has no instance 5"),
    ("${var.enviroment}", "there is no variable 'enviroment' (did you mean environment?)"),
    ("${each.key}", "each.key has a meaning only in a resource with for_each"),
    ("${count.index}", "count.index has a meaning only in a resource with count"),
    ("${local.x}", "there is no local.x (a blueprint has no local values; use a variable)"),
    ("${data.aws_ami.x.id}", "there is no data.aws_ami.x.id"),
    ('${uper("a")}', "there is no function uper (did you mean upper?)"),
    ('${upper("a", "b")}', "upper does not take 2 arguments"),
    ('${file("x")}', "file reads a file"),
    ("${true ? [1] : 1}", "a conditional gives list or number: they have no type"),
    ("${true ? 1 : true}", "a conditional gives number or bool: they have no type"),
    ("${[1, 2][5]}", "there is no item 5 in a list of 2"),
    ('${1 + "a"}', "a number is needed, and 'a' is none"),
]


@pytest.mark.parametrize(("value", "message"), REFERENCES)
def test_a_name_that_stands_for_nothing(value: str, message: str) -> None:
    body = f"""\
variables: [{{name: environment, default: dev}}]
resources:
- {{name: k, type: aws_kms_key}}
- {{name: q, type: aws_sqs_queue, count: 2}}
- name: a
  type: aws_s3_bucket
  properties:
    bucket: a
    tags:
      a: '{value}'
"""
    found = faults(body)
    assert len(found) == 1
    assert message in found[0]
    assert found[0].startswith("15:10: resources.aws_s3_bucket.a.properties.tags.a:")


WHOLE: list[tuple[str, str]] = [
    ("resources: [{name: a, type: aws_s3_buket}]",
     "unknown type aws_s3_buket (did you mean aws_s3_bucket?)"),
    ("resources: [{name: a, type: bucket}]", "unknown type bucket"),
    ("resources: [{name: a, type: google_compute_instance}]",
     "google_compute_instance belongs to gcp (the blueprint's provider is aws)"),
    ("resources:\n- {name: a, type: aws_kms_key}\n- {name: a, type: aws_kms_key}",
     "8:3: resources.aws_kms_key.a: a second resource aws_kms_key.a (first in line 7)"),
    ("variables: [{name: a}, {name: a}]\nresources: []", "a second variable a"),
    ("resources: []\noutputs: [{name: a, value: 1}, {name: a, value: 2}]", "a second output a"),
    ("resources: []\noutputs: [{name: a, value: '${var.x}'}]", "outputs.a: there is no variable"),
    ("resources: [{name: a, type: aws_kms_key, depends_on: [aws_kms_key.b]}]",
     "resources.aws_kms_key.a.depends_on[0]: there is no resource aws_kms_key.b"),
    ("resources: [{name: a, type: aws_kms_key, count: -1}]", "a count is a whole number"),
    ("resources: [{name: a, type: aws_kms_key, for_each: 5}]", "for_each is a map or a set"),
    ("resources: [{name: a, type: aws_kms_key, for_each: [x, y]}]",
     'not a list (write ${toset(["x", "y"])})'),
    ("variables: [{name: v, type: list(string)}]\n"
     "resources: [{name: a, type: aws_kms_key, for_each: '${var.v}'}]",
     "not a list (write ${toset(var.v)})"),
    ("resources: [{name: a, type: aws_kms_key, condition: '${[1]}'}]", "a condition is true or"),
    ("resources: [{name: a, type: aws_kms_key, native: {cloudfront: {}}}]",
     "unknown format 'cloudfront'"),
    ("resources: [{name: a, type: aws_kms_key, lifecycle: {ignore_changes: [tag]}}]",
     "unknown property 'tag' (did you mean tags?)"),
    ("variables: [{name: a, type: strin}]\nresources: []", "variables.a.type: 'strin' is no type"),
    ("variables: [{name: a, type: number, default: x}]\nresources: []",
     "the default is not valid: a number is needed, and 'x' is none"),
    ("variables: [{name: a, default: x, allowed: [y, z]}]\nresources: []",
     'the default is not valid: "x" is not one of "y", "z"'),
    ("variables: [{name: a, default: x, pattern: '^[0-9]+$'}]\nresources: []",
     'the default is not valid: "x" does not match ^[0-9]+$'),
    ("variables: [{name: a, pattern: '(['}]\nresources: []", "variables.a.pattern: the pattern"),
    ("variables: [{name: a, pattern: '(?x)'}]\nresources: []", "this kind of group is not"),
    ("variables: [{name: a, type: number, default: 5, max: 3}]\nresources: []", "5 is more than 3"),
    ("variables: [{name: a, default: abcdef, max: 3}]\nresources: []",
     "the length 6 is more than 3"),
    ("variables: [{name: a, type: number, min: 5, max: 3}]\nresources: []", "min is more than max"),
    ("variables: [{name: a, type: number, allowed: [x]}]\nresources: []", "variables.a.allowed[0]"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message"), WHOLE)
def test_a_fault_of_the_whole(body: str, message: str) -> None:
    found = faults(body + "\n")
    assert any(message in fault for fault in found), found


def test_a_cycle_is_named_with_its_members_and_its_line() -> None:
    found = faults(
        "resources:\n"
        "- {name: a, type: aws_sqs_queue, properties: {kms_master_key_id: '${aws_kms_key.b.id}'}}\n"
        "- {name: b, type: aws_kms_key, properties: {description: '${aws_s3_bucket.c.arn}'}}\n"
        "- {name: c, type: aws_s3_bucket, depends_on: [aws_sqs_queue.a]}\n"
    )
    assert found == [
        "7:3: resources.aws_sqs_queue.a: resources need each other: "
        "aws_sqs_queue.a -> aws_kms_key.b -> aws_s3_bucket.c -> aws_sqs_queue.a"
        " (all in this cycle: aws_sqs_queue.a, aws_kms_key.b, aws_s3_bucket.c)"
    ]


def test_a_resource_that_needs_itself_is_a_cycle() -> None:
    found = faults("resources: [{name: a, type: aws_vpc, depends_on: [aws_vpc.a]}]\n")
    assert any("aws_vpc.a -> aws_vpc.a" in fault for fault in found)


def test_security_groups_that_name_each_other_and_a_policy_that_names_its_bucket_are_no_cycle() -> (
    None
):
    rule = "{protocol: tcp, from_port: 1, to_port: 2, source_security_group_id: '%s'}"
    assert (
        faults(
            "resources:\n"
            "- {name: a, type: aws_security_group, properties: {description: a, ingress: ["
            + rule
            % "${aws_security_group.b.id}"
            + "]}}\n"
            "- {name: b, type: aws_security_group, properties: {description: b, ingress: ["
            + rule
            % "${aws_security_group.a.id}"
            + "]}}\n"
            "- {name: c, type: aws_s3_bucket, properties: {policy: {Version: 2012-10-17,"
            " Statement: [{Effect: Deny, Principal: '*', Action: 's3:*',"
            " Resource: '${aws_s3_bucket.c.arn}'}]}}}\n"
        )
        == []
    )


def test_types_of_terraform_pass_with_a_warning() -> None:
    blueprint = load_blueprint(
        HEAD + "resources: [{name: a, type: aws_glue_job, properties: {anything: 1}}]\n"
    )
    result = review(blueprint, load_catalog())
    assert result.faults == []
    assert "the catalog does not know aws_glue_job" in str(result.warnings[0])


def test_types_of_cloudformation_pass_unless_there_is_a_kind_for_them() -> None:
    blueprint = load_blueprint(
        HEAD + "resources:\n- {name: a, type: 'AWS::EMR::Cluster'}\n- name: b\n"
        "  type: Custom::Thing\n  properties: {Log: '${AWS::EMR::Cluster.a.Id}'}\n"
    )
    result = review(blueprint, load_catalog())
    assert result.faults == []
    assert "passed to CloudFormation as it is" in str(result.warnings[0])
    assert blueprint.resources[1].properties["Log"] == ResourceRef("AWS::EMR::Cluster.a", ("Id",))
    assert "did you mean aws_s3_bucket?" in resource("{}", type="'AWS::S3::Bucket'")[0]


def test_a_parameter_of_systems_manager_is_named_by_a_variable() -> None:
    body = "variables: [{name: image}]\nresources:\n- {name: a, type: aws_launch_template,"
    body += " properties: {image_id: '${data.aws_ssm_parameter.%s.value}'}}\n"
    result = review(load_blueprint(HEAD + body % "image"), load_catalog())
    assert (result.faults, result.warnings) == ([], [])
    assert "there is no data.aws_ssm_parameter.other.value" in faults(body % "other")[0]


def test_a_pattern_of_another_dialect_is_a_warning() -> None:
    blueprint = Blueprint("web", "1.0.0", "aws", variables=(Variable("v", pattern="^(?!x)"),))
    result = review(blueprint, load_catalog())
    assert result.faults == []
    assert "values are not checked against it" in str(result.warnings[0])


def test_secrets_in_the_open_are_warned_about() -> None:
    body = "variables: [{name: open}, {name: hidden, sensitive: true}]\nresources:\n" + "".join(
        f"- {{name: {name}, type: aws_db_instance, properties: {{engine: postgres,"
        f" instance_class: db.t3.micro, allocated_storage: 20, password: '{value}'}}}}\n"
        for name, value in [("a", "hunter2"), ("b", "${var.open}"), ("c", "${var.hidden}")]
    )
    warnings = [str(w) for w in review(load_blueprint(HEAD + body), load_catalog()).warnings]
    assert [w for w in warnings if "secret" in w] == [
        "8:129: resources.aws_db_instance.a.properties.password: password is a secret and stands"
        " in the open (use a variable with sensitive: true)",
        "9:129: resources.aws_db_instance.b.properties.password: password is a secret, var.open is"
        " not declared as one (add sensitive: true to the variable open)",
    ]


def test_an_unused_variable_is_warned_about() -> None:
    blueprint = load_blueprint(HEAD + "variables: [{name: a, default: x}]\nresources: []\n")
    assert [str(w) for w in review(blueprint, load_catalog()).warnings] == [
        "6:13: variables.a: this variable is not used"
    ]


def test_of_thousands_of_faults_the_first_are_reported_and_no_more_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at = 0

    def counted(*arguments: Any) -> Iterator[Fault]:
        nonlocal looked_at
        looked_at += 1
        return faults_of_one(*arguments)

    faults_of_one = validation._resource_faults
    monkeypatch.setattr(validation, "_resource_faults", counted)
    blueprint = Blueprint(
        "web",
        "1.0.0",
        "aws",
        variables=(Variable("v", default="x" * 3000, pattern="^(a+)+$"),),
        resources=tuple(
            Resource("aws_s3_bucket", f"b{n}", {"buket": "x", "tag": {}}) for n in range(50_000)
        ),
    )
    found = validate(blueprint, load_catalog())
    assert len(found) == 2001
    assert found[-1].message == "2000 faults are listed; there may be more"
    # Two in each.
    assert looked_at <= 1001


@pytest.mark.parametrize(
    ("loop", "refused"),
    [
        ("${var.tokens}", True),
        ("${toset(keys(var.tokens))}", True),
        ("${{for k, v in var.tokens : k => v}}", True),
        ("${var.names}", False),
        ("${nonsensitive(toset(keys(var.tokens)))}", False),
    ],
)
def test_a_loop_over_a_secret_is_refused_as_terraform_does(loop: str, refused: bool) -> None:
    found = faults(
        "variables:\n"
        "- {name: tokens, type: map(string), default: {a: b}, sensitive: true}\n"
        "- {name: names, type: map(string), default: {a: b}}\n"
        "resources:\n"
        f"- {{name: a, type: aws_sqs_queue, for_each: '{loop}'}}\n"
    )
    assert bool(found) == refused, found
    if refused:
        assert "resources.aws_sqs_queue.a.for_each: for_each depends on the sensitive" in found[0]
