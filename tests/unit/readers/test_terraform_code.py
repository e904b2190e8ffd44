"""Terraform code: what is computed, what stays an expression, what stays unknown, and where."""

from __future__ import annotations

import pytest

from dharma.core.errors import DharmaError, InvalidTemplate, InvalidVariables
from dharma.model.expressions.nodes import (
    Ambient,
    Call,
    Conditional,
    ResourceRef,
    Symbol,
    Template,
    Unknown,
    VariableRef,
    references,
    walk,
)
from dharma.model.expressions.printer import print_expression
from tests.unit.readers.terraform_folder import properties, read, resources, told

QUEUE = 'resource "aws_sqs_queue" "q" {\n  name = %s\n}\n'


def name_of(text: str, *, expand: bool = True, **files: str) -> object:
    return properties(read(expand=expand, main=QUEUE % text, **files), "aws_sqs_queue.q")["name"]


def test_a_resource_keeps_file_and_line() -> None:
    result = read(main='\n\nresource "aws_sqs_queue" "q" {}\n')
    origin = resources(result)["aws_sqs_queue.q"].origin
    assert (origin.file, origin.line, origin.address) == ("main.tf", 3, "aws_sqs_queue.q")


def test_expressions_stay_where_nobody_asks_for_values() -> None:
    code = 'variable "env" { default = "dev" }\nlocals { prefix = "${var.env}-x" }\n'
    assert name_of('"${local.prefix}-q"', expand=False, vars=code) == Template(
        (VariableRef("env"), "-x-q")
    )
    assert name_of('"${local.prefix}-q"', vars=code) == "dev-x-q"


def test_values_beside_the_code_count_more_than_defaults() -> None:
    files = {
        "terraform.tfvars": 'a = "tfvars"\nb = "tfvars"\n',
        "z.auto.tfvars": 'b = "auto"\n',
        "vars.tf": 'variable "a" { default = "x" }\nvariable "b" { default = "x" }\n',
    }
    assert name_of('"${var.a}-${var.b}"', **files) == "tfvars-auto"
    assert read(main=QUEUE % "var.a", **files).values == {"a": "tfvars", "b": "auto"}


def test_a_stated_value_counts_more_than_those_beside_the_code() -> None:
    result = read(
        expand=True,
        values={"a": "stated"},
        main=QUEUE % "var.a" + 'variable "a" {}\n',
        **{"terraform.tfvars": 'a = "file"\n'},
    )
    assert properties(result, "aws_sqs_queue.q")["name"] == "stated"


def test_a_value_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidVariables, match=r"var\.a"):
        read(expand=True, values={"a": "many"}, main='variable "a" { type = number }\n')


def test_a_secret_is_never_put_in() -> None:
    code = 'variable "secret" {\n  default   = "s3cret"\n  sensitive = true\n}\n'
    assert name_of("var.secret", vars=code) == VariableRef("secret")


def test_a_variable_without_value_stays_unknown_and_is_never_null() -> None:
    assert name_of("var.a", vars='variable "a" {}\n') == VariableRef("a")


def test_locals_that_need_each_other_are_told_with_their_circle() -> None:
    result = read(main="locals {\n  a = local.b\n  b = local.a\n}\n" + QUEUE % "local.a")
    value = properties(result, "aws_sqs_queue.q")["name"]
    assert isinstance(value, Unknown)
    assert "local.a needs local.b needs local.a" in value.reason
    assert any("local.a needs local.b needs local.a" in line for line in told(result))


def test_heredocs_are_read_as_terraform_reads_them() -> None:
    code = 'resource "aws_sqs_queue" "q" {\n  name = <<-EOT\n    a\n      ${"b"}\n\n  EOT\n}\n'
    assert properties(read(main=code), "aws_sqs_queue.q")["name"] == "a\n  b\n\n"


def test_defaults_of_optional_attributes_hold_at_every_level() -> None:
    code = (
        'variable "o" {\n  type = object({ # outer\n    a = optional(object({\n'
        '      b = optional(string, "deep")\n      c = optional(string)\n    }), {})\n  })\n'
        "  default = {}\n}\n"
    )
    assert name_of('"${var.o.a.b}${var.o.a.c == null}"', vars=code) == "deeptrue"


# -- loops


COUNTED = 'variable "n" { default = 2 }\nresource "aws_sqs_queue" "q" {\n  count = var.n\n  name = "q${count.index}"\n}\n'  # noqa: E501


def test_a_known_count_is_written_out_for_analyses() -> None:
    result = read(expand=True, main=COUNTED)
    assert [r.properties["name"] for r in result.blueprint.resources] == ["q0", "q1"]
    assert [r.origin.address for r in result.blueprint.resources] == [
        "aws_sqs_queue.q[0]", "aws_sqs_queue.q[1]",
    ]  # fmt: skip


def test_a_count_stays_a_count_for_writers() -> None:
    (queue,) = read(main=COUNTED).blueprint.resources
    assert queue.count == VariableRef("n")
    assert queue.properties["name"] == Template(("q", Symbol(("count", "index"))))


def test_a_count_that_nobody_knows_leaves_the_resource_there_once_and_marked() -> None:
    result = read(
        expand=True,
        main='data "aws_instances" "all" {}\nresource "aws_sqs_queue" "q" {\n'
        "  count = length(data.aws_instances.all.ids)\n}\n",
    )
    (queue,) = result.blueprint.resources
    assert any(isinstance(node, Unknown) for node in walk(queue.count))


@pytest.mark.parametrize("expand", [True, False])
def test_a_switch_is_a_condition_and_its_resource_keeps_its_name(expand: bool) -> None:
    result = read(
        expand=expand,
        main='variable "on" { default = true }\n'
        'resource "aws_sqs_queue" "a" {\n  count = var.on ? 1 : 0\n}\n'
        'resource "aws_sqs_queue" "b" {\n  name = one(aws_sqs_queue.a[*].arn)\n}\n',
    )
    assert properties(result, "aws_sqs_queue.b")["name"] == ResourceRef("aws_sqs_queue.a", ("arn",))
    condition = resources(result)["aws_sqs_queue.a"].condition
    assert condition == (None if expand else VariableRef("on"))


def test_what_is_switched_off_is_not_there() -> None:
    code = 'resource "aws_sqs_queue" "a" {\n  count = var.on ? 1 : 0\n}\nvariable "on" { default = false }\n'  # noqa: E501
    assert read(expand=True, main=code).blueprint.resources == ()


def test_for_each_over_maps_and_sets() -> None:
    result = read(
        expand=True,
        main='resource "aws_sqs_queue" "m" {\n  for_each = { b = 1, a = 2 }\n'
        '  name = "${each.key}${each.value}"\n}\n'
        'resource "aws_sqs_queue" "s" {\n  for_each = toset(["x", "x", "w"])\n'
        "  name = each.value\n}\n"
        'resource "aws_sqs_queue" "r" {\n  name = aws_sqs_queue.m["a"].arn\n}\n',
    )
    assert {r.origin.address: r.properties["name"] for r in result.blueprint.resources} == {
        'aws_sqs_queue.m["a"]': "a2",
        'aws_sqs_queue.m["b"]': "b1",
        'aws_sqs_queue.s["w"]': "w",
        'aws_sqs_queue.s["x"]': "x",
        "aws_sqs_queue.r": ResourceRef("aws_sqs_queue.m_a", ("arn",)),
    }


DYNAMIC = """
variable "ports" {
  type    = list(number)
  default = [80, 443]
}
resource "aws_security_group" "sg" {
  dynamic "ingress" {
    for_each = var.ports
    iterator = port
    content {
      from_port   = port.value
      to_port     = port.value
      protocol    = "tcp"
      description = "number ${port.key}"
      cidr_blocks = ["10.0.0.0/8"]
    }
  }
}
"""


def test_of_an_argument_and_blocks_of_one_name_the_blocks_count() -> None:
    """Terraform refuses it; what else the code says is judged all the same."""
    result = read(
        main='resource "kubernetes_pod" "p" {\n  spec {\n    volume = "none"\n'
        '    volume {\n      name = "a"\n    }\n    volume {\n      name = "b"\n    }\n  }\n}\n'
    )
    assert properties(result, "kubernetes_pod.p") == {
        "spec": [{"volume": [{"name": "a"}, {"name": "b"}]}]
    }
    place, message = told(result)[0].split(": ", 1)
    assert place == "main.tf:3 kubernetes_pod.p spec.volume"
    assert message == "stands as an argument and as a block: the block counts"


def test_dynamic_blocks_are_written_out_where_they_are_known() -> None:
    rules = properties(read(expand=True, main=DYNAMIC), "aws_security_group.sg")["ingress"]
    assert isinstance(rules, list)
    assert [(r["from_port"], r["description"]) for r in rules if isinstance(r, dict)] == [
        (80, "number 0"), (443, "number 1"),
    ]  # fmt: skip


def test_the_key_of_an_element_of_a_set_is_the_element() -> None:
    code = DYNAMIC.replace("for_each = var.ports", 'for_each = toset(["1", "2"])')
    rules = properties(read(expand=True, main=code), "aws_security_group.sg")["ingress"]
    assert isinstance(rules, list)
    assert [r["description"] for r in rules if isinstance(r, dict)] == ["number 1", "number 2"]


def test_a_dynamic_block_over_what_is_not_known_does_not_disappear() -> None:
    code = DYNAMIC.replace("  default = [80, 443]\n", "")
    rules = properties(read(expand=True, main=code), "aws_security_group.sg")["ingress"]
    assert rules not in (None, [])
    assert any(isinstance(node, VariableRef | Unknown) for node in walk(rules))


# -- modules


MODULE = """
variable "name" {}
variable "tags" { default = {} }
resource "aws_sqs_queue" "q" {
  name = var.name
  tags = var.tags
}
output "arn" { value = aws_sqs_queue.q.arn }
"""


def test_local_modules_are_opened_and_their_outputs_are_references() -> None:
    result = read(
        main='module "a" {\n  source = "./mod"\n  name   = "one"\n}\n'
        'resource "aws_sns_topic" "t" {\n  name = module.a.arn\n}\n',
        mod__main=MODULE,
    )
    assert properties(result, "aws_sqs_queue.a_q")["name"] == "one"
    assert properties(result, "aws_sns_topic.t")["name"] == ResourceRef(
        "aws_sqs_queue.a_q", ("arn",)
    )
    origin = resources(result)["aws_sqs_queue.a_q"].origin
    assert (origin.file, origin.line, origin.address) == (
        "mod/main.tf",
        4,
        "module.a.aws_sqs_queue.q",
    )


@pytest.mark.parametrize("expand", [True, False])
def test_repeated_modules_are_written_out_with_the_values_of_variables(expand: bool) -> None:
    result = read(
        expand=expand,
        main='variable "names" {\n  type = set(string)\n  default = ["x", "y"]\n}\n'
        'module "a" {\n  source = "./mod"\n  for_each = var.names\n  name = each.key\n}\n',
        mod__main=MODULE,
    )
    assert [r.properties["name"] for r in result.blueprint.resources] == ["x", "y"]
    assert any("decided with the values" in line for line in told(result)) is not expand


def test_modules_may_lie_inside_of_modules() -> None:
    result = read(
        main='module "outer" {\n  source = "./a"\n}\n',
        a__main='module "inner" {\n  source = "../b"\n  name = "deep"\n}\n',
        b__main=MODULE,
    )
    assert properties(result, "aws_sqs_queue.outer_inner_q")["name"] == "deep"


def test_a_module_that_is_not_on_disk_is_kept_with_its_inputs_and_told() -> None:
    result = read(
        main='module "vpc" {\n  source  = "terraform-aws-modules/vpc/aws"\n  version = "5.1.0"\n'
        '  cidr    = "10.0.0.0/16"\n}\nresource "aws_subnet" "s" {\n'
        "  vpc_id = module.vpc.vpc_id\n}\n"
    )
    assert properties(result, "module.vpc") == {
        "source": "terraform-aws-modules/vpc/aws", "version": "5.1.0", "cidr": "10.0.0.0/16",
    }  # fmt: skip
    assert properties(result, "aws_subnet.s")["vpc_id"] == ResourceRef("module.vpc", ("vpc_id",))
    assert any("never fetched" in line and line.startswith("main.tf:1") for line in told(result))


def test_a_module_that_terraform_has_installed_is_read() -> None:
    manifest = '{"Modules": [{"Key": "q", "Source": "registry/x", "Dir": ".terraform/modules/q"}]}'
    result = read(
        main='module "q" {\n  source = "acme/queue/aws"\n  name = "one"\n}\n',
        **{
            ".terraform/modules/modules.json": manifest,
            ".terraform/modules/q/main.tf": MODULE,
        },
    )
    assert properties(result, "aws_sqs_queue.q_q")["name"] == "one"


def test_modules_that_call_each_other_in_a_circle_are_refused() -> None:
    with pytest.raises(InvalidTemplate, match=r"b/main\.tf:1.*circle: a calls b calls a"):
        read(
            main='module "a" { source = "./a" }\n',
            a__main='module "b" { source = "../b" }\n',
            b__main='module "a" { source = "../a" }\n',
        )


# -- data sources, providers, functions of files


def test_ambient_values_are_known_by_any_name_of_their_data_source() -> None:
    code = 'data "aws_region" "here" {}\n'
    assert name_of("data.aws_region.here.name", data=code) == Ambient("region")


@pytest.mark.parametrize(
    ("source", "attribute", "printed"),
    [
        ("azurerm_client_config", "tenant_id", "data.azurerm_client_config.current.tenant_id"),
        ("azurerm_client_config", "object_id", "data.azurerm_client_config.current.object_id"),
        ("azurerm_subscription", "tenant_id", "data.azurerm_client_config.current.tenant_id"),
        (
            "azurerm_subscription",
            "id",
            '"/subscriptions/${data.azurerm_client_config.current.subscription_id}"',
        ),
        ("google_project", "project_id", "data.google_client_config.current.project"),
        ("google_client_config", "project", "data.google_client_config.current.project"),
    ],
)
@pytest.mark.parametrize("expand", [False, True])
def test_the_place_of_deployment_is_known_on_every_cloud(
    source: str, attribute: str, printed: str, expand: bool
) -> None:
    code = f'''
data "{source}" "here" {{}}
output "o" {{ value = data.{source}.here.{attribute} }}
'''
    (output,) = read(main=code, expand=expand).blueprint.outputs
    assert print_expression(output.value) == printed


def test_another_subscription_than_that_of_the_deployment_is_not_known() -> None:
    code = """
data "azurerm_subscription" "other" { subscription_id = "x" }
output "o" { value = data.azurerm_subscription.other.tenant_id }
"""
    (output,) = read(main=code, expand=True).blueprint.outputs
    assert isinstance(output.value, Unknown)


def test_a_policy_document_is_rendered() -> None:
    result = read(
        main='data "aws_iam_policy_document" "p" {\n  statement {\n    sid = "A"\n'
        '    actions = ["s3:GetObject"]\n    resources = [aws_s3_bucket.b.arn]\n'
        '    principals {\n      type = "AWS"\n      identifiers = ["*"]\n    }\n'
        '    condition {\n      test = "Bool"\n      variable = "aws:SecureTransport"\n'
        '      values = ["true"]\n    }\n  }\n}\n'
        'resource "aws_s3_bucket" "b" {}\n'
        'resource "aws_s3_bucket_policy" "b" {\n  bucket = aws_s3_bucket.b.id\n'
        "  policy = data.aws_iam_policy_document.p.json\n}\n"
    )
    assert properties(result, "aws_s3_bucket.b")["policy"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "A",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "s3:GetObject",
                "Resource": ResourceRef("aws_s3_bucket.b", ("arn",)),
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            }
        ],
    }


def test_what_only_a_data_source_knows_is_a_variable_for_writers_and_unknown_for_analyses() -> None:
    code = 'data "aws_ami" "web" {}\n'
    assert name_of("data.aws_ami.web.id", expand=False, data=code) == VariableRef("ami_web_id")
    assert isinstance(name_of("data.aws_ami.web.id", data=code), Unknown)


def test_the_region_and_the_tags_of_the_provider_hold() -> None:
    result = read(
        main='variable "r" { default = "eu-west-1" }\nprovider "aws" {\n  region = var.r\n'
        '  default_tags {\n    tags = { team = "web", env = "x" }\n  }\n}\n'
        'resource "aws_sqs_queue" "q" {\n  tags = { env = "dev" }\n}\n'
    )
    assert result.region == "eu-west-1"
    assert properties(result, "aws_sqs_queue.q")["tags"] == {"team": "web", "env": "dev"}


def test_files_and_templates_of_the_folder_are_read() -> None:
    files = {"names/q.txt": "from-file", "t.tftpl": "%{ for n in names ~}\n[${n}]%{ endfor ~}"}
    assert name_of('file("${path.module}/names/q.txt")', **files) == "from-file"
    assert name_of('templatefile("t.tftpl", { names = ["a", "b"] })', **files) == "[a][b]"
    assert name_of('templatestring("$${a}!", { a = "x" })') == "x!"
    assert name_of('join(",", fileset(path.module, "**/*.txt"))', **files) == "names/q.txt"
    assert name_of('tostring(fileexists("gone"))', **files) == "false"


def test_override_files_replace_arguments() -> None:
    override = 'resource "aws_sqs_queue" "q" {\n  name = "other"\n}\n'
    assert name_of('"one"', override=override) == "other"
    assert name_of('"one"', dev_override=override) == "other"


def test_the_json_syntax_says_the_same() -> None:
    text = """{
      "variable": {"env": {"type": "string", "default": "dev"}},
      "resource": {"aws_s3_bucket": {"b": {"bucket": "${var.env}-x", "tags": {"a": "b"}},
                                     "c": {"count": "${var.env == \\"dev\\" ? 1 : 0}"}},
                   "aws_s3_bucket_versioning": {"b": {
                      "bucket": "${aws_s3_bucket.b.id}",
                      "versioning_configuration": {"status": "Enabled"}}}}}"""
    result = read(expand=True, **{"main.tf.json": text})
    assert result.notes == ()
    assert set(resources(result)) == {"aws_s3_bucket.b", "aws_s3_bucket.c"}
    bucket = resources(result)["aws_s3_bucket.b"]
    assert bucket.properties["bucket"] == "dev-x"
    assert bucket.properties["versioning"] == {"enabled": True}
    assert bucket.origin.line == 3


def test_a_bucket_of_older_code_has_its_settings_inside() -> None:
    result = read(
        main='resource "aws_s3_bucket" "b" {\n  acl = "public-read"\n  versioning {\n'
        "    enabled = true\n  }\n  server_side_encryption_configuration {\n    rule {\n"
        "      apply_server_side_encryption_by_default {\n"
        '        sse_algorithm = "aws:kms"\n      }\n    }\n  }\n}\n'
    )
    assert result.notes == ()
    assert properties(result, "aws_s3_bucket.b") == {
        "acl": "public-read",
        "versioning": {"enabled": True},
        "server_side_encryption": {"algorithm": "aws:kms"},
    }


# -- what is not understood


def test_arguments_that_the_catalog_does_not_know_stay_with_their_resource() -> None:
    result = read(main='resource "aws_sqs_queue" "q" {\n  brand_new = "x"\n}\n')
    assert resources(result)["aws_sqs_queue.q"].native == {"terraform": {"brand_new": "x"}}
    assert told(result) == [
        "main.tf:2 aws_sqs_queue.q brand_new: the catalog does not know it: kept for Terraform"
    ]


def test_a_name_that_there_is_not_is_told_and_unknown() -> None:
    result = read(main=QUEUE % "local.gone")
    assert isinstance(properties(result, "aws_sqs_queue.q")["name"], Unknown)
    assert told(result) == ["main.tf:2 aws_sqs_queue.q name: there is no local.gone"]


def test_a_branch_that_fails_counts_only_when_it_is_taken() -> None:
    code = 'variable "on" {}\nlocals { none = [] }\n'
    value = name_of('var.on ? local.none[0] : "x"', vars=code)
    assert isinstance(value, Conditional)
    assert isinstance(value.then, Unknown)
    assert value.otherwise == "x"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('resource "aws_sqs_queue" "q" {\n  name = \n}\n', "main.tf:3:1", "a value"),
        ('resource "aws_sqs_queue" {\n}\n', "main.tf:1:1", "1 labels"),
        ('resource "aws_sqs_queue" "q" {\n  a = 1 b = 2\n}\n', "main.tf:2:9", "a new line"),
        ('resource "aws_sqs_queue" "q" {\n  a = 1\n', "main.tf:1:30", "not closed"),
        ("locals {\n  a = 1\n  a = 2\n}\n", "main.tf:3:3", "twice"),
        ("locals { a = 1 }\nlocals { a = 2 }\n", "main.tf:2:10", "first at main.tf:1"),
        ('rescource "a" "b" {}\n', "main.tf:1:1", "no block of Terraform"),
        ("a = 1\n", "main.tf:1:1", "outside of any block"),
        ("locals {\n  a = <<EOT\nx\n}\n", "main.tf:2:7", "not closed"),
    ],
)
def test_broken_code_is_refused_at_its_place(text: str, place: str, message: str) -> None:
    with pytest.raises(DharmaError) as refusal:
        read(main=text)
    assert place in str(refusal.value)
    assert message in str(refusal.value)


def test_a_policy_document_in_a_module_may_name_what_is_elsewhere() -> None:
    found = read(
        expand=True,
        main="""
        resource "aws_sqs_queue" "jobs" {}
        module "role" {
          source = "./role"
          queue  = aws_sqs_queue.jobs.arn
        }
        module "other" {
          source = "./role"
          queue  = module.role.arn
        }
        """,
        role__main="""
        variable "queue" {}
        data "aws_iam_policy_document" "send" {
          statement {
            actions   = ["sqs:SendMessage"]
            resources = [var.queue]
          }
        }
        resource "aws_iam_policy" "send" { policy = data.aws_iam_policy_document.send.json }
        output "arn" { value = aws_iam_policy.send.arn }
        """,
    )
    assert [n for n in found.notes if n.kind == "not_understood"] == []
    named = [ref.address for r in found.blueprint.resources for ref in references(r.properties)]
    assert named == ["aws_sqs_queue.jobs", "aws_iam_policy.role_send"]


def test_what_a_folded_setting_has_of_its_own_is_no_loss_of_understanding() -> None:
    found = read(
        main="""
        resource "aws_route_table" "a" { vpc_id = "vpc-1" }
        resource "aws_route" "out" {
          route_table_id         = aws_route_table.a.id
          destination_cidr_block = "0.0.0.0/0"
          gateway_id             = "igw-1"
          timeouts { create = "5m" }
        }
        output "route" { value = aws_route.out.id }
        """,
    )
    assert [(n.kind, n.address, n.path) for n in found.notes] == [
        ("no_counterpart", "aws_route.out", "timeouts"),
        ("no_counterpart", "output.route", "Value"),
    ]


def test_try_of_what_is_there_for_certain_is_that() -> None:
    code = """
    variable "create" { default = true }
    variable "maybe" { type = bool }
    resource "aws_s3_bucket" "a" { count = var.create ? 1 : 0 }
    resource "aws_s3_bucket" "b" { count = var.maybe ? 1 : 0 }
    resource "aws_s3_bucket_versioning" "a" {
      bucket = try(aws_s3_bucket.a[0].id, null)
      versioning_configuration { status = "Enabled" }
    }
    output "b" { value = try(aws_s3_bucket.b[0].id, "none") }
    """
    found = read(expand=True, main=code)
    assert properties(found, "aws_s3_bucket.a")["versioning"] == {"enabled": True}
    (output,) = found.blueprint.outputs
    assert isinstance(output.value, Call)
