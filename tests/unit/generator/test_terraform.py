"""What each part, variable and output becomes in Terraform."""

from __future__ import annotations

from typing import Any

import pytest

from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.catalog.document import Document, Part
from dharma.core.errors import NotExpressible
from dharma.generator import GenerateOptions, S3Backend, generate
from dharma.generator.targets.terraform import write_terraform
from dharma.model.blueprint import Blueprint, Lifecycle, Output, Variable
from dharma.model.expressions.nodes import (
    Ambient,
    Call,
    Conditional,
    ForList,
    Index,
    ResourceRef,
    Splat,
    Symbol,
    Template,
    Unknown,
    Value,
    VariableRef,
)
from dharma.model.expressions.parser import parse_expression

CONDITION = parse_expression('var.environment != "dev"')
VARIABLES = (Variable("environment", default="dev"), Variable("flag", "bool", default=True))


def files(*parts: Part, outputs: tuple[Output, ...] = (), **fields: Any) -> dict[str, str]:
    bp = Blueprint("web", "1.0.0", fields.pop("provider", "aws"), variables=VARIABLES)
    options = fields.pop("options", GenerateOptions())
    return write_terraform(bp, Document("terraform", list(parts)), outputs, options)


def part(address: str, arguments: dict[str, Value] | None = None, **fields: Any) -> Part:
    owner = fields.pop("owner", address)
    return Part(address, address.split(".", maxsplit=1)[0], arguments or {}, owner=owner, **fields)


MAYBE = part("aws_s3_bucket.maybe", condition=CONDITION)


def argument(value: Value, *others: Part, **fields: Any) -> str:
    """The lines of one argument `a` in a resource."""
    text = files(part("aws_x.y", {"a": value}, **fields), *others)["main.tf"]
    body = text.split('resource "aws_x" "y" {\n')[1].split("\n}\n")[0]
    return "\n".join(line[2:] for line in body.split("\n"))


def test_a_condition_is_a_count_and_what_shares_it_refers_to_the_one_instance() -> None:
    satellite = part(
        "aws_s3_bucket_versioning.maybe",
        {"bucket": ResourceRef("aws_s3_bucket.maybe", ("id",))},
        condition=CONDITION,
        owner="aws_s3_bucket.maybe",
    )
    assert files(MAYBE, satellite)["main.tf"] == (
        'resource "aws_s3_bucket" "maybe" {\n'
        '  count = var.environment != "dev" ? 1 : 0\n'
        "}\n"
        "\n"
        'resource "aws_s3_bucket_versioning" "maybe" {\n'
        '  count = var.environment != "dev" ? 1 : 0\n'
        "\n"
        "  bucket = aws_s3_bucket.maybe[0].id\n"
        "}\n"
    )


def test_elsewhere_what_may_not_exist_is_null_when_it_does_not() -> None:
    ref = ResourceRef("aws_s3_bucket.maybe", ("arn",))
    assert argument(ref, MAYBE) == "a = one(aws_s3_bucket.maybe[*].arn)"


def test_a_branch_that_says_the_condition_knows_that_it_exists() -> None:
    value = Conditional(CONDITION, ResourceRef("aws_s3_bucket.maybe", ("arn",)), "none")
    expected = 'a = var.environment != "dev" ? aws_s3_bucket.maybe[0].arn : "none"'
    assert argument(value, MAYBE) == expected


def test_a_satellite_of_a_repeated_resource_follows_its_loop() -> None:
    parts = [
        part("aws_x.y", count=3),
        part("aws_z.y", {"x": ResourceRef("aws_x.y", ("id",))}, count=3, owner="aws_x.y"),
        part("aws_x.k", for_each=Call("toset", (["a", "b"],))),
        part("aws_z.k", {"x": ResourceRef("aws_x.k", ("id",))}, owner="aws_x.k",
             for_each=Call("toset", (["a", "b"],))),
        part("aws_w.all", {"ids": Splat(ResourceRef("aws_x.y"), ("id",)),
                           "one": ResourceRef("aws_x.k", ("id",), "a")}),
    ]  # fmt: skip
    text = files(*parts)["main.tf"]
    assert "  count = 3\n\n  x = aws_x.y[count.index].id\n" in text
    assert '  for_each = toset(["a", "b"])\n\n  x = aws_x.k[each.key].id\n' in text
    assert '  ids = aws_x.y[*].id\n  one = aws_x.k["a"].id\n' in text


def test_ambient_values_bring_the_data_sources_that_they_need_and_no_others() -> None:
    value = [
        Template(("x-", Ambient("account_id"))),
        Index(Ambient("availability_zones"), 0),
        Ambient("region"),
    ]
    text = files(part("aws_x.y", {"a": value}))["main.tf"]
    assert text == (
        'data "aws_availability_zones" "available" {\n'
        '  state = "available"\n'
        "\n"
        "  filter {\n"
        '    name   = "opt-in-status"\n'
        '    values = ["opt-in-not-required"]\n'
        "  }\n"
        "}\n"
        "\n"
        'data "aws_caller_identity" "current" {}\n'
        "\n"
        'data "aws_region" "current" {}\n'
        "\n"
        'resource "aws_x" "y" {\n'
        "  a = [\n"
        '    "x-${data.aws_caller_identity.current.account_id}",\n'
        "    data.aws_availability_zones.available.names[0],\n"
        "    data.aws_region.current.region,\n"
        "  ]\n"
        "}\n"
    )


def test_the_name_of_the_deployment_is_a_variable() -> None:
    text = files(part("aws_x.y", {"a": Ambient("deployment_name")}))["variables.tf"]
    assert 'variable "deployment_name" {\n' in text
    assert '  default     = "web"\n' in text


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ([{"x": 1}, {"x": 2}], "a {\n  x = 1\n}\n\na {\n  x = 2\n}"),
        ({"x": 1}, "a = {\n  x = 1\n}"),
        ([], "a = []"),
        (
            [Conditional(VariableRef("flag"), {"x": 1}, None)],
            'dynamic "a" {\n  for_each = var.flag ? [1] : []\n\n  content {\n    x = 1\n  }\n}',
        ),
        (
            Conditional(VariableRef("flag"), None, [{"x": 1}]),
            'dynamic "a" {\n  for_each = var.flag ? [] : [1]\n\n  content {\n    x = 1\n  }\n}',
        ),
        (
            ForList(None, "s", VariableRef("environment"), {"x": Symbol(("s", "id"))}),
            'dynamic "a" {\n  for_each = var.environment\n  iterator = s\n\n'
            "  content {\n    x = s.value.id\n  }\n}",
        ),
    ],
)
def test_lists_of_maps_are_blocks_and_maps_are_attributes(value: Value, lines: str) -> None:
    assert argument(value) == lines


def test_meta_arguments_stand_in_their_places() -> None:
    text = files(
        part("aws_x.z"),
        part(
            "aws_x.y",
            {"b": [{"c": 1}], "a": 1},
            depends_on=("aws_x.z",),
            lifecycle=Lifecycle(True, True, ("tags", "a")),
            native={"provider": "aws.eu", "timeouts": {"create": "1h"}},
        ),
    )["main.tf"]
    assert text.split("\n\n", 1)[1] == (
        'resource "aws_x" "y" {\n'
        "  provider = aws.eu\n"
        "\n"
        "  a = 1\n"
        "\n"
        "  b {\n"
        "    c = 1\n"
        "  }\n"
        "\n"
        "  timeouts {\n"
        '    create = "1h"\n'
        "  }\n"
        "\n"
        "  lifecycle {\n"
        "    create_before_destroy = true\n"
        "    prevent_destroy       = true\n"
        "    ignore_changes        = [tags, a]\n"
        "  }\n"
        "\n"
        "  depends_on = [aws_x.z]\n"
        "}\n"
    )


def test_variables_are_declared_with_what_they_may_be() -> None:
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
  - {name: stage, type: "object({ name = string, n = number })", default: {name: a, n: 1}}
  - {name: zone, type: string, default: null, allowed: [a, b]}
resources: [{name: q, type: aws_sqs_queue, properties: {}}]
"""
    )
    options = GenerateOptions(region="eu-west-1")
    text = generate(bp, "terraform", load_catalog(), options).files["variables.tf"]
    assert text == (
        'variable "region" {\n'
        "  type        = string\n"
        '  description = "The region to deploy into."\n'
        '  default     = "eu-west-1"\n'
        "}\n"
        "\n"
        'variable "account" {\n'
        "  type        = string\n"
        '  description = "Whose"\n'
        "  sensitive   = true\n"
        "\n"
        "  validation {\n"
        '    condition     = can(regex("^[0-9]{12}$", var.account))\n'
        '    error_message = "account must match ^[0-9]{12}$."\n'
        "  }\n"
        "}\n"
        "\n"
        'variable "size" {\n'
        "  type    = number\n"
        "  default = 2\n"
        "\n"
        "  validation {\n"
        "    condition     = var.size >= 1\n"
        '    error_message = "size must be at least 1."\n'
        "  }\n"
        "\n"
        "  validation {\n"
        "    condition     = var.size <= 5\n"
        '    error_message = "size must be at most 5."\n'
        "  }\n"
        "}\n"
        "\n"
        'variable "stage" {\n'
        "  type = object({ name = string, n = number })\n"
        "  default = {\n"
        '    name = "a"\n'
        "    n    = 1\n"
        "  }\n"
        "}\n"
        "\n"
        'variable "zone" {\n'
        "  type    = string\n"
        "  default = null\n"
        "\n"
        "  validation {\n"
        '    condition     = var.zone == null || contains(["a", "b"], var.zone)\n'
        '    error_message = "zone must be one of: a, b."\n'
        "  }\n"
        "}\n"
    )


def test_an_output_of_a_sensitive_variable_is_sensitive() -> None:
    bp = Blueprint("web", "1.0.0", "aws", variables=(Variable("s", sensitive=True),))
    outputs = [Output("o", Template(("x", VariableRef("s"))), description="Of s")]
    document = Document("terraform", [])
    assert write_terraform(bp, document, outputs, GenerateOptions())["outputs.tf"] == (
        'output "o" {\n'
        '  description = "Of s"\n'
        '  value       = "x${var.s}"\n'
        "  sensitive   = true\n"
        "}\n"
    )


def test_the_state_is_local_or_locked_in_a_bucket() -> None:
    assert files()["backend.tf"] == 'terraform {\n  backend "local" {}\n}\n'
    backend = S3Backend("states", "web/terraform.tfstate", "eu-west-1")
    assert files(options=GenerateOptions(backend=backend))["backend.tf"] == (
        "terraform {\n"
        '  backend "s3" {\n'
        '    bucket       = "states"\n'
        '    key          = "web/terraform.tfstate"\n'
        '    region       = "eu-west-1"\n'
        "    encrypt      = true\n"
        "    use_lockfile = true\n"
        "  }\n"
        "}\n"
    )


def test_passed_through_types_bring_their_provider() -> None:
    text = files(part("random_id.x"), part("aws_x.y"))["versions.tf"]
    assert (
        '    aws = {\n      source  = "hashicorp/aws"\n      version = "~> 6.25"\n    }\n' in text
    )
    assert '    random = {\n      source = "hashicorp/random"\n    }\n' in text


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (Unknown("later"), "not known: later"),
        ({"b": [1, Unknown("later")]}, r"a\.b\[1\]: the value is not known"),
        (ResourceRef("aws_x.gone", ("id",)), "aws_x.gone is no resource"),
        (VariableRef("gone"), "var.gone is not declared"),
        (Symbol(("local", "x")), "no local.x"),
        (Symbol(("data", "aws_ami", "x", "id")), "no data sources"),
        (Call("evil()", ()), "no name"),
        (ResourceRef('aws_x.y" {}', ("id",)), "no name"),
    ],
)
def test_what_terraform_cannot_say_is_refused_with_its_path(value: Value, why: str) -> None:
    with pytest.raises(NotExpressible, match=rf"aws_x\.y\.a.*{why}|{why}"):
        argument(value)


def test_a_function_of_a_provider_asks_for_the_provider() -> None:
    unique = Call("provider::arm::uniqueString", (VariableRef("environment"),))
    found = files(part("azurerm_x.y", {"a": unique}), provider="azure")
    assert "a = provider::azapi::unique_string([var.environment])" in found["main.tf"]
    assert 'source  = "Azure/azapi"\n      version = "~> 2.4"' in found["versions.tf"]
