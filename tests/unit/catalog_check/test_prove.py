"""Every table is proved against schemas that were not written here, and the proof can fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from dharma.catalog import load_catalog
from dharma.catalog.kind_files import parse_kind
from dharma.catalog.loading import KINDS_FOLDER, load_kind_data
from scripts.catalog_check.coverage import BRIDGE_LIMIT, DOCUMENT, as_markdown, cover, total
from scripts.catalog_check.foreign import documented_keys, terraform_type
from scripts.catalog_check.prove import prove

NAMES = load_catalog().names()


@pytest.mark.parametrize("name", NAMES)
def test_every_mapped_path_exists_in_the_formats_own_schema(name: str) -> None:
    kind = load_catalog().kind(name)
    assert kind is not None
    assert [str(finding) for finding in prove(kind)] == []


def test_bridges_carry_few_paths() -> None:
    figures = total([cover(kind) for kind in load_catalog().kinds()])
    assert figures.bridged <= BRIDGE_LIMIT * figures.mapped


def test_the_coverage_page_is_current() -> None:
    expected = as_markdown([cover(kind) for kind in load_catalog().kinds()])
    assert DOCUMENT.read_text(encoding="utf-8") == expected, "run scripts/catalog-check --write"


# Each case: a kind, edits of its file (dotted place -> new value), the finding that must come.
MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    (
        "aws_vpc",
        {"terraform.map.cidr_block": "cidr_blok", "cloudformation.map.cidr_block": "CidrBlok"},
        "(terraform) cidr_blok: cidr_blok does not exist (nearest: cidr_block)",
    ),
    (
        "aws_vpc",
        {"terraform.map.cidr_block": "cidr_blok", "cloudformation.map.cidr_block": "CidrBlok"},
        "(cloudformation) CidrBlok: CidrBlok does not exist (nearest: CidrBlock)",
    ),
    (
        # Two paths exchanged, in both directions: every round trip survives it.
        "aws_db_instance",
        {
            "terraform.map.deletion_protection": "skip_final_snapshot",
            "terraform.map.skip_final_snapshot": "deletion_protection",
        },
        "(terraform) skip_final_snapshot: deletion_protection is mapped here,"
        " although there is a deletion_protection",
    ),
    (
        "aws_sqs_queue",
        {"cloudformation.map.delay_seconds": "MaximumMessageSize"},
        "delay_seconds is mapped here, although there is a DelaySeconds",
    ),
    (
        # Two paths exchanged that do not have the names of the properties.
        "aws_sqs_queue",
        {
            "cloudformation.map.message_retention_seconds": "ReceiveMessageWaitTimeSeconds",
            "cloudformation.map.receive_wait_time_seconds": "MessageRetentionPeriod",
        },
        "message_retention_seconds and receive_wait_time_seconds look exchanged",
    ),
    (
        "aws_sqs_queue",
        {
            "cloudformation.attributes.name": ["Ref", "QueueUrl"],
            "cloudformation.attributes.url": "QueueName",
        },
        "look exchanged",
    ),
    (
        "aws_sqs_queue",
        {"terraform.map.policy": {"path": "policy", "as": "json_text"}},
        "policy: is written by aws_sqs_queue and by aws_sqs_queue_policy",
    ),
    (
        # A name of earlier releases that would be written.
        "aws_db_instance",
        {"terraform.map.db_name": "name"},
        "name is of earlier releases: say `only: read`",
    ),
    (
        "aws_elasticache_replication_group",
        {"terraform.map.num_cache_clusters": [{"path": "number_cache_cluster", "only": "read"}]},
        "number_cache_cluster does not exist (nearest: number_cache_clusters)",
    ),
    (
        "aws_vpc",
        {"terraform.ignore": ["tags_all"]},
        "(terraform) region: is in every plan",
    ),
    (
        "aws_db_instance",
        {"properties.password.sensitive": False},
        "password: MasterUserPassword is write-only: say `sensitive`",
    ),
    (
        "aws_lb_listener",
        {"properties.default_action.properties.type.partial": None},
        "Type: allows",
    ),
    (
        "aws_kms_alias",
        {
            "cloudformation.attributes.id": {"template": "arn:${partition}:kms:x:${Ref}"},
            "cloudformation.attributes.arn": "Ref",
        },
        "attributes.id: is computed as an ARN",
    ),
    (
        # An attribute that a format's section forgets.
        "aws_vpc",
        {"cloudformation.attributes": {"id": "Ref"}},
        "(cloudformation) attributes.cidr_block: neither mapped nor said to be impossible",
    ),
    (
        "aws_vpc",
        {"terraform.attributes.owner": "owner_id"},
        "(terraform) attributes.owner: the kind declares no such attribute",
    ),
    (
        "aws_vpc",
        {"cloudformation.impossible_attributes": {"id": "it is not"}},
        "attributes.id: is said in two ways",
    ),
    (
        "aws_secretsmanager_secret",
        {"cloudformation.impossible_attributes.name": ""},
        "attributes.name: is impossible without a reason",
    ),
    (
        # Two attributes exchanged.
        "aws_vpc",
        {"terraform.attributes.id": "arn", "terraform.attributes.arn": "id"},
        "attributes.id: is not mapped to id, although there is one",
    ),
    (
        "aws_vpc",
        {"attributes.cidr_block": "number"},
        "attributes.cidr_block: cidr_block is a string, the attribute a number",
    ),
    (
        "aws_nat_gateway",
        {"cloudformation.attributes.public_ip.attribute": "public_id"},
        "attributes.public_ip: aws_eip has no attribute public_id (nearest: public_ip)",
    ),
    (
        "aws_vpc",
        {"terraform.type": "aws_vcp"},
        "(terraform) aws_vcp: aws_vcp is not in the Terraform extract",
    ),
    (
        "aws_vpc",
        {"cloudformation.type": "AWS::EC2::Vpc"},
        "AWS::EC2::Vpc is not among cfn-lint's schemas",
    ),
    (
        "aws_lb",
        {"terraform.map": {"access_logs.bucket": "access_logs.bucket"}},
        "access_logs is a list: select an element",
    ),
    (
        "aws_lb",
        {"terraform.map": {"access_logs.bucket": "access_logs[0].bucket[0]"}},
        "bucket is a string, it has no element to select",
    ),
    (
        "aws_lb_listener",
        {"cloudformation.map.default_action": {"path": "DefaultActions[0]", "each": {"map": {}}}},
        "(cloudformation) DefaultActions[0]: is a object, the property a list",
    ),
    (
        "aws_launch_template",
        {
            "terraform.map.block_device_mappings": {
                "path": "monitoring",
                "each": {"map": {"device_name": "enabled"}},
            }
        },
        "(terraform) monitoring: is a single block, the property a list of objects",
    ),
    (
        "aws_autoscaling_group",
        {"cloudformation.map.min_size": "MinSize"},
        "(cloudformation) MinSize: is a string, the property a number",
    ),
    (
        "aws_autoscaling_group",
        {"properties.vpc_zone_identifier": "list(string)"},
        "(terraform) vpc_zone_identifier: is a set, the property a list",
    ),
    (
        "aws_vpc",
        {"properties.instance_tenancy": {"type": "string", "enum": ["shared", "dedicated"]}},
        "(cloudformation) InstanceTenancy: does not allow 'shared'",
    ),
    (
        "aws_lb",
        {
            "cloudformation.map.internal": {
                "path": "Scheme",
                "as": {"enum": {True: "internal", False: "external"}},
            }
        },
        "(cloudformation) Scheme: does not allow 'external'",
    ),
    (
        "aws_lb",
        {
            "cloudformation.map.idle_timeout": {
                "path": "LoadBalancerAttributes[Key=idle_timeout.seconds].Value",
                "as": "text",
            }
        },
        "no LoadBalancerAttributes is called idle_timeout.seconds",
    ),
    (
        "aws_subnet",
        {"properties.vpc_id.required": False},
        "(cloudformation) VpcId: the format requires it, the kind does not: say `required`",
    ),
    (
        "aws_subnet",
        {"cloudformation.map.vpc_id": None, "cloudformation.impossible": {"vpc_id": "no"}},
        "(cloudformation) VpcId: the format requires it and nothing maps to it",
    ),
    (
        "aws_subnet",
        {"properties.vpc_id.immutable": False},
        "(cloudformation) vpc_id: a change replaces the resource: say `immutable`",
    ),
    (
        "aws_autoscaling_group",
        {
            "properties.launch_template.properties.version": {"type": "string"},
            "cloudformation.map": {"launch_template.version": "LaunchTemplate.Version"},
        },
        "(cloudformation) LaunchTemplate.Version: the format requires it, the kind does not",
    ),
    (
        "aws_autoscaling_group",
        {"cloudformation.map.tags": {"path": "Tags", "as": "tag_list"}},
        "(cloudformation) Tags: its elements require PropagateAtLaunch",
    ),
    (
        "aws_vpc",
        {"cloudformation.attributes.default_security_group_id": "DefaultSecurityGroupId"},
        "AWS::EC2::VPC has no attribute DefaultSecurityGroupId (nearest: DefaultSecurityGroup)",
    ),
    (
        "aws_vpc",
        {"terraform.attributes.id": "vpc_id"},
        "(terraform) attributes.id: aws_vpc has no attribute vpc_id",
    ),
    (
        "aws_vpc",
        {"cloudformation.attributes.arn": {"template": "arn:${partition}:vpc/${Id}"}},
        "(cloudformation) attributes.arn: AWS::EC2::VPC has no attribute Id",
    ),
    (
        "aws_vpc",
        {"cloudformation.map.cidr_block": "CidrBlockAssociations[0]"},
        "CidrBlockAssociations can only be read",
    ),
    (
        "aws_vpc",
        {"terraform.map.tags": None},
        "(terraform) tags: neither mapped nor said to be impossible",
    ),
    (
        "aws_internet_gateway",
        {
            "cloudformation.attachments": [
                {
                    "type": "AWS::EC2::VPCGatewayAttachment",
                    "owner": "GatewayId",
                    "map": {"vpc_id": "VpcId"},
                }
            ]
        },
        "AWS::EC2::VPCGatewayAttachment.owner: GatewayId does not exist",
    ),
    (
        "aws_vpc",
        {"terraform.ignore": ["tags_al"]},
        "(terraform) ignore.tags_al: tags_al does not exist (nearest: tags_all)",
    ),
    (
        "aws_security_group",
        {"terraform.bags.ingress.inline.explode.cidr_blocks": None},
        "(terraform) ingress[].cidr_ipv4: not mapped in the form inline",
    ),
    (
        "aws_security_group",
        {"terraform.bags.ingress.inline.explode": {"cidr_bloks": "cidr_ipv4"}},
        "(terraform) ingress.cidr_bloks: does not exist (nearest: cidr_blocks)",
    ),
]


@pytest.mark.parametrize(("name", "edits", "expected"), MISTAKES)
def test_a_mistake_in_a_table_is_found(
    name: str, edits: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    findings = [str(finding) for finding in prove(_edited(name, edits, tmp_path))]
    assert any(expected in finding for finding in findings), findings


def test_the_keys_of_key_value_lists_come_from_the_api_model() -> None:
    assert "idle_timeout.timeout_seconds" in documented_keys("LoadBalancerAttributes")
    assert "deregistration_delay.timeout_seconds" in documented_keys("TargetGroupAttributes")
    assert documented_keys("Tags") == frozenset()


def test_the_extract_knows_nesting_and_use() -> None:
    listener = terraform_type("aws_lb_listener").arguments
    assert listener.required == {"default_action", "load_balancer_arn"}
    action = listener.fields["default_action"]
    assert (action.kind, action.single) == ("list", False)
    assert action.item is not None
    assert action.item.fields["redirect"].single
    assert terraform_type("aws_vpc").arguments.fields["arn"].read_only


def _edited(name: str, edits: dict[str, Any], folder: Path) -> Any:
    """The kind with some lines of its file changed; None takes a line out."""
    data = yaml.safe_load((KINDS_FOLDER / "aws" / f"{name}.yaml").read_bytes())
    for place, value in edits.items():
        here, *rest = data, *place.split(".")
        *parents, last = rest
        for key in parents:
            here[key] = {"type": here[key]} if isinstance(here[key], str) else dict(here[key])
            here = here[key]
        if value is None:
            del here[last]
        elif isinstance(value, dict) and last == "map":
            here[last] = {**here[last], **value}
        else:
            here[last] = value
    (folder / "aws").mkdir()
    (folder / "aws" / f"{name}.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    return parse_kind(load_kind_data(folder, compiled=None)[name])
