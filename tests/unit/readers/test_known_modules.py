"""Modules of the registry that are not on disk: what they make is understood from their inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from dharma.blueprint.readers.terraform import known_modules
from dharma.blueprint.readers.terraform.known_modules import known_module
from dharma.model.expressions.nodes import Expression, ResourceRef, Unknown
from tests.unit.readers.terraform_folder import properties, read, resources, told

NETWORK = """
module "vpc" {
  source          = "terraform-aws-modules/vpc/aws"
  version         = "~> 6.0"
  name            = "shop"
  azs             = ["eu-central-1a", "eu-central-1b"]
  public_subnets  = ["10.0.1.0/24", "10.0.2.0/24"]
  private_subnets = ["10.0.11.0/24", "10.0.12.0/24"]

  enable_nat_gateway = true
  single_nat_gateway = true
  enable_vpn_gateway = true
}

resource "aws_instance" "web" {
  ami           = "ami-12345678"
  instance_type = "t3.micro"
  subnet_id     = module.vpc.private_subnets[1]
}

resource "aws_eip" "web" {
  tags = { gateway = module.vpc.vgw_id }
}
"""


def test_a_network_has_its_subnets_gateways_and_routes() -> None:
    found = read(expand=True, main=NETWORK)
    subnets = {
        resource.origin.address: (
            resource.properties["cidr_block"],
            resource.properties["availability_zone"],
        )
        for resource in found.blueprint.resources
        if resource.type == "aws_subnet"
    }
    assert subnets == {
        "module.vpc.aws_subnet.public[0]": ("10.0.1.0/24", "eu-central-1a"),
        "module.vpc.aws_subnet.public[1]": ("10.0.2.0/24", "eu-central-1b"),
        "module.vpc.aws_subnet.private[0]": ("10.0.11.0/24", "eu-central-1a"),
        "module.vpc.aws_subnet.private[1]": ("10.0.12.0/24", "eu-central-1b"),
    }
    types = [resource.type for resource in found.blueprint.resources]
    assert types.count("aws_nat_gateway") == 1
    assert types.count("aws_internet_gateway") == 1
    assert "aws_vpn_gateway" not in types


def test_its_outputs_are_references_to_them() -> None:
    found = read(expand=True, main=NETWORK)
    subnet = next(
        resource.address
        for resource in found.blueprint.resources
        if resource.origin.address == "module.vpc.aws_subnet.private[1]"
    )
    assert properties(found, "aws_instance.web")["subnet_id"] == ResourceRef(subnet, ("id",))


def test_what_it_cannot_tell_is_unknown_and_listed_at_the_call() -> None:
    found = read(expand=True, main=NETWORK)
    gateway = properties(found, "aws_eip.web")["tags"]
    assert isinstance(gateway["gateway"], Unknown)
    lines = told(found)
    assert any(
        line.startswith("main.tf:2 module.vpc source: terraform-aws-modules/vpc/aws is not on this")
        and line.endswith("understood from its inputs alone, as in 6.6 (asked for: ~> 6.0)")
        for line in lines
    ), lines
    assert (
        "main.tf:12 module.vpc enable_vpn_gateway: what the module makes of it is not known here"
        in lines
    )


def test_everything_stands_where_the_call_does() -> None:
    found = read(expand=True, main=NETWORK)
    places = {
        (resource.origin.file, resource.origin.line)
        for resource in found.blueprint.resources
        if (resource.origin.address or "").startswith("module.")
    }
    assert places == {("main.tf", 2)}


def test_code_that_is_written_again_keeps_the_call() -> None:
    assert sorted(resources(read(main=NETWORK))) == [
        "aws_eip.web",
        "aws_instance.web",
        "module.vpc",
    ]


def test_a_module_on_disk_is_read_itself() -> None:
    found = read(
        expand=True,
        **{
            "main.tf": NETWORK.replace("private_subnets[1]", "x"),
            ".terraform/modules/modules.json": '{"Modules": [{"Key": "vpc", "Dir": "m"}]}',
            "m/main.tf": 'resource "aws_sqs_queue" "q" {}\noutput "x" { value = "subnet-1" }\n',
        },
    )
    assert properties(found, "aws_instance.web")["subnet_id"] == "subnet-1"
    assert not [r for r in found.blueprint.resources if r.type == "aws_subnet"]


DESCRIPTIONS = Path(known_modules.__file__).parent / "registry" / "terraform-aws-modules"


@pytest.mark.parametrize("name", sorted(path.stem for path in DESCRIPTIONS.glob("*.tf")))
def test_every_description_can_be_read_without_any_input(name: str) -> None:
    module, _, part = name.partition("--")
    source = f"terraform-aws-modules/{module}/aws" + (f"//modules/{part}" if part else "")
    known = known_module(source)
    assert known is not None
    # One of them makes nothing unless it is told to.
    told_to = "  create_role = true\n" if "create_role" in known.configuration.variables else ""
    found = read(expand=True, main=f'module "m" {{\n  source = "{source}"\n{told_to}}}\n')
    assert [r for r in found.blueprint.resources if r.type != "module"]
    assert [line for line in told(found) if "understood from its inputs" in line]
    assert [n for n in found.notes if n.kind == "not_understood"] == []


CALLS = sorted((Path(__file__).parents[3] / "scripts" / "known_module_calls").glob("*.tf"))


@pytest.mark.parametrize("call", CALLS, ids=lambda path: path.stem)
def test_a_call_with_usual_inputs_is_understood(call: Path) -> None:
    """`scripts/known_modules_agreement.py` compares these calls with the modules themselves."""
    found = read(expand=True, main=call.read_text())
    assert [line for line in told(found) if "not known here" in line] == []
    assert [r.address for r in found.blueprint.resources if r.type == "module"] == []


@pytest.mark.parametrize(
    "source",
    [
        "terraform-aws-modules/sqs/aws",
        "registry.terraform.io/terraform-aws-modules/sqs/aws",
        "github.com/terraform-aws-modules/terraform-aws-sqs",
        "git::https://github.com/terraform-aws-modules/terraform-aws-sqs.git?ref=v4.2.0",
        "git@github.com:terraform-aws-modules/terraform-aws-sqs.git",
    ],
)
def test_a_module_is_known_by_every_way_to_name_it(source: str) -> None:
    found = known_module(source)
    assert found is not None
    assert "aws_sqs_queue.this" in found.configuration.resources


@pytest.mark.parametrize(
    "source",
    ["acme/sqs/aws", "terraform-aws-modules/none/aws", "terraform-aws-modules/sqs/aws//modules/x",
     "https://example.org/terraform-aws-modules/terraform-aws-sqs"],
)  # fmt: skip
def test_others_are_not(source: str) -> None:
    assert known_module(source) is None


def test_a_repeated_call_has_its_resources_for_each_key() -> None:
    found = read(
        expand=True,
        main="""
        module "queue" {
          source   = "terraform-aws-modules/sqs/aws"
          for_each = { a = 10, b = 20 }
          name     = each.key
          delay_seconds = each.value
        }
        """,
    )
    delays = {
        r.properties["name"]: r.properties["delay_seconds"] for r in found.blueprint.resources
    }
    assert delays == {"a": 10, "b": 20}


def test_an_input_that_is_not_known_makes_what_depends_on_it_unknown() -> None:
    found = read(
        expand=True,
        main="""
        data "aws_ssm_parameter" "public" { name = "public" }
        module "assets" {
          source                = "terraform-aws-modules/s3-bucket/aws"
          bucket                = "assets"
          block_public_acls     = data.aws_ssm_parameter.public.value == "yes"
          attach_public_policy  = true
        }
        """,
    )
    (bucket,) = found.blueprint.resources
    block = bucket.properties["public_access_block"]
    assert isinstance(block["block_public_acls"], Expression)
    assert block["block_public_policy"] is True


def test_named_rules_of_a_security_group_have_their_ports() -> None:
    found = read(
        expand=True,
        main="""
        module "web" {
          source              = "terraform-aws-modules/security-group/aws"
          name                = "web"
          ingress_cidr_blocks = ["0.0.0.0/0"]
          ingress_rules       = ["https-443-tcp", "ssh-tcp"]
        }
        module "https" {
          source              = "terraform-aws-modules/security-group/aws//modules/https-443"
          ingress_cidr_blocks = ["10.0.0.0/8"]
        }
        """,
    )
    web, https = found.blueprint.resources
    assert [rule["from_port"] for rule in web.properties["ingress"]] == [443, 22]
    assert {rule.get("cidr_ipv4") for rule in https.properties["ingress"]} == {"10.0.0.0/8", None}


def test_node_groups_of_a_cluster_are_seen_under_both_names_of_its_inputs() -> None:
    for name in ("name", "cluster_name"):
        found = read(
            expand=True,
            main=f"""
            module "eks" {{
              source = "terraform-aws-modules/eks/aws"
              {name} = "shop"
              eks_managed_node_groups = {{ one = {{ max_size = 9 }} }}
            }}
            """,
        )
        group = next(r for r in found.blueprint.resources if r.type == "aws_eks_node_group")
        assert group.origin.address == (
            'module.eks.module.eks_managed_node_group["one"].aws_eks_node_group.this'
        )
        assert group.properties["scaling_config"]["max_size"] == 9
        cluster = next(r for r in found.blueprint.resources if r.type == "aws_eks_cluster")
        assert cluster.properties["name"] == "shop"
